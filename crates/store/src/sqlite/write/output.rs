//! Writing output rows into the tables of their schema keys.

use std::fmt::Write as _;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use smithers_model::output::OutputRow;
use smithers_model::step::{RowChange, StepWrite};
use smithers_model::{NodeKey, RunId};

use super::history;
use super::tables::quoted;
use crate::commit::Refusal;
use crate::schema::{Cell, Schema, Table};

/// An output row as its table takes it.
pub(super) struct EncodedRow {
    table: Arc<Table>,
    cells: Vec<Cell>,
}

/// Encodes the output rows of a step, in the order of its changes.
pub(super) fn encode(step: &StepWrite, schema: &Schema) -> Result<Vec<EncodedRow>, Refusal> {
    let mut rows = Vec::new();
    for change in &step.changes {
        if let RowChange::PutOutput(row) = change {
            rows.push(encode_row(schema.expect_table(&row.table)?, row)?);
        }
    }
    Ok(rows)
}

/// Encodes a row of `table`.
pub(super) fn encode_row(table: &Arc<Table>, row: &OutputRow) -> Result<EncodedRow, Refusal> {
    let cells = table.encode(&row.payload)?;
    let table = table.clone();
    Ok(EncodedRow { table, cells })
}

/// Stores a row, replacing one of the same node; `clock` is its place in completion order.
pub(super) fn put(
    conn: &Connection,
    run: &RunId,
    row: &OutputRow,
    encoded: &EncodedRow,
    clock: u64,
) -> rusqlite::Result<()> {
    let key = [
        Value::Text(run.as_str().to_owned()),
        Value::Text(row.node.node_id.as_str().to_owned()),
        Value::Integer(row.node.iteration.into()),
    ];
    let cells = encoded.cells.iter().cloned().map(Value::from);
    conn.prepare_cached(&upsert(&encoded.table))?
        .execute(params_from_iter(key.into_iter().chain(cells)))?;
    let sql = "INSERT INTO _smithers_output_provenance (run_id, output_table, node_id, iteration, seq)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (run_id, output_table, node_id, iteration) DO UPDATE SET seq = excluded.seq";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.table,
        row.node.node_id.as_str(),
        row.node.iteration,
        clock,
    ])?;
    Ok(())
}

/// Deletes the row of a node, if it has one. The history of the run keeps it.
pub(super) fn forget(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    table: Option<&Arc<Table>>,
) -> rusqlite::Result<()> {
    if let Some(table) = table {
        history::keep_output(conn, run, node, table)?;
    }
    remove(conn, run, node, table)
}

/// Deletes the row of a node, if it has one.
pub(super) fn remove(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    table: Option<&Arc<Table>>,
) -> rusqlite::Result<()> {
    let Some(table) = table else {
        return Ok(());
    };
    let (run, id) = (run.as_str(), node.node_id.as_str());
    let sql = format!(
        "DELETE FROM {} WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3",
        quoted(&table.name)
    );
    conn.prepare_cached(&sql)?
        .execute(params![run, id, node.iteration])?;
    let sql = "DELETE FROM _smithers_output_provenance
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND output_table = ?4";
    conn.prepare_cached(sql)?
        .execute(params![run, id, node.iteration, table.key])?;
    Ok(())
}

fn upsert(table: &Table) -> String {
    let mut columns = String::from("run_id, node_id, iteration");
    let mut places = String::from("?, ?, ?");
    let mut updates = String::new();
    for column in &table.columns {
        let name = quoted(&column.name);
        let _ = write!(columns, ", {name}");
        places.push_str(", ?");
        let comma = if updates.is_empty() { "" } else { ", " };
        let _ = write!(updates, "{comma}{name} = excluded.{name}");
    }
    let action = if updates.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        format!("DO UPDATE SET {updates}")
    };
    format!(
        "INSERT INTO {table} ({columns}) VALUES ({places})
         ON CONFLICT (run_id, node_id, iteration) {action}",
        table = quoted(&table.name)
    )
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Integer(number) => Self::Integer(number),
            Cell::Real(number) => Self::Real(number),
            Cell::Text(text) => Self::Text(text),
        }
    }
}
