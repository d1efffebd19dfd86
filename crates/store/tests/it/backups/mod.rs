//! Backups: made under load, verified, damaged, restored (operations 3).

mod damage;
mod findings;
mod load;
mod places;

use std::path::PathBuf;

use smithers_model::RunId;
use smithers_store::ops::{
    self, BackupOptions, CreatedBackup, Error, Method, RestoreOptions, Restored,
};
use smithers_store::testkit::{ManualClock, ScratchDb, commit, definition};
use smithers_store::{Backend, SqliteStore};

use crate::workload::{RUNS, Workload};

/// What to do to back up `scratch` into its folder `backups`.
fn options(scratch: &ScratchDb, method: Method) -> BackupOptions {
    BackupOptions {
        database: scratch.path(),
        out: scratch.folder().join("backups"),
        method,
        keep: None,
        with_module: true,
        attachments: Vec::new(),
        product_version: "0.1.0".into(),
    }
}

fn back_up(scratch: &ScratchDb, method: Method) -> Result<CreatedBackup, Error> {
    ops::backup(
        &options(scratch, method),
        &ManualClock::default(),
        &mut |_| {},
    )
}

fn restore(backup: &CreatedBackup, to: PathBuf, force: bool) -> Result<Restored, Error> {
    let options = RestoreOptions {
        backup: backup.folder.clone(),
        to,
        force,
        actor_id: None,
    };
    ops::restore(&options, &ManualClock::default(), &mut |_| {})
}

/// Writes `steps` steps of `bytes` each through a write path of its own.
fn fill(store: &SqliteStore, workload: &mut Workload, steps: usize) {
    let mut transactions = store.open_writer().unwrap();
    transactions
        .define_outputs(&[definition()])
        .unwrap()
        .unwrap();
    for step in 0..steps {
        let run = RunId::from(RUNS[step % RUNS.len()]);
        let committed = commit(&mut *transactions, workload.step(&run)).unwrap();
        workload.committed(&committed.into());
    }
}

/// A database with a few runs, and a backup of it.
fn backed_up() -> (ScratchDb, CreatedBackup) {
    let scratch = ScratchDb::new();
    fill(&scratch.open(), &mut Workload::new(100), 30);
    let backup = back_up(&scratch, Method::Online).unwrap();
    (scratch, backup)
}

/// Changes a database as somebody does who can write the file: the triggers are away for that time.
fn tamper(scratch: &ScratchDb, damage: &str) {
    let conn = rusqlite::Connection::open(scratch.path()).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    let triggers: Vec<(String, String)> = conn
        .prepare(sql)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        conn.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    conn.execute_batch(damage).unwrap();
    for (_, sql) in &triggers {
        conn.execute_batch(sql).unwrap();
    }
}
