//! Putting one database in the place of another. The name changes hands in one instant: a crash leaves either.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use smithers_model::Timestamp;

use super::backup::stamp;
use super::error::{Error, files};
use super::files::{beside, remove_file, rename, size_of};

/// Returns the name under which a database is kept that is replaced at `at`.
pub(super) fn aside(path: &Path, at: Timestamp) -> PathBuf {
    beside(path, &format!(".replaced-{}", stamp(at)))
}

/// Renames `draft`, which needs no log beside it, to `to`. The database that was there is kept as `replaced`.
pub(super) fn put_in_place(draft: &Path, to: &Path, replaced: Option<&Path>) -> Result<(), Error> {
    if let Some(replaced) = replaced {
        keep(to, replaced)?;
    }
    // A log that stayed would be played onto the new file.
    remove_file(&beside(to, "-wal"))?;
    remove_file(&beside(to, "-shm"))?;
    rename(draft, to)
}

/// Gives the database at `path` a second name. What is in its log goes into it, or with it when it is too damaged.
fn keep(path: &Path, replaced: &Path) -> Result<(), Error> {
    let wal = beside(path, "-wal");
    let is_folded = fold(path).is_ok() && size_of(&wal) == 0;
    files(fs::hard_link(path, replaced), "keep", path)?;
    if is_folded || !wal.exists() {
        return Ok(());
    }
    rename(&wal, &beside(replaced, "-wal"))
}

fn fold(path: &Path) -> rusqlite::Result<()> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    conn.close().map_err(|(_, error)| error)
}
