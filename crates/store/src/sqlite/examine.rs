//! A look at the database before it is used: a file that is damaged is refused while nothing has been written to
//! it. The look takes so long at most; what it does not get to is left to `smithers db check`.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::settings::is_damage;
use crate::error::OpenError;

/// Instructions of SQLite between two looks at the clock: some tenths of a millisecond.
const LOOK: i32 = 10_000;
/// Most damages that are told.
const MOST_PROBLEMS: usize = 10;
/// Tables with rows that refer to nothing.
const ORPHANS: &str = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check";

/// Fails when the database is damaged. Rows that refer to nothing, and a look that was cut short, are said in the log.
pub(super) fn examine(conn: &Connection, path: &Path, budget: Duration) -> Result<(), OpenError> {
    let begun = Instant::now();
    let looked = limit(conn, budget).and_then(|()| look(conn));
    let unlimited = conn.progress_handler(0, None::<fn() -> bool>);
    let damages = match looked.and_then(|found| unlimited.map(|()| found)) {
        Ok(Found { damages, orphans }) => {
            if damages.is_empty() && !orphans.is_empty() {
                tracing::error!(
                    tables = orphans.join(", "),
                    "rows refer to rows that are missing; `smithers db check` tells more"
                );
            }
            damages
        }
        Err(error) if is_interrupted(&error) => {
            tracing::warn!(
                elapsed_ms = begun.elapsed().as_millis(),
                "the look at the database was cut short; `smithers db check` looks at all of it"
            );
            return Ok(());
        }
        Err(error) if is_damage(&error) => vec![error.to_string()],
        Err(source) => {
            return Err(OpenError::Database {
                path: path.to_owned(),
                doing: "looking for damage",
                source,
            });
        }
    };
    match damages.is_empty() {
        true => Ok(()),
        false => Err(OpenError::Damaged {
            path: path.to_owned(),
            damages,
        }),
    }
}

/// What a look has found.
struct Found {
    damages: Vec<String>,
    /// Tables with rows that refer to nothing.
    orphans: Vec<String>,
}

/// Lets SQLite stop whatever it does once the budget is used up.
fn limit(conn: &Connection, budget: Duration) -> rusqlite::Result<()> {
    let deadline = Instant::now() + budget;
    conn.progress_handler(LOOK, Some(move || Instant::now() >= deadline))
}

fn look(conn: &Connection) -> rusqlite::Result<Found> {
    let mut damages = told(conn, "PRAGMA quick_check", MOST_PROBLEMS)?;
    damages.retain(|line| line != "ok");
    let orphans = match damages.is_empty() {
        true => told(conn, ORPHANS, MOST_PROBLEMS)?,
        false => Vec::new(),
    };
    Ok(Found { damages, orphans })
}

/// Returns the texts of a query's first column, at most `most`. Damage that it meets ends it and is told as well.
pub(crate) fn told(conn: &Connection, sql: &str, most: usize) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut texts = Vec::new();
    while texts.len() < most {
        match rows.next() {
            Ok(Some(row)) => texts.push(row.get(0)?),
            Ok(None) => break,
            Err(error) if is_damage(&error) => {
                texts.push(error.to_string());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(texts)
}

fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database whose look takes far more than [`LOOK`] instructions.
    fn large() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE t (x);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO t SELECT i FROM n",
        )
        .unwrap();
        conn
    }

    #[test]
    fn a_look_without_time_is_cut_short_and_the_connection_works_on() {
        let conn = large();
        limit(&conn, Duration::ZERO).unwrap();
        let cut_short = look(&conn).map(drop).unwrap_err();
        assert!(is_interrupted(&cut_short), "{cut_short}");
        examine(&conn, Path::new("x"), Duration::ZERO).unwrap();
        let rows: i64 = conn
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 20_000);
    }

    #[test]
    fn a_look_with_time_enough_finds_nothing_wrong_with_a_sound_database() {
        let conn = large();
        limit(&conn, Duration::from_secs(3_600)).unwrap();
        let found = look(&conn).unwrap();
        assert_eq!((found.damages.len(), found.orphans.len()), (0, 0));
    }
}
