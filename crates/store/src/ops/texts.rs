//! Every text that a database holds, for whoever looks for something that should not be there.

use std::fmt;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::error::{Error, database};
use super::open::reading;
use crate::sqlite::quoted;

/// Where a text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPlace {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The run that the row belongs to, if it belongs to one.
    pub run: Option<String>,
}

impl fmt::Display for TextPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.table, self.column)?;
        match &self.run {
            Some(run) => write!(out, " of run {run}"),
            None => Ok(()),
        }
    }
}

/// Hands every text of the database at `path` to `visit`, of one instant; with `newest`, only those of so many rows of
/// each table, the newest where the table has an order.
///
/// # Errors
/// There is none, it is not ours, or it cannot be read.
pub fn texts(
    path: &Path,
    newest: Option<u64>,
    visit: &mut dyn FnMut(&TextPlace, &str),
) -> Result<(), Error> {
    let mut conn = reading(path)?;
    let tx = database(conn.transaction(), "reading it", path)?;
    let mut read = || -> rusqlite::Result<()> {
        for table in tables(&tx)? {
            of_table(&tx, &table, newest, visit)?;
        }
        Ok(())
    };
    database(read(), "reading its texts", path)
}

/// A table with columns that can hold text.
struct Table {
    name: String,
    columns: Vec<String>,
    has_run: bool,
    has_rowid: bool,
}

fn tables(conn: &Connection) -> rusqlite::Result<Vec<Table>> {
    let mut statement = conn.prepare(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let names: Vec<(String, bool)> = names.collect::<rusqlite::Result<_>>()?;
    let table = |(name, without_rowid): (String, bool)| {
        let columns = text_columns(conn, &name)?;
        Ok(Table {
            has_run: columns.iter().any(|column| column == "run_id"),
            has_rowid: !without_rowid,
            name,
            columns,
        })
    };
    names.into_iter().map(table).collect()
}

fn text_columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_info(?1) WHERE type IN ('TEXT', 'ANY', '')";
    let mut statement = conn.prepare(sql)?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

fn of_table(
    conn: &Connection,
    table: &Table,
    newest: Option<u64>,
    visit: &mut dyn FnMut(&TextPlace, &str),
) -> rusqlite::Result<()> {
    if table.columns.is_empty() {
        return Ok(());
    }
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(column)).collect();
    let order = if table.has_rowid {
        "ORDER BY rowid DESC"
    } else {
        ""
    };
    let limit = newest.map_or(-1, |rows| i64::try_from(rows).unwrap_or(i64::MAX));
    let sql = format!(
        "SELECT {} FROM {} {order} LIMIT {limit}",
        columns.join(", "),
        quoted(&table.name)
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let run = match table.has_run {
            true => row.get("run_id")?,
            false => None,
        };
        let mut place = TextPlace {
            table: table.name.clone(),
            column: String::new(),
            run,
        };
        for (index, column) in table.columns.iter().enumerate() {
            if let ValueRef::Text(bytes) = row.get_ref(index)? {
                place.column.clone_from(column);
                visit(&place, &String::from_utf8_lossy(bytes));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::testkit::{RunScript, ScratchDb, commit_all};

    #[test]
    fn every_text_is_seen_with_its_place_and_a_sample_sees_the_newest_rows() {
        let scratch = ScratchDb::new();
        let store = scratch.open();
        store.open_writer().unwrap();
        commit_all(
            &store,
            [RunScript::new("r1").launch(), RunScript::new("r2").launch()],
        );
        let runs = |newest: Option<u64>| {
            let mut seen = Vec::new();
            texts(&scratch.path(), newest, &mut |place, _| {
                seen.push(place.to_string())
            })
            .unwrap();
            seen.retain(|place| place.starts_with("_smithers_runs.input_json"));
            seen.sort();
            seen
        };
        let both = [
            "_smithers_runs.input_json of run r1",
            "_smithers_runs.input_json of run r2",
        ];
        assert_eq!(runs(None), both);
        assert_eq!(runs(Some(1)), both[1..]);
    }
}
