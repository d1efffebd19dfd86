//! The sources of the module that was served last, as a file that people can read without the database.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::backup::Attachment;
use super::error::{Error, database};
use super::open::reading;
use crate::read::ModuleReader;
use crate::sqlite::SqliteReader;

/// Returns the module graph of the newest deployment in the database at `path`; `None` when it served no module.
pub(super) fn attachment(path: &Path) -> Result<Option<Attachment>, Error> {
    let conn = reading(path)?;
    let hash = database(newest_hash(&conn), "reading its deployments", path)?;
    let Some(hash) = hash else {
        return Ok(None);
    };
    let graph = SqliteReader::alone(conn).module_graph(&hash);
    let graph = graph.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(graph.map(|graph| {
        let file = |(path, source): &(String, String)| json!({"path": path, "source": source});
        let files: Vec<_> = graph.files.iter().map(file).collect();
        let text = json!({"hash": graph.hash, "entry": graph.entry, "files": files});
        Attachment {
            name: "module.json".to_owned(),
            kind: "module".to_owned(),
            content: format!("{text:#}\n").into_bytes(),
        }
    }))
}

fn newest_hash(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT module_hash FROM _smithers_deployments ORDER BY rowid DESC LIMIT 1";
    Ok(conn
        .query_row(sql, [], |row| row.get(0))
        .optional()?
        .flatten())
}
