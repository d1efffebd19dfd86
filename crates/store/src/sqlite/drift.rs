//! Compares what is in the file with what the migrations make: a dropped trigger or an edited table is
//! refused at the start, not met in the middle of a run (operations 5).

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::migrate;
use crate::error::OpenError;
use crate::schema::INPUT_TABLE;

/// Name of a table, index or trigger, and the text that made it.
type Objects = BTreeMap<String, String>;

/// Fails when one of our own tables, indexes or triggers is missing or has another text.
/// Tables of modules and whatever users added beside ours are not looked at.
pub(super) fn check(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let expected = migrate::fresh().and_then(|fresh| objects(&fresh));
    let both = expected.and_then(|expected| Ok((expected, objects(conn)?)));
    let (expected, found) = both.map_err(|source| OpenError::Database {
        path: path.to_owned(),
        doing: "comparing its tables",
        source,
    })?;
    let drifted = expected
        .into_iter()
        .find(|(name, sql)| found.get(name) != Some(sql));
    match drifted {
        None => Ok(()),
        Some((name, _)) => Err(OpenError::Drifted {
            path: path.to_owned(),
            detail: match found.get(&name) {
                None => format!("`{name}` is missing"),
                Some(_) => format!("`{name}` was changed"),
            },
        }),
    }
}

fn objects(conn: &Connection) -> rusqlite::Result<Objects> {
    // The table of inputs gets columns as modules are loaded.
    let mut statement = conn.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> ?1 AND name LIKE '\\_smithers\\_%' ESCAPE '\\'",
    )?;
    let rows = statement.query_map([INPUT_TABLE], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
