//! Making the tables that modules declare. Runs only when a module is loaded, on the writer.

use std::collections::HashSet;

use rusqlite::{Connection, params};
use smithers_model::output::ColumnKind;

use crate::schema::{Column, INPUT_TABLE, Schema, Table};
use crate::sqlite::codec::Stored;

/// Quotes a name so that SQLite takes any text as an identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Makes missing tables and columns and records them. What exists is neither dropped nor retyped.
pub(super) fn define(conn: &Connection, schema: &Schema) -> rusqlite::Result<()> {
    for table in schema.tables() {
        create(conn, table)?;
        add_columns(conn, &table.name, &table.columns, sql_type)?;
        record(conn, table)?;
    }
    let inputs: Vec<Column> = schema.input_columns().cloned().collect();
    add_columns(conn, INPUT_TABLE, &inputs, |_| "ANY")
}

fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::String | ColumnKind::Json => "TEXT",
        ColumnKind::Number => "REAL",
        ColumnKind::Integer | ColumnKind::Boolean => "INTEGER",
    }
}

fn kind_text(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::String => "string",
        ColumnKind::Number => "number",
        ColumnKind::Integer => "integer",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Json => "json",
    }
}

fn create(conn: &Connection, table: &Table) -> rusqlite::Result<()> {
    conn.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {name} (
             run_id    TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
             node_id   TEXT    NOT NULL,
             iteration INTEGER NOT NULL DEFAULT 0,
             PRIMARY KEY (run_id, node_id, iteration)
         ) STRICT",
        name = quoted(&table.name)
    ))
}

fn add_columns(
    conn: &Connection,
    table: &str,
    columns: &[Column],
    sql_type: fn(ColumnKind) -> &'static str,
) -> rusqlite::Result<()> {
    let mut existing = HashSet::new();
    conn.pragma(None, "table_info", table, |row| {
        existing.insert(row.get::<_, String>(1)?.to_ascii_lowercase());
        Ok(())
    })?;
    for column in columns {
        if existing.insert(column.name.to_ascii_lowercase()) {
            let (table, name) = (quoted(table), quoted(&column.name));
            let kind = sql_type(column.kind);
            conn.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"))?;
        }
    }
    Ok(())
}

fn record(conn: &Connection, table: &Table) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT INTO _smithers_output_tables (schema_key, table_name, declared_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (schema_key) DO UPDATE SET declared_at = excluded.declared_at",
        [&table.key, &table.name, &table.declared_at],
    )?;
    conn.execute(
        "UPDATE _smithers_output_schema_columns SET ordinal = NULL WHERE table_name = ?1",
        [&table.name],
    )?;
    for (ordinal, column) in table.columns.iter().enumerate() {
        conn.execute(
            "INSERT INTO _smithers_output_schema_columns (table_name, column_name, kind, field_name, ordinal)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (table_name, column_name)
             DO UPDATE SET field_name = excluded.field_name, ordinal = excluded.ordinal",
            params![table.name, column.name, kind_text(column.kind), column.field, ordinal],
        )?;
    }
    Ok(())
}

/// Reads the tables that were made so far, with the columns of their newest declarations.
pub(in crate::sqlite) fn stored(conn: &Connection) -> rusqlite::Result<Vec<Table>> {
    let mut statement = conn.prepare(
        "SELECT schema_key, table_name, declared_at FROM _smithers_output_tables ORDER BY schema_key",
    )?;
    let tables = statement.query_map([], |row| {
        Ok(Table {
            key: row.get(0)?,
            name: row.get(1)?,
            columns: Vec::new(),
            dropped: Vec::new(),
            declared_at: row.get(2)?,
        })
    })?;
    let mut tables: Vec<Table> = tables.collect::<rusqlite::Result<_>>()?;
    for table in &mut tables {
        (table.columns, table.dropped) = columns_of(conn, &table.name)?;
    }
    Ok(tables)
}

/// Columns of the newest declaration in schema order, and those that it has dropped.
fn columns_of(conn: &Connection, table: &str) -> rusqlite::Result<(Vec<Column>, Vec<Column>)> {
    let mut statement = conn.prepare(
        "SELECT field_name, column_name, kind, ordinal FROM _smithers_output_schema_columns
         WHERE table_name = ?1 ORDER BY ordinal",
    )?;
    let rows = statement.query_map([table], |row| {
        let column = Column {
            field: row.get(0)?,
            name: row.get(1)?,
            kind: row.get::<_, Stored<ColumnKind>>(2)?.0,
        };
        Ok((column, row.get::<_, Option<i64>>(3)?.is_some()))
    })?;
    let mut columns = (Vec::new(), Vec::new());
    for row in rows {
        match row? {
            (column, true) => columns.0.push(column),
            (column, false) => columns.1.push(column),
        }
    }
    Ok(columns)
}
