//! What SQLite can tell of its pages and references, and whether the tables are those of the migrations.

use rusqlite::Connection;

use super::{Depth, Finding, MOST_PROBLEMS, finding, skipped, texts};
use crate::ops::progress::{Progress, Stage, Watcher};
use crate::sqlite;

/// SQLite's own examination of pages, cells and, when it is full, indexes.
pub(super) fn integrity(
    conn: &Connection,
    depth: Depth,
    watch: &mut Watcher<'_>,
) -> rusqlite::Result<Vec<String>> {
    watch(Progress::begun(Stage::Checking));
    let pragma = match depth {
        Depth::Quick => "quick_check",
        Depth::Full => "integrity_check",
    };
    let mut found = texts(conn, &format!("PRAGMA {pragma}({MOST_PROBLEMS})"))?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// Rows that refer to rows that are not there.
pub(super) fn foreign_keys(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    texts(
        conn,
        "SELECT format('%d rows of `%s` refer to rows of `%s` that are missing', count(*), \"table\", parent)
         FROM pragma_foreign_key_check GROUP BY \"table\", parent",
    )
}

/// Tables, indexes and triggers are those that the ladder makes; nobody has dropped or changed one.
pub(super) fn schema(conn: &Connection) -> Finding {
    const ID: &str = "schema";
    match sqlite::newest_migration(conn) {
        Ok(head) if head == sqlite::head_id() => {}
        Ok(head) => {
            let known = sqlite::head_id();
            return skipped(
                ID,
                format!("its newest migration is `{head}`, not `{known}`"),
            );
        }
        Err(error) => return finding(ID, Err(error)),
    }
    let differences = sqlite::differences_in(conn);
    let told = differences.map(|found| found.iter().map(ToString::to_string).collect());
    finding(ID, told)
}
