//! Where runs are stored.

use std::fmt;
use std::path::{Path, PathBuf};

use super::key::key;
use super::reader::{Fallback, Reader};
use super::sources::DATA_DIR;

/// Where runs are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The database file.
    pub db_path: PathBuf,
    /// The folder of its backups.
    pub backup_dir: PathBuf,
    /// How far a commit has come when it is acknowledged.
    pub synchronous: Synchronous,
}

/// How far a commit has come when it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// It is on the disk: it survives the loss of power.
    Full,
    /// The operating system has it: it survives the death of the process.
    Normal,
}

impl fmt::Display for Synchronous {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        })
    }
}

impl Storage {
    pub(super) fn read(reader: &mut Reader<'_>) -> Storage {
        reader.section("storage", "Where runs are stored.");
        let words = [("full", Synchronous::Full), ("normal", Synchronous::Normal)];
        let db_path = db_path(reader);
        Storage {
            backup_dir: backup_dir(reader, &db_path),
            db_path,
            synchronous: reader.word(
                key(
                    "storage.synchronous",
                    "SMITHERS_DB_SYNCHRONOUS",
                    "How far a commit has come when it is acknowledged: on the disk, or with the operating system.",
                ),
                Synchronous::Full,
                &words,
            ),
        }
    }

    /// Warns that the promises of durability do not cover the loss of power.
    pub(super) fn warning(&self) -> Option<String> {
        let is_normal = self.synchronous == Synchronous::Normal;
        is_normal.then(|| {
            "SMITHERS_DB_SYNCHRONOUS is normal: what was acknowledged survives the death of the process, not the loss of power"
                .to_owned()
        })
    }
}

fn db_path(reader: &mut Reader<'_>) -> PathBuf {
    let surroundings = reader.surroundings();
    let usual = format!("{DATA_DIR}/smithers.db");
    let reason = || Some("there is no /data".to_owned());
    let fallback = if surroundings.has_data_dir {
        Fallback {
            value: usual.clone(),
            reason: None,
        }
    } else if surroundings.has_project_dir {
        Fallback {
            value: ".smithers/smithers.db".into(),
            reason: reason(),
        }
    } else {
        Fallback {
            value: "./smithers.db".into(),
            reason: reason(),
        }
    };
    let key = key("storage.db_path", "SMITHERS_DB_PATH", "The database file.");
    reader.text_or(key, "a path", &usual, fallback).into()
}

fn backup_dir(reader: &mut Reader<'_>, db_path: &Path) -> PathBuf {
    let usual = format!("{DATA_DIR}/backups");
    let value = db_path.with_file_name("backups").display().to_string();
    let reason = (value != usual).then(|| "beside the database".to_owned());
    let key = key(
        "storage.backup_dir",
        "SMITHERS_BACKUP_DIR",
        "The folder of its backups.",
    );
    let fallback = Fallback { value, reason };
    reader.text_or(key, "a path", &usual, fallback).into()
}
