//! Reads what a probe left in the database, in the shape of a recorded run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Map, Value, json};

/// Events that recordings leave out, and those that the recorded engine does not have.
const LEFT_OUT: [&str; 8] = [
    "SnapshotCaptured",
    "TaskHeartbeat",
    "AgentTraceEvent",
    "AgentTraceSummary",
    "AgentSessionEvent",
    "NodeOutput",
    "NodeWaitingEvent",
    "SignalReceived",
];
/// Fields of an event's payload that recordings keep, beside those of the node.
const KEPT: [&str; 9] = [
    "frameNo",
    "trigger",
    "status",
    "reason",
    "timerType",
    "timerId",
    "childRunId",
    "newRunId",
    "ancestryDepth",
];
/// Columns of user tables that are no fields of the row.
const RUN_COLUMN: &str = "run_id";

/// A read-only view of a gateway's database.
#[derive(Debug)]
pub(crate) struct Database(Connection);

impl Database {
    /// Opens the file for reading; the gateway may be running.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).context("failed to open the database")?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .context("failed to set the busy timeout")?;
        Ok(Self(connection))
    }

    /// Returns the ids of all runs, oldest first.
    pub(crate) fn run_ids(&self) -> Result<Vec<String>> {
        let rows = self.rows(
            "SELECT run_id AS id FROM _smithers_runs ORDER BY created_at_ms, run_id",
            &[],
        )?;
        Ok(rows
            .iter()
            .filter_map(|row| row["id"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Returns the events of a run as recordings show them.
    pub(crate) fn events(&self, run: &str) -> Result<Vec<Value>> {
        let sql = "SELECT type, payload_json FROM _smithers_events WHERE run_id = ?1 ORDER BY seq";
        let rows = self.rows(sql, &[run])?;
        rows.iter()
            .filter(|row| !is_left_out(row))
            .map(event)
            .collect()
    }

    /// Returns a run as recordings show it, without its events; `outputs` names the user tables to read.
    pub(crate) fn run(&self, run: &str, outputs: &[&str]) -> Result<Value> {
        let mut tables = Map::new();
        for table in outputs {
            tables.insert((*table).to_owned(), self.user_rows(table, run)?.into());
        }
        let head = "SELECT run_id AS runId, parent_run_id AS parentRunId, workflow_name AS workflow, status
            FROM _smithers_runs WHERE run_id = ?1";
        let head = self
            .rows(head, &[run])?
            .into_iter()
            .next()
            .with_context(|| format!("no run {run}"))?;
        let nodes = "SELECT node_id AS node, iteration, state, last_attempt AS lastAttempt, output_table AS outputTable
            FROM _smithers_nodes WHERE run_id = ?1 ORDER BY node_id, iteration";
        let attempts = "SELECT node_id AS node, iteration, attempt, state,
                coalesce(error_json ->> 'code', error_json ->> 'name') AS errorCode, cached
            FROM _smithers_attempts WHERE run_id = ?1 ORDER BY node_id, iteration, attempt";
        let approvals = "SELECT node_id AS node, iteration, status, note, decided_by AS decidedBy,
            decision_json AS decision, auto_approved AS autoApproved
            FROM _smithers_approvals WHERE run_id = ?1 ORDER BY node_id, iteration";
        let loops = "SELECT ralph_id AS loop, iteration, done
            FROM _smithers_ralph WHERE run_id = ?1 ORDER BY ralph_id";
        let calls = "SELECT node_id AS node, iteration, attempt, seq, tool_name AS tool, kind, status, idempotent
            FROM _smithers_tool_calls WHERE run_id = ?1 ORDER BY node_id, iteration, attempt, seq";
        let frames = "SELECT count(*) AS frames FROM _smithers_frames WHERE run_id = ?1";
        Ok(json!({
            "head": head,
            "nodes": self.rows(nodes, &[run])?,
            "attempts": as_flags(self.rows(attempts, &[run])?, "cached"),
            "approvals": self.rows(approvals, &[run])?,
            "loops": self.rows(loops, &[run])?,
            "toolCalls": self.rows(calls, &[run])?,
            "frames": self.rows(frames, &[run])?[0]["frames"],
            "outputs": tables,
        }))
    }

    /// Returns a run as an expectation has it.
    pub(crate) fn recording(&self, run: &str) -> Result<Value> {
        let of_user = "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE '\\_smithers%' ESCAPE '\\'
            AND m.name NOT LIKE 'sqlite%' AND m.name <> 'input' ORDER BY m.name";
        let tables = self.rows(of_user, &[])?;
        let tables: Vec<&str> = tables
            .iter()
            .filter_map(|row| row["name"].as_str())
            .collect();
        let mut shown = self.run(run, &tables)?;
        let mut recorded = shown["head"].take();
        for field in [
            "frames",
            "nodes",
            "attempts",
            "approvals",
            "loops",
            "outputs",
        ] {
            recorded[field] = shown[field].take();
        }
        // Few workflows have effects.
        let calls = shown["toolCalls"].take();
        if calls.as_array().is_some_and(|calls| !calls.is_empty()) {
            recorded["toolCalls"] = calls;
        }
        if let Some(tables) = recorded["outputs"].as_object_mut() {
            tables.retain(|_, rows| rows.as_array().is_some_and(|rows| !rows.is_empty()));
        }
        recorded["events"] = self.events(run)?.into();
        Ok(recorded)
    }

    /// Returns the rows of a user's table for a run, without the run's id.
    pub(crate) fn user_rows(&self, table: &str, run: &str) -> Result<Vec<Value>> {
        let order = if table == "input" {
            "run_id"
        } else {
            "node_id, iteration"
        };
        let mut rows = self.rows(
            &format!("SELECT * FROM \"{table}\" WHERE run_id = ?1 ORDER BY {order}"),
            &[run],
        )?;
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.remove(RUN_COLUMN);
        }
        Ok(rows)
    }

    fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Value>> {
        let mut statement = self
            .0
            .prepare(sql)
            .with_context(|| format!("failed to prepare `{sql}`"))?;
        let columns: Vec<String> = statement
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| {
            object(row, &columns)
        });
        rows.and_then(Iterator::collect)
            .with_context(|| format!("failed to run `{sql}`"))
    }
}

fn object(row: &Row<'_>, columns: &[String]) -> rusqlite::Result<Value> {
    let mut fields = Map::new();
    for (position, name) in columns.iter().enumerate() {
        let value = match row.get_ref(position)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
            ValueRef::Blob(bytes) => hex::encode(bytes).into(),
        };
        fields.insert(name.clone(), value);
    }
    Ok(Value::Object(fields))
}

