//! Compares what is in the file with what the migrations make: a dropped trigger or an edited table is
//! refused at the start, not met in the middle of a run (operations 5).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rusqlite::Connection;

use super::migrate;
use crate::error::OpenError;
use crate::schema::INPUT_TABLE;

/// Name of a table, index or trigger, and the text that made it.
type Objects = BTreeMap<String, String>;

/// Something that is not as the migrations made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the table, index or trigger.
    pub name: String,
    /// It is there, with another text.
    pub is_changed: bool,
    /// It is one of the triggers that keep rows from being changed or deleted.
    pub is_trigger: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.is_trigger {
            true => "the trigger ",
            false => "",
        };
        let how = match self.is_changed {
            true => "was changed",
            false => "is missing",
        };
        write!(out, "{what}`{}` {how}", self.name)
    }
}

/// Fails when one of our own tables, indexes or triggers is missing or has another text.
/// Tables of modules and whatever users added beside ours are not looked at.
pub(super) fn check(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let found = differences(conn).map_err(|source| OpenError::Database {
        path: path.to_owned(),
        doing: "comparing its tables",
        source,
    })?;
    match found.first() {
        None => Ok(()),
        Some(difference) => Err(OpenError::Drifted {
            path: path.to_owned(),
            detail: difference.to_string(),
        }),
    }
}

/// Lists everything of ours that is missing or has another text, by name.
pub(crate) fn differences(conn: &Connection) -> rusqlite::Result<Vec<Difference>> {
    let (expected, found) = (objects(&migrate::fresh()?)?, objects(conn)?);
    let differs = expected
        .into_iter()
        .filter(|(name, sql)| found.get(name) != Some(sql));
    Ok(differs
        .map(|(name, sql)| Difference {
            is_changed: found.contains_key(&name),
            is_trigger: sql.starts_with("CREATE TRIGGER"),
            name,
        })
        .collect())
}

fn objects(conn: &Connection) -> rusqlite::Result<Objects> {
    // The table of inputs gets columns as modules are loaded.
    let mut statement = conn.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> ?1 AND name LIKE '\\_smithers\\_%' ESCAPE '\\'",
    )?;
    let rows = statement.query_map([INPUT_TABLE], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
