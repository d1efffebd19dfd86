//! A database file in a folder that is removed afterwards.

use std::path::{Path, PathBuf};

use crate::sqlite::{SqliteOptions, SqliteStore};

/// A folder with room for a database. Removed when this is dropped.
pub struct ScratchDb {
    folder: tempfile::TempDir,
}

impl ScratchDb {
    /// Makes the folder.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("the system has room for a temporary folder"),
        }
    }

    /// Where the database is, or will be.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("smithers.db")
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The usual options.
    pub fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.path())
    }

    /// Opens the database.
    pub fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.options()).expect("the database opens")
    }
}

impl Default for ScratchDb {
    fn default() -> Self {
        Self::new()
    }
}
