//! Copies of a database as it is at one instant, made while others read and write it.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use serde::{Deserialize, Serialize};

use super::disk::require_space;
use super::error::{Error, database};
use super::files::{beside, folder_of, make_file, remove_file, size_of, sync};
use super::open::reading;
use super::progress::{Progress, Stage, Watcher};

/// How a copy is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Page by page: as fast as the disk, and as large as the original.
    #[default]
    Online,
    /// Row by row into a new file: slower, without the free pages of the original.
    Vacuum,
}

/// Pages copied at a time, 4 MiB: often enough to tell how far it is.
const PAGES: i32 = 1024;
/// Time between two looks at how much a vacuum has written.
const LOOK: Duration = Duration::from_millis(200);

/// Copies the database at `from` to the new file `to`, which is complete by itself: it needs no log beside it.
///
/// The copy is of the instant at which it begins. The open read transaction keeps that instant readable however much
/// is written meanwhile, so no page is ever copied twice; the log grows until the copy is done.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    method: Method,
    watch: &mut Watcher<'_>,
) -> Result<(), Error> {
    let mut source = reading(from)?;
    require_space(folder_of(to), to, bytes_of(&source, from)?)?;
    make_file(to)?;
    match method {
        Method::Online => online(&mut source, from, to, watch)?,
        Method::Vacuum => vacuum(source, from, to, watch)?,
    }
    seal(to)
}

/// Bytes that the pages of the database take, those in its log included.
fn bytes_of(conn: &Connection, path: &Path) -> Result<u64, Error> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    database(
        conn.query_row(sql, [], |row| row.get(0)),
        "measuring it",
        path,
    )
}

fn online(
    source: &mut Connection,
    from: &Path,
    to: &Path,
    watch: &mut Watcher<'_>,
) -> Result<(), Error> {
    let snapshot = database(source.transaction(), "fixing the instant", from)?;
    // The first read, not BEGIN, fixes what the transaction sees.
    let seen = snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    database(seen, "fixing the instant", from)?;
    let mut target = database(Connection::open(to), "opening the copy", to)?;
    // Nobody needs a copy that was cut off; the whole of it is synced at the end.
    let set = target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    database(set, "opening the copy", to)?;
    let copying = database(Backup::new(&snapshot, &mut target), "copying it", from)?;
    loop {
        let step = database(copying.step(PAGES), "copying it", from)?;
        watch(pages(&copying));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Nobody else knows the copy, and the snapshot needs no lock: only a broken file system comes here.
            _ => return database(Err(locked()), "copying it", from),
        }
    }
    drop(copying);
    database(snapshot.commit(), "copying it", from)
}

fn pages(copying: &Backup<'_, '_>) -> Progress {
    let progress = copying.progress();
    let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
    let total = number(progress.pagecount);
    Progress {
        stage: Stage::Copying,
        done: total - number(progress.remaining).min(total),
        total: Some(total),
    }
}

fn locked() -> rusqlite::Error {
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    rusqlite::Error::SqliteFailure(busy, None)
}

/// One statement copies everything, so what was written of the file is the only sign of progress.
fn vacuum(
    source: Connection,
    from: &Path,
    to: &Path,
    watch: &mut Watcher<'_>,
) -> Result<(), Error> {
    let page = database(
        source.pragma_query_value(None, "page_size", |row| row.get::<_, u64>(0)),
        "measuring it",
        from,
    )?;
    let total = bytes_of(&source, from)? / page.max(1);
    // The statement writes to the copy, which a connection that may only query refuses.
    let allowed = source.pragma_update(None, "query_only", false);
    database(allowed, "copying it", from)?;
    let target = to.display().to_string();
    let copied = std::thread::scope(|scope| {
        let work = scope.spawn(move || source.execute("VACUUM INTO ?1", [target]).map(drop));
        while !work.is_finished() {
            std::thread::park_timeout(LOOK);
            watch(Progress {
                stage: Stage::Copying,
                done: (size_of(to) / page.max(1)).min(total),
                total: Some(total),
            });
        }
        work.join()
    });
    match copied {
        Ok(copied) => database(copied, "copying it", from),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Takes the copy out of log mode, so that one file holds all of it, and brings it to the disk.
pub(super) fn seal(path: &Path) -> Result<(), Error> {
    let settle = || -> rusqlite::Result<()> {
        let conn = Connection::open(path)?;
        conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
        conn.close().map_err(|(_, error)| error)
    };
    database(settle(), "sealing the copy", path)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        remove_file(&beside(path, suffix))?;
    }
    sync(path)
}
