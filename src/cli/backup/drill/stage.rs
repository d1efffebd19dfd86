//! The folder of a drill: a restored database, a token of its own, no settings.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use smithers_tokens::{Fingerprint, new_bearer};

use crate::cli::error::CliError;
use crate::cli::moment;

/// Name of the folder beside the backups; what a crash has left in it is removed by the next drill.
const FOLDER: &str = ".drill";
/// Held while somebody drills.
const LOCK: &str = ".drill.lock";
/// Longest life of the token, milliseconds.
const TOKEN_LIFE_MS: i64 = 3_600_000;

/// The folder, held by this process. Removed when this is dropped.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    bearer: SecretString,
    _lock: File,
}

impl Stage {
    /// Makes the folder in `out`, empty but for a token store with one token that may read runs.
    pub(super) fn prepare(out: &Path) -> anyhow::Result<Self> {
        let lock = lock(&out.join(LOCK))?;
        let folder = out.join(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder).context("failed to remove what the last drill has left")?;
        }
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| format!("failed to make `{}`", folder.display()))?;
        let stage = Self {
            folder,
            bearer: new_bearer().context("the operating system gives no random bytes")?,
            _lock: lock,
        };
        stage.write("smithers.toml", "")?;
        stage.write("tokens.json", &stage.grants())?;
        Ok(stage)
    }

    /// Where the database is restored to.
    pub(super) fn database(&self) -> PathBuf {
        self.path("smithers.db")
    }

    /// Returns the path of a file in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The bearer of the one token.
    pub(super) fn bearer(&self) -> &SecretString {
        &self.bearer
    }

    fn grants(&self) -> String {
        let key = Fingerprint::of(self.bearer.expose_secret())
            .expect("a new bearer has the form of one")
            .store_key();
        let grant = json!({
            "role": "viewer",
            "scopes": ["run:read"],
            "userId": "user:drill",
            "expiresAtMs": moment::now().0 + TOKEN_LIFE_MS,
        });
        json!({"version": 3, "tokens": { key: grant }, "actionTokens": {}}).to_string()
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("failed to make `{}`", path.display()))?;
        std::io::Write::write_all(&mut file, text.as_bytes())
            .with_context(|| format!("failed to write `{}`", path.display()))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What stays is removed by the next drill.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("failed to open `{}`", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(CliError::new("BACKUP_UNDER_WAY", "another drill is under way").into())
        }
        Err(TryLockError::Error(error)) => Err(error).context("failed to lock the folder"),
    }
}
