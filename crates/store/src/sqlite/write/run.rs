//! Writing runs: the row, its head, its launch and its input.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use smithers_model::RunId;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::{ChildTie, NewRun, RowChange, RunUpdate, StepWrite};

use super::tables::quoted;
use super::{child, due};
use crate::commit::RunHead;
use crate::schema::{Cell, Column, Schema, fields_of};
use crate::sqlite::codec::optional_json;

/// Inserts the run row and, when there is a key, its launch.
pub(super) fn insert(
    conn: &Connection,
    new: &NewRun,
    deployment: Option<&str>,
) -> rusqlite::Result<()> {
    let row = &new.row;
    let parent = row.parent.as_ref().filter(|_| row.tie.is_some());
    let tie = parent.map(|parent| child::tie(conn, parent)).transpose()?;
    let sql = "INSERT INTO _smithers_runs
                   (run_id, workflow_key, workflow_name, workflow_hash, status, system, created_at_ms,
                    started_at_ms, finished_at_ms, cancel_requested_at_ms, pause_requested_at_ms,
                    deployment_id, error_json, config_json, input_json, parent_run_id, parent_tie)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    conn.prepare_cached(sql)?.execute(params![
        row.run_id.as_str(),
        row.workflow_key.as_str(),
        row.workflow_name,
        row.workflow_hash,
        row.status.as_str(),
        row.system,
        row.created_at.0,
        row.started_at.map(|at| at.0),
        row.finished_at.map(|at| at.0),
        row.cancel_requested_at.map(|at| at.0),
        row.pause_requested_at.map(|at| at.0),
        deployment,
        optional_json(row.error.as_ref()),
        row.config.as_str(),
        row.input.as_str(),
        row.parent.as_ref().map(RunId::as_str),
        tie.map(ChildTie::as_str),
    ])?;
    if let Some(key) = &new.idempotency_key {
        let sql = "INSERT INTO _smithers_launches (workflow_key, idempotency_key, run_id)
                   VALUES (?1, ?2, ?3)";
        conn.prepare_cached(sql)?
            .execute([row.workflow_key.as_str(), key, row.run_id.as_str()])?;
    }
    Ok(())
}

/// Inserts the counters of a new run; returns the clock of the step's first output row.
pub(super) fn insert_head(
    conn: &Connection,
    step: &StepWrite,
    head: RunHead,
    row: &RunRow,
    outputs: usize,
) -> rusqlite::Result<u64> {
    let frame = next_frame_no(step).unwrap_or(row.next_frame_no);
    let sql = "INSERT INTO _smithers_run_heads
                   (run_id, epoch, next_seq, next_stream_seq, next_frame_no, next_clock)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    conn.prepare_cached(sql)?.execute(params![
        row.run_id.as_str(),
        head.epoch.0,
        head.next_seq,
        head.next_stream_seq,
        frame,
        outputs,
    ])?;
    Ok(0)
}

/// Moves the counters of a run on; returns the clock of the step's first output row.
pub(super) fn advance_head(
    conn: &Connection,
    step: &StepWrite,
    head: RunHead,
    outputs: usize,
) -> rusqlite::Result<u64> {
    let sql = "UPDATE _smithers_run_heads
               SET epoch = ?2, next_seq = ?3, next_stream_seq = ?4,
                   next_frame_no = coalesce(?5, next_frame_no), next_clock = next_clock + ?6
               WHERE run_id = ?1
               RETURNING next_clock - ?6";
    conn.prepare_cached(sql)?.query_row(
        params![
            step.run_id.as_str(),
            head.epoch.0,
            head.next_seq,
            head.next_stream_seq,
            next_frame_no(step),
            outputs,
        ],
        |row| row.get(0),
    )
}

fn next_frame_no(step: &StepWrite) -> Option<u64> {
    let updates = step.changes.iter().rev();
    updates
        .filter_map(|change| match change {
            RowChange::UpdateRun(update) => update.next_frame_no,
            _ => None,
        })
        .next()
}

/// Changes the run row; values that are absent stay.
pub(super) fn update(conn: &Connection, run: &RunId, update: &RunUpdate) -> rusqlite::Result<()> {
    let only_counters = RunUpdate {
        next_frame_no: update.next_frame_no,
        ..RunUpdate::default()
    };
    if *update == only_counters {
        return Ok(());
    }
    if update.reopened {
        let sql = "UPDATE _smithers_runs
                   SET finished_at_ms = NULL, cancel_requested_at_ms = NULL, error_json = NULL
                   WHERE run_id = ?1";
        conn.prepare_cached(sql)?.execute([run.as_str()])?;
    }
    let sql = "UPDATE _smithers_runs
               SET status = coalesce(?2, status),
                   workflow_name = coalesce(?3, workflow_name),
                   started_at_ms = coalesce(?4, started_at_ms),
                   finished_at_ms = coalesce(?5, finished_at_ms),
                   cancel_requested_at_ms = coalesce(?6, cancel_requested_at_ms),
                   error_json = coalesce(?7, error_json),
                   pause_requested_at_ms = iif(?8, ?9, pause_requested_at_ms),
                   workflow_hash = coalesce(?10, workflow_hash),
                   config_json = coalesce(?11, config_json),
                   undo_within_ms = iif(?12, ?13, undo_within_ms)
               WHERE run_id = ?1";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        update.status.map(RunStatus::as_str),
        update.workflow_name,
        update.started_at.map(|at| at.0),
        update.finished_at.map(|at| at.0),
        update.cancel_requested_at.map(|at| at.0),
        optional_json(update.error.as_ref()),
        update.pause_requested_at.is_some(),
        update.pause_requested_at.flatten().map(|at| at.0),
        update.workflow_hash,
        update.config.as_ref().map(|config| config.as_str()),
        update.undo_within_ms.is_some(),
        update.undo_within_ms.flatten(),
    ])?;
    if update.status.is_some_and(RunStatus::is_terminal) {
        due::forget(conn, run)?;
    }
    Ok(())
}

/// Inserts the input for people: by field when the workflow declares some, else whole.
pub(super) fn insert_input(
    conn: &Connection,
    row: &RunRow,
    schema: &Schema,
) -> rusqlite::Result<()> {
    let fields = fields_of(&row.input);
    let (columns, values) = match (schema.input(&row.workflow_key), &fields) {
        (Some(columns), Some(fields)) => {
            let value = |column: &Column| match fields.get(&column.field) {
                Some(raw) => loose_value(column, raw.get()),
                None => Value::Null,
            };
            let names = columns.iter().map(|column| quoted(&column.name)).collect();
            (names, columns.iter().map(value).collect())
        }
        _ => {
            let whole = Value::Text(row.input.as_str().to_owned());
            (vec![quoted("payload")], vec![whole])
        }
    };
    let mut sql = String::from("INSERT INTO input (run_id");
    let mut places = String::from(") VALUES (?");
    for column in &columns {
        sql.push_str(", ");
        sql.push_str(column);
        places.push_str(", ?");
    }
    sql.push_str(&places);
    sql.push(')');
    let run_id = Value::Text(row.run_id.as_str().to_owned());
    let values: Vec<Value> = std::iter::once(run_id).chain(values).collect();
    conn.prepare_cached(&sql)?
        .execute(params_from_iter(values))?;
    Ok(())
}

/// The input has passed its schema, which may allow more than the column's kind: then its JSON is stored.
fn loose_value(column: &Column, json: &str) -> Value {
    Cell::encode(column.kind, json).map_or_else(|| Value::Text(json.to_owned()), Value::from)
}
