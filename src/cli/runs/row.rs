//! What the tables of runs need of the gateway's rows. Programs get the rows as the gateway sent them.

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use smithers_model::Timestamp;
use smithers_model::run::RunStatus;

use crate::cli::moment;
use crate::cli::output::{Cell, Paint};

/// A run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunRow {
    pub(super) run_id: String,
    pub(super) workflow_key: String,
    pub(super) workflow_name: String,
    pub(super) status: String,
    pub(super) created_at_ms: i64,
    pub(super) started_at_ms: Option<i64>,
    pub(super) finished_at_ms: Option<i64>,
    pub(super) pause_requested_at_ms: Option<i64>,
    pub(super) cancel_requested_at_ms: Option<i64>,
    pub(super) error_json: Option<String>,
    pub(super) config_json: Option<String>,
    pub(super) parent_run_id: Option<String>,
    pub(super) next_run_id: Option<String>,
}

/// A node of a run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeRow {
    pub(super) node_id: String,
    pub(super) iteration: u32,
    pub(super) state: String,
    pub(super) last_attempt: Option<u32>,
    pub(super) label: Option<String>,
    pub(super) started_at_ms: Option<i64>,
    pub(super) finished_at_ms: Option<i64>,
    #[serde(default)]
    votes: Vec<Vote>,
}

/// What one of several people said.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vote {
    decided_by: Option<String>,
    approved: bool,
}

impl NodeRow {
    /// What people said where several have to, such as `user:ann: yes, user:bob: no`.
    pub(super) fn said(&self) -> Option<String> {
        let said = self.votes.iter().map(|vote| {
            let voter = vote.decided_by.as_deref().unwrap_or("somebody");
            format!("{voter}: {}", if vote.approved { "yes" } else { "no" })
        });
        let said: Vec<String> = said.collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

impl RunRow {
    /// How long it has been at work, or was.
    pub(super) fn took(&self, now: Timestamp) -> Option<String> {
        took(self.started_at_ms, self.finished_at_ms, now)
    }

    /// The status in the colour of its kind.
    pub(super) fn status_cell(&self) -> Cell {
        state_cell(&self.status)
    }
}

/// A node as people write it: with its iteration, from the second one on.
pub(super) fn name(node: &str, iteration: u32) -> String {
    match iteration {
        0 => node.to_owned(),
        iteration => format!("{node}::{iteration}"),
    }
}

/// Time between a begin and an end that may not have come yet.
pub(super) fn took(begin: Option<i64>, end: Option<i64>, now: Timestamp) -> Option<String> {
    begin.map(|begin| moment::took(end.unwrap_or(now.0) - begin))
}

/// A state of a run or node in the colour of its kind.
pub(super) fn state_cell(state: &str) -> Cell {
    let paint = match state {
        "finished" => Paint::Green,
        "failed" => Paint::Red,
        "cancelled" | "skipped" | "pending" => Paint::Dim,
        state if state.starts_with("waiting") || state == "paused" => Paint::Yellow,
        _ => Paint::Plain,
    };
    Cell::new(state, paint)
}

/// Reads an answer of the gateway for a table.
pub(super) fn read<T: DeserializeOwned>(answer: &Value) -> anyhow::Result<T> {
    T::deserialize(answer).context("the gateway's answer is not what this version knows")
}

/// Reads the name of a status that runs can have.
pub(super) fn parse_status(text: &str) -> Result<RunStatus, String> {
    RunStatus::from_text(text).ok_or_else(|| {
        let known: Vec<&str> = RunStatus::ALL
            .iter()
            .map(|status| status.as_str())
            .collect();
        format!("statuses are {}", known.join(", "))
    })
}