/// Shows a column of 0 and 1 as recordings do: true, or not at all.
fn as_flags(mut rows: Vec<Value>, column: &str) -> Vec<Value> {
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        if row.remove(column).is_some_and(|flag| flag == 1) {
            row.insert(column.to_owned(), true.into());
        }
    }
    rows
}

fn is_left_out(row: &Value) -> bool {
    LEFT_OUT.iter().any(|name| row["type"] == *name)
}

fn event(row: &Value) -> Result<Value> {
    let payload: Value = serde_json::from_str(row["payload_json"].as_str().unwrap_or("{}"))
        .with_context(|| format!("the payload of a {} is no JSON", row["type"]))?;
    let mut shown = json!({ "type": row["type"] });
    let mut keep = |name: &str, value: &Value| {
        if !value.is_null() {
            shown[name] = value.clone();
        }
    };
    keep("node", &payload["nodeId"]);
    if payload["nodeId"].is_string() {
        keep("iteration", &payload["iteration"]);
        keep("attempt", &payload["attempt"]);
    }
    keep("mode", &payload["request"]["mode"]);
    for name in KEPT {
        keep(name, &payload[name]);
    }
    keep("errorCode", error_code(&payload["error"]));
    if let Some(keys) = payload["failedChildKeys"].as_array() {
        keep("failedChildren", &keys.len().into());
        keep("failedChildKeys", &payload["failedChildKeys"]);
    }
    Ok(shown)
}

/// What an error is known by: its code, or the name of an error that user code threw.
fn error_code(error: &Value) -> &Value {
    match &error["code"] {
        Value::Null => &error["name"],
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_show_node_attempt_and_kept_fields_only() {
        let row =
            |payload: Value| json!({ "type": "NodeStarted", "payload_json": payload.to_string() });
        let started = json!({ "type": "NodeStarted", "runId": "r", "timestampMs": 5, "nodeId": "a", "iteration": 0, "attempt": 1 });
        assert_eq!(
            event(&row(started)).unwrap(),
            json!({ "type": "NodeStarted", "node": "a", "iteration": 0, "attempt": 1 })
        );
        let requested =
            json!({ "nodeId": "a", "iteration": 0, "request": { "mode": "gate", "title": "t" } });
        assert_eq!(event(&row(requested)).unwrap()["mode"], "gate");
    }

    #[test]
    fn rows_become_objects_of_their_columns() {
        let database = Database(Connection::open_in_memory().unwrap());
        database.0.execute_batch("CREATE TABLE step (run_id, node_id, iteration, n REAL); INSERT INTO step VALUES ('r', 'b', 0, 2.5), ('r', 'a', 0, 1), ('q', 'a', 0, 9)").unwrap();
        let rows = database.user_rows("step", "r").unwrap();
        assert_eq!(rows[0], json!({ "node_id": "a", "iteration": 0, "n": 1.0 }));
        assert_eq!(rows.len(), 2);
    }
}
