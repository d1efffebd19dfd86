//! Restoring a backup: beside the place, checked, and only then in the place.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::run::RunStatus;
use smithers_model::time::Clock;
use smithers_model::{RawJson, Timestamp};

use super::audit;
use super::copy::seal;
use super::disk::require_space;
use super::error::{Error, files};
use super::files::{beside, folder_of, make_file, make_folder, remove_file};
use super::hash;
use super::manifest::Manifest;
use super::open::reading;
use super::progress::Watcher;
use super::replace::{aside, put_in_place};
use super::verify::verify;
use crate::read::{ApprovalFilter, ApprovalReader, ReadResult, RunReader};
use crate::sqlite::{self, OwnerLock, SqliteReader};

/// Most approvals that are listed as waiting.
const MOST_WAITING: usize = 10_000;
/// Runs read at a time.
const PAGE: usize = 1000;

/// Which backup to restore, and where to.
#[derive(Clone, Debug)]
pub struct RestoreOptions {
    /// Folder of the backup.
    pub backup: PathBuf,
    /// The database file to make.
    pub to: PathBuf,
    /// Whether a database that is there is replaced; it is kept under another name.
    pub force: bool,
    /// Who restores it, for the audit trail.
    pub actor_id: Option<String>,
}

/// A database that was made from a backup.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// Id of the backup.
    pub backup_id: String,
    /// The database file.
    pub database: PathBuf,
    /// Where the database went that was there before.
    pub replaced: Option<PathBuf>,
    /// When the backup was begun, milliseconds since 1970: whatever happened later is not known here.
    pub as_of_ms: i64,
    /// Time of the newest event.
    pub newest_event_at_ms: Option<i64>,
    /// When it was restored.
    pub restored_at_ms: i64,
    /// Runs that were under way; the next gateway takes them up where they stood.
    pub runs_to_resume: usize,
    /// Approvals that waited; decisions that were made since are unknown.
    pub unknown_since: Vec<WaitingApproval>,
}

/// An approval that waited when the backup was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitingApproval {
    /// The run that asks.
    pub run_id: String,
    /// The node that waits.
    pub node_id: String,
    /// Its iteration.
    pub iteration: u32,
    /// What is asked.
    pub title: String,
    /// When it was asked, milliseconds since 1970.
    pub requested_at_ms: i64,
}

/// Makes the database `options.to` from a backup. Until the last moment, whatever was there stays as it was.
///
/// # Errors
/// A gateway runs on the place, something is there and `force` is not set, the backup is not sound, or the disk is too
/// full.
pub fn restore(
    options: &RestoreOptions,
    clock: &dyn Clock,
    watch: &mut Watcher<'_>,
) -> Result<Restored, Error> {
    let to = &options.to;
    Manifest::read(&options.backup)?;
    make_folder(folder_of(to))?;
    // Held to the end: no gateway can start on what is being replaced.
    let _lock = OwnerLock::acquire(to)?;
    if to.exists() && !options.force {
        return Err(Error::Exists { path: to.clone() });
    }
    let manifest = verify(&options.backup, watch)?.manifest;
    let draft = beside(to, ".restoring");
    fetch(&manifest, &options.backup, &draft, watch)?;
    let restored_at = clock.now();
    let replaced = to.exists().then(|| aside(to, restored_at));
    let restored = settle(&manifest, options, &draft, restored_at, replaced)?;
    put_in_place(&draft, to, restored.replaced.as_deref())?;
    Ok(restored)
}

/// Copies the database of a backup to `draft`, and makes sure that what was verified is what was copied.
fn fetch(
    manifest: &Manifest,
    backup: &Path,
    draft: &Path,
    watch: &mut Watcher<'_>,
) -> Result<(), Error> {
    // Left by a restore that was cut off.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        remove_file(&beside(draft, suffix))?;
    }
    require_space(folder_of(draft), draft, manifest.database.size_bytes)?;
    let from = backup.join(&manifest.database.name);
    let mut file = make_file(draft)?;
    let (sha256, _) = hash::copy_into(&from, &mut file, draft, watch)?;
    files(file.sync_all(), "sync", draft)?;
    if sha256 == manifest.database.sha256 {
        return Ok(());
    }
    Err(Error::Unsound {
        what: "backup",
        path: from,
        problems: vec!["it changed while it was copied".to_owned()],
    })
}

/// Brings the copy up to this version and writes into it that it was restored.
fn settle(
    manifest: &Manifest,
    options: &RestoreOptions,
    draft: &Path,
    restored_at: Timestamp,
    replaced: Option<PathBuf>,
) -> Result<Restored, Error> {
    sqlite::bring_up(draft, false)?;
    audit::note_migrations(draft, Channel::CliOffline)?;
    let reader = SqliteReader::alone(reading(draft)?);
    let found = waiting(&reader).and_then(|waiting| Ok((waiting, live_runs(&reader)?)));
    let (unknown_since, runs_to_resume) = found.map_err(|source| Error::Read {
        path: draft.to_owned(),
        source,
    })?;
    drop(reader);
    let restored = Restored {
        backup_id: manifest.backup_id.clone(),
        database: options.to.clone(),
        replaced,
        as_of_ms: manifest.started_at_ms,
        newest_event_at_ms: manifest.contents.newest_event_at_ms,
        restored_at_ms: restored_at.0,
        runs_to_resume,
        unknown_since,
    };
    audit::append(draft, record(&restored, options))?;
    seal(draft)?;
    Ok(restored)
}

fn record(restored: &Restored, options: &RestoreOptions) -> AuditRecord {
    let detail = json!({
        "asOfMs": restored.as_of_ms,
        "newestEventAtMs": restored.newest_event_at_ms,
        "runsToResume": restored.runs_to_resume,
        "approvalsUnknownSince": restored.unknown_since.len(),
    });
    AuditRecord {
        actor_id: options.actor_id.clone(),
        subject: Some(restored.backup_id.clone()),
        detail: RawJson::of(&detail),
        ..AuditRecord::new(
            Timestamp(restored.restored_at_ms),
            Channel::CliOffline,
            kind::RESTORE,
            "restored",
        )
    }
}

fn waiting(reader: &SqliteReader) -> ReadResult<Vec<WaitingApproval>> {
    let waiting = reader
        .pending(&ApprovalFilter::all(MOST_WAITING))?
        .into_iter();
    let shown = waiting.map(|pending| {
        let approval = pending.approval;
        WaitingApproval {
            run_id: approval.run_id.to_string(),
            node_id: approval.node.node_id.to_string(),
            iteration: approval.node.iteration,
            title: approval.request.title,
            requested_at_ms: approval.requested_at.0,
        }
    });
    Ok(shown.collect())
}

fn live_runs(reader: &SqliteReader) -> ReadResult<usize> {
    let (mut live, mut after) = (0, None);
    loop {
        let page = reader.run_ids_with_status(RunStatus::Running, after.as_ref(), PAGE)?;
        live += page.len();
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.clone()),
            _ => return Ok(live),
        }
    }
}
