//! Examining a database: is every page readable, does every row have what it refers to, is no number missing.

mod numbers;
mod pages;
mod trail;

use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;

use super::error::{Error, database};
use super::open::reading;
use super::progress::Watcher;
use crate::read::ReadResult;
use crate::sqlite;

/// Most problems that one check tells.
const MOST_PROBLEMS: usize = 100;

/// How thorough SQLite's own examination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every page; takes about as long as reading the file.
    Quick,
    /// Also that every index has exactly the rows of its table; several times as long.
    Full,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Ok,
    /// It does not.
    Failed {
        /// What is wrong, at least one, at most a hundred.
        problems: Vec<String>,
    },
    /// Nothing was looked at.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// A check and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub id: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What the checks of a database found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order in which they were made.
    pub checks: Vec<Finding>,
}

impl Report {
    /// Returns whether no check failed.
    pub fn is_sound(&self) -> bool {
        self.problems().is_empty()
    }

    /// Returns what is wrong, each with its check.
    pub fn problems(&self) -> Vec<String> {
        let of = |finding: &Finding| match &finding.outcome {
            Outcome::Failed { problems } => {
                let id = finding.id;
                problems
                    .iter()
                    .map(|problem| format!("{id}: {problem}"))
                    .collect()
            }
            Outcome::Ok | Outcome::Skipped { .. } => Vec::new(),
        };
        self.checks.iter().flat_map(of).collect()
    }
}

/// Examines the database at `path`, beside a running gateway or without one. Changes nothing.
///
/// # Errors
/// There is none, it is not ours, or it cannot even be opened; what is wrong inside of it is in the report.
pub fn check(path: &Path, depth: Depth, watch: &mut Watcher<'_>) -> Result<Report, Error> {
    let mut conn = reading(path)?;
    let tx = database(conn.transaction(), "reading it", path)?;
    let mut report = examine(&tx, depth, watch);
    drop(tx);
    report.checks.push(trail::chain(conn));
    Ok(report)
}

/// The checks that look at one instant.
fn examine(conn: &Connection, depth: Depth, watch: &mut Watcher<'_>) -> Report {
    let checks = vec![
        finding("integrity", pages::integrity(conn, depth, watch)),
        finding("foreign-keys", pages::foreign_keys(conn)),
        pages::schema(conn),
        finding("sequences", numbers::sequences(conn)),
        finding("counters", numbers::counters(conn)),
        trail::deletions(conn),
    ];
    Report { checks }
}

/// A check is failed by its problems, or by the error that kept it from looking.
fn finding(id: &'static str, problems: rusqlite::Result<Vec<String>>) -> Finding {
    let problems = problems.unwrap_or_else(|error| vec![error.to_string()]);
    let outcome = match problems.is_empty() {
        true => Outcome::Ok,
        false => Outcome::Failed { problems },
    };
    Finding { id, outcome }
}

fn skipped(id: &'static str, reason: impl Into<String>) -> Finding {
    let reason = reason.into();
    Finding {
        id,
        outcome: Outcome::Skipped { reason },
    }
}

/// As [`finding`], of what a reader found.
fn read_finding(id: &'static str, problems: ReadResult<Vec<String>>) -> Finding {
    let problems = problems.unwrap_or_else(|error| vec![error.to_string()]);
    finding(id, Ok(problems))
}

/// Returns the texts of a query's first column, at most [`MOST_PROBLEMS`].
fn texts(conn: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    sqlite::told(conn, sql, MOST_PROBLEMS)
}
