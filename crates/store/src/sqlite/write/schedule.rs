//! Writing schedules.

use rusqlite::{Connection, params};
use smithers_model::schedule::{Firing, Schedule, ScheduleChange, ScheduleOrder};
use smithers_model::{RunId, Timestamp};

use super::audit;
use crate::sqlite::codec::optional_json;
use crate::sqlite::read;

/// Carries out an order with its audit row. Returns false when there was nothing to change.
pub(super) fn change(conn: &Connection, order: &ScheduleOrder) -> rusqlite::Result<bool> {
    let is_changed = match &order.change {
        ScheduleChange::Put(schedule) => put(conn, schedule).map(|()| true)?,
        ScheduleChange::Remove(id) => {
            let sql = "DELETE FROM _smithers_cron WHERE cron_id = ?1";
            conn.prepare_cached(sql)?.execute([id.as_str()])? > 0
        }
        ScheduleChange::Move {
            id,
            expected,
            next,
            wake_at,
            error,
        } => {
            let sql = "UPDATE _smithers_cron
                       SET next_run_at_ms = ?3, wake_at_ms = ?4, error_json = ?5
                       WHERE cron_id = ?1 AND next_run_at_ms = ?2";
            let values = params![
                id.as_str(),
                expected.0,
                next.map(|at| at.0),
                wake_at.map(|at| at.0),
                optional_json(error.as_ref()),
            ];
            conn.prepare_cached(sql)?.execute(values)? > 0
        }
    };
    if let Some(record) = order.audit.as_ref().filter(|_| is_changed) {
        audit::append(conn, record)?;
    }
    Ok(is_changed)
}

/// Records the firing that `run` is; the check has found the schedule.
pub(super) fn fire(
    conn: &Connection,
    run: &RunId,
    firing: &Firing,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let Some(mut schedule) = read::schedule(conn, &firing.schedule)? else {
        return Ok(());
    };
    schedule.fired(firing, run, at);
    put(conn, &schedule)
}

fn put(conn: &Connection, schedule: &Schedule) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO _smithers_cron
                   (cron_id, workflow_key, pattern, time_zone, overlap, catch_up, enabled, declared,
                    created_by, created_at_ms, last_run_at_ms, last_run_id, next_run_at_ms, wake_at_ms,
                    error_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    conn.prepare_cached(sql)?.execute(params![
        schedule.id.as_str(),
        schedule.workflow_key.as_str(),
        schedule.plan.pattern,
        schedule.plan.time_zone,
        schedule.plan.overlap.as_str(),
        schedule.plan.catch_up.as_str(),
        schedule.enabled,
        schedule.declared,
        schedule.created_by,
        schedule.created_at.0,
        schedule.last_run_at.map(|at| at.0),
        schedule.last_run_id.as_ref().map(RunId::as_str),
        schedule.next_run_at.map(|at| at.0),
        schedule.wake_at.map(|at| at.0),
        optional_json(schedule.error.as_ref()),
    ])?;
    Ok(())
}
