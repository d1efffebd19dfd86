//! Due times: what becomes of them when a run is paused, goes on or ends. The indexes of what is due hold only
//! times that wake somebody, so that runs at rest cost nothing.

use rusqlite::Connection;
use smithers_model::RunId;

use super::wait;

/// Holds the due times of the run's work back, or lets them count again.
pub(super) fn hold(conn: &Connection, run: &RunId, held: bool) -> rusqlite::Result<()> {
    let sql = if held {
        "UPDATE _smithers_attempts SET held_retry_at_ms = retry_at_ms, retry_at_ms = NULL
         WHERE run_id = ?1 AND retry_at_ms IS NOT NULL"
    } else {
        "UPDATE _smithers_attempts SET retry_at_ms = held_retry_at_ms, held_retry_at_ms = NULL
         WHERE run_id = ?1 AND held_retry_at_ms IS NOT NULL"
    };
    conn.prepare_cached(sql)?.execute([run.as_str()])?;
    wait::hold(conn, run, held)
}

/// Nothing is due in a run that has ended.
pub(super) fn forget(conn: &Connection, run: &RunId) -> rusqlite::Result<()> {
    let attempts = "UPDATE _smithers_attempts SET retry_at_ms = NULL, held_retry_at_ms = NULL
                    WHERE run_id = ?1 AND (retry_at_ms IS NOT NULL OR held_retry_at_ms IS NOT NULL)";
    conn.prepare_cached(attempts)?.execute([run.as_str()])?;
    let approvals = "UPDATE _smithers_approvals SET due_at_ms = NULL
                     WHERE run_id = ?1 AND due_at_ms IS NOT NULL";
    conn.prepare_cached(approvals)?.execute([run.as_str()])?;
    wait::end_all(conn, run)
}
