//! Making a backup: a copy that is checked, hashed, described, and only then named.

use std::fs::{self, File, TryLockError};
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use smithers_model::Timestamp;
use smithers_model::time::Clock;

use super::catalogue;
use super::check::{Depth, check};
use super::copy::{Method, copy};
use super::error::{Error, files};
use super::files::{make_folder, rename, sync, write_new};
use super::hash;
use super::inspect::inspect;
use super::manifest::{IncludedFile, Manifest};
use super::module;
use super::progress::Watcher;

/// Begins the names of backups.
pub(super) const PREFIX: &str = "smithers-";
/// Begins the names of folders that are being written or removed; one that nobody works on is rubbish.
pub(super) const PARTIAL: &str = ".partial-";
/// Held while a backup is written to the folder.
const LOCK: &str = ".lock";

/// What to back up, and where to.
#[derive(Clone, Debug)]
pub struct BackupOptions {
    /// The database file; a gateway may be running on it.
    pub database: PathBuf,
    /// The folder that gets the backup as a folder of its own; it is made when it does not exist.
    pub out: PathBuf,
    /// How the copy is made.
    pub method: Method,
    /// How many backups of this database to keep, the new one included; `None` keeps all.
    pub keep: Option<NonZeroUsize>,
    /// Whether the sources of the newest deployment's module are written out beside the copy, which holds them too.
    pub with_module: bool,
    /// Further files, such as the token store.
    pub attachments: Vec<Attachment>,
    /// Version of the program, for the manifest.
    pub product_version: String,
}

/// A file that goes into a backup beside the copy.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its name in the folder of the backup, without a folder.
    pub name: String,
    /// What it is, for example `token-store`.
    pub kind: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// A backup that is on the disk.
#[derive(Clone, Debug)]
pub struct CreatedBackup {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Older backups that were removed.
    pub removed: Vec<PathBuf>,
}

/// Makes a backup. Whatever ends this early leaves nothing that looks like one.
///
/// # Errors
/// There is no such database, the disk is too full, another backup is being written to the same folder, or the copy
/// is not sound, because the database is not.
pub fn backup(
    options: &BackupOptions,
    clock: &dyn Clock,
    watch: &mut Watcher<'_>,
) -> Result<CreatedBackup, Error> {
    let started_at = clock.now();
    make_folder(&options.out)?;
    let _lock = lock(&options.out)?;
    catalogue::remove_partial(&options.out)?;
    let name = format!("{PREFIX}{}", stamp(started_at));
    let draft = options.out.join(format!("{PARTIAL}{name}"));
    let folder = options.out.join(&name);
    make_folder(&draft)?;
    let written = write(options, &draft, &name, (started_at, clock), watch);
    let manifest = match written {
        Ok(manifest) => manifest,
        Err(error) => {
            // The next backup removes what this leaves.
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
    };
    sync(&draft)?;
    rename(&draft, &folder)?;
    let removed = match options.keep {
        Some(keep) => catalogue::prune(&options.out, &manifest.contents.database_id, keep)?,
        None => Vec::new(),
    };
    Ok(CreatedBackup {
        folder,
        manifest,
        removed,
    })
}

fn write(
    options: &BackupOptions,
    draft: &Path,
    name: &str,
    (started_at, clock): (Timestamp, &dyn Clock),
    watch: &mut Watcher<'_>,
) -> Result<Manifest, Error> {
    let database = format!("{name}.db");
    let path = draft.join(&database);
    copy(&options.database, &path, options.method, watch)?;
    let report = check(&path, Depth::Full, watch)?;
    if !report.is_sound() {
        return Err(Error::Unsound {
            what: "database",
            path: options.database.clone(),
            problems: report.problems(),
        });
    }
    let contents = inspect(&path, watch)?;
    let (sha256, size_bytes) = hash::of_file(&path, watch)?;
    let mut attachments = options.attachments.clone();
    if options.with_module {
        attachments.extend(module::attachment(&path)?);
    }
    let included = attach(&attachments, draft)?;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        backup_id: format!("backup_{}", uuid::Uuid::now_v7().simple()),
        product_version: options.product_version.clone(),
        source: options.database.display().to_string(),
        method: options.method,
        started_at_ms: started_at.0,
        finished_at_ms: clock.now().0,
        database: IncludedFile {
            name: database,
            kind: "database".to_owned(),
            size_bytes,
            sha256,
        },
        contents,
        files: included,
        digest: String::new(),
    };
    manifest.write(draft)
}

fn attach(attachments: &[Attachment], draft: &Path) -> Result<Vec<IncludedFile>, Error> {
    let write = |attachment: &Attachment| {
        write_new(&draft.join(&attachment.name), &attachment.content)?;
        Ok(IncludedFile {
            name: attachment.name.clone(),
            kind: attachment.kind.clone(),
            size_bytes: attachment.content.len() as u64,
            sha256: hash::of_bytes(&attachment.content),
        })
    };
    attachments.iter().map(write).collect()
}

/// One backup at a time is written to a folder, so that whatever else is half written there is left from a crash.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let opened = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path);
    let file = files(opened, "open", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => files(Err(source), "lock", &path),
    }
}

/// The time as names of files have it: `20260128T101112.345Z`.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_iso().replace(['-', ':'], "")
}
