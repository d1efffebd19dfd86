//! Reading output rows: the order from their provenance, the values from the tables of their keys.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};
use smithers_model::output::OutputRow;
use smithers_model::{NodeKey, RunId};

use super::SqliteReader;
use crate::read::{OutputReader, ReadResult};
use crate::schema::{Cell, Table};
use crate::sqlite::codec::node_key;
use crate::sqlite::write::quoted;

impl SqliteReader {
    fn table(&self, key: &str) -> Option<Arc<Table>> {
        self.schema.read().table(key).cloned()
    }

    /// All rows of a run in one table.
    fn rows_of(&self, run: &RunId, table: &Table) -> ReadResult<HashMap<NodeKey, OutputRow>> {
        let sql = format!("{} WHERE run_id = ?1", select(table));
        let rows = self.all(&sql, [run.as_str()], |row| output_row(row, table))?;
        Ok(rows
            .into_iter()
            .map(|row| (row.node.clone(), row))
            .collect())
    }
}

impl OutputReader for SqliteReader {
    fn outputs(&self, run: &RunId) -> ReadResult<Vec<OutputRow>> {
        let sql = "SELECT output_table, node_id, iteration FROM _smithers_output_provenance
                   WHERE run_id = ?1 ORDER BY seq";
        let order: Vec<(String, NodeKey)> = self.all(sql, [run.as_str()], |row| {
            Ok((row.get(0)?, node_key(row, 1)?))
        })?;
        let keys: BTreeSet<&String> = order.iter().map(|(key, _)| key).collect();
        let mut tables = HashMap::new();
        for key in keys {
            if let Some(table) = self.table(key) {
                tables.insert(key.clone(), self.rows_of(run, &table)?);
            }
        }
        // A row that somebody deleted by hand is left out.
        let take = |(key, node): (String, NodeKey)| tables.get_mut(&key)?.remove(&node);
        Ok(order.into_iter().filter_map(take).collect())
    }

    fn output(&self, run: &RunId, table: &str, node: &NodeKey) -> ReadResult<Option<OutputRow>> {
        let Some(table) = self.table(table) else {
            return Ok(None);
        };
        let sql = one_row(&table);
        let key = params![run.as_str(), node.node_id.as_str(), node.iteration];
        self.one(&sql, key, |row| output_row(row, &table))
    }
}

/// The row of a node in one table, as `conn` sees it.
pub(in crate::sqlite) fn stored_output(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    table: &Table,
) -> rusqlite::Result<Option<OutputRow>> {
    let sql = one_row(table);
    let key = params![run.as_str(), node.node_id.as_str(), node.iteration];
    let mut statement = conn.prepare_cached(&sql)?;
    statement
        .query_row(key, |row| output_row(row, table))
        .optional()
}

fn one_row(table: &Table) -> String {
    format!(
        "{} WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3",
        select(table)
    )
}

fn select(table: &Table) -> String {
    let mut sql = String::from("SELECT node_id, iteration");
    for column in &table.columns {
        sql.push_str(", ");
        sql.push_str(&quoted(&column.name));
    }
    sql.push_str(" FROM ");
    sql.push_str(&quoted(&table.name));
    sql
}

fn output_row(row: &Row<'_>, table: &Table) -> rusqlite::Result<OutputRow> {
    let cells = (2..2 + table.columns.len()).map(|column| Ok(cell(row.get(column)?)));
    let cells = cells.collect::<rusqlite::Result<Vec<Cell>>>()?;
    Ok(OutputRow {
        table: table.key.clone(),
        node: node_key(row, 0)?,
        payload: table.decode(cells),
    })
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Integer(number) => Cell::Integer(number),
        Value::Real(number) => Cell::Real(number),
        Value::Text(text) => Cell::Text(text),
        // Columns of output tables are strict: a blob cannot be in them.
        Value::Null | Value::Blob(_) => Cell::Null,
    }
}
