//! Where backups go, and what may be replaced by a restore.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use smithers_model::RunId;
use smithers_model::audit::Channel;
use smithers_model::time::Clock;
use smithers_store::ops::{self, BackupOptions, Error, Method};
use smithers_store::testkit::{Everything, ManualClock, ScratchDb};
use smithers_store::{Backend, OpenError};

use super::{back_up, backed_up, fill, options, restore};
use crate::workload::{RUNS, Workload};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn everything(scratch: &ScratchDb) -> Everything {
    let runs = RUNS.map(RunId::from);
    Everything::read(&*scratch.open().reader().unwrap(), &runs).unwrap()
}

#[test]
fn only_the_owner_may_read_a_backup() {
    let (_scratch, backup) = backed_up();
    assert_eq!(mode(&backup.folder), 0o700);
    assert_eq!(mode(backup.folder.parent().unwrap()), 0o700);
    for entry in fs::read_dir(&backup.folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_backup_is_a_copy_and_a_manifest_and_nothing_else() {
    let (_scratch, backup) = backed_up();
    let mut names: Vec<String> = fs::read_dir(&backup.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["manifest.json", "smithers-19700101T000000.000Z.db"]);
}

#[test]
fn a_restored_database_answers_as_the_one_that_was_backed_up() {
    for method in [Method::Online, Method::Vacuum] {
        let (scratch, place) = (ScratchDb::new(), ScratchDb::new());
        fill(&scratch.open(), &mut Workload::new(100), 30);
        ops::audit::note_migrations(&scratch.path(), Channel::Cli).unwrap();
        let backup = back_up(&scratch, method).unwrap();
        let before = everything(&scratch);
        restore(&backup, place.path(), false).unwrap();
        let conn = Connection::open(place.path()).unwrap();
        let restored: String = conn
            .query_row(
                "SELECT kind || ' ' || outcome || ' ' || subject FROM _smithers_audit ORDER BY seq DESC",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(
            restored,
            format!("restore restored {}", backup.manifest.backup_id)
        );
        let mut after = everything(&place);
        after.forget_newest_audit_row();
        assert!(after == before, "{method:?} gives other answers");
    }
}

#[test]
fn a_restore_over_a_database_needs_force_and_keeps_what_was_there_with_its_log() {
    let (scratch, backup) = backed_up();
    let place = ScratchDb::new();
    // Dropped without a clean end, as a crash does: the run is only in the log.
    let store = place.open();
    fill(&store, &mut Workload::new(100), 9);
    let crashed = ScratchDb::new();
    for suffix in ["", "-wal"] {
        let name = |place: &ScratchDb| format!("{}{suffix}", place.path().display());
        fs::copy(name(&place), name(&crashed)).unwrap();
    }
    let refused = restore(&backup, crashed.path(), false).unwrap_err();
    assert!(matches!(refused, Error::Exists { .. }), "{refused}");

    let restored = restore(&backup, crashed.path(), true).unwrap();
    assert_eq!(
        crashed
            .open()
            .reader()
            .unwrap()
            .events(&"r0".into(), None, 99)
            .unwrap()
            .len(),
        10
    );
    let kept = restored.replaced.unwrap();
    let kept = Connection::open(kept).unwrap();
    let events: i64 = kept
        .query_row("SELECT count(*) FROM _smithers_events", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(events, 9);
    drop(scratch);
}

#[test]
fn a_log_that_was_left_behind_is_not_played_onto_a_restored_database() {
    let (scratch, backup) = backed_up();
    let place = ScratchDb::new();
    let store = scratch.open();
    fill_more(&store);
    fs::copy(
        format!("{}-wal", scratch.path().display()),
        format!("{}-wal", place.path().display()),
    )
    .unwrap();
    restore(&backup, place.path(), false).unwrap();
    assert!(
        place
            .open()
            .reader()
            .unwrap()
            .run(&"later".into())
            .unwrap()
            .is_none()
    );
    assert!(
        ops::check(&place.path(), ops::Depth::Full, &mut |_| {})
            .unwrap()
            .is_sound()
    );
}

fn fill_more(store: &dyn Backend) {
    let mut script = smithers_store::testkit::RunScript::new("later");
    script.epoch = store.epoch();
    smithers_store::testkit::commit_all(store, [script.launch()]);
}

#[test]
fn a_restore_onto_the_database_of_a_running_gateway_is_refused() {
    let (scratch, backup) = backed_up();
    let store = scratch.open();
    let refused = restore(&backup, scratch.path(), true).unwrap_err();
    assert!(
        matches!(refused, Error::Open(OpenError::InUse { .. })),
        "{refused}"
    );
    drop(store);
    restore(&backup, scratch.path(), true).unwrap();
}

#[test]
fn only_the_newest_backups_of_the_same_database_are_kept() {
    let (scratch, other) = (ScratchDb::new(), ScratchDb::new());
    scratch.open();
    other.open();
    let out = scratch.folder().join("backups");
    let clock = ManualClock::default();
    let make = |database: &ScratchDb, keep| {
        clock.advance(Duration::from_secs(1));
        let options = BackupOptions {
            out: out.clone(),
            keep: NonZeroUsize::new(keep),
            ..options(database, Method::Online)
        };
        ops::backup(&options, &clock, &mut |_| {}).unwrap()
    };
    let foreign = make(&other, 0).folder;
    let _old = (make(&scratch, 0), make(&scratch, 0));
    let kept = make(&scratch, 0).folder;
    let newest = make(&scratch, 2);
    assert_eq!(newest.removed.len(), 2);
    let left: Vec<_> = ops::list(&out)
        .unwrap()
        .into_iter()
        .map(|backup| backup.folder)
        .collect();
    assert_eq!(left, [newest.folder, kept, foreign]);
    assert_eq!(clock.now().0, 5_000);
}

#[test]
fn a_backup_into_a_folder_that_somebody_writes_to_is_refused() {
    let (scratch, _) = backed_up();
    let lock = scratch.folder().join("backups/.lock");
    let held = fs::File::options().write(true).open(lock).unwrap();
    held.lock().unwrap();
    let refused = back_up(&scratch, Method::Online).unwrap_err();
    assert!(matches!(refused, Error::Busy { .. }), "{refused}");
}

#[test]
fn there_is_no_backup_of_what_is_no_database() {
    let scratch = ScratchDb::new();
    let missing = back_up(&scratch, Method::Online).unwrap_err();
    assert!(
        matches!(
            missing,
            Error::Missing {
                what: "database",
                ..
            }
        ),
        "{missing}"
    );
    assert!(!scratch.path().exists(), "looking makes nothing");
    Connection::open(scratch.path())
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x)")
        .unwrap();
    let foreign = back_up(&scratch, Method::Online).unwrap_err();
    assert!(
        matches!(foreign, Error::Open(OpenError::Foreign { .. })),
        "{foreign}"
    );
}

#[test]
fn a_backup_of_an_older_version_is_migrated_when_it_is_restored() {
    let (scratch, place) = (ScratchDb::new(), ScratchDb::new());
    fill(&scratch.open(), &mut Workload::new(100), 9);
    let head = ops::plan(&scratch.path()).unwrap().pop().unwrap().id;
    let conn = Connection::open(scratch.path()).unwrap();
    conn.execute_batch(&undo(&head)).unwrap();
    drop(conn);
    let backup = back_up(&scratch, Method::Online).unwrap();
    assert_ne!(backup.manifest.contents.head, head);
    restore(&backup, place.path(), false).unwrap();
    let steps = ops::plan(&place.path()).unwrap();
    assert!(
        steps
            .iter()
            .all(|step| step.applied_at_ms.is_some() && step.known)
    );
    assert!(
        ops::check(&place.path(), ops::Depth::Full, &mut |_| {})
            .unwrap()
            .is_sound()
    );
}

/// Undoes migration `id`, of which it is expected that it only adds tables, columns and indexes.
fn undo(id: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let sql = fs::read_to_string(format!("{folder}/{id}.sql")).unwrap();
    let added = sql.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["CREATE", "TABLE", table, ..] => Some(format!("DROP TABLE {table};")),
            ["CREATE", "INDEX", index, ..] | ["CREATE", "UNIQUE", "INDEX", index, ..] => {
                Some(format!("DROP INDEX IF EXISTS {index};"))
            }
            ["ALTER", "TABLE", table, "ADD", "COLUMN", column, ..] => {
                Some(format!("ALTER TABLE {table} DROP COLUMN {column};"))
            }
            _ => None,
        }
    });
    // What was added last goes first: indexes before their columns.
    let mut undoing: Vec<String> = added.collect();
    undoing.reverse();
    let ledger = format!("DELETE FROM _smithers_schema_migrations WHERE id = '{id}';");
    undoing.concat() + &ledger
}
