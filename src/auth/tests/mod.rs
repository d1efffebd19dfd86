//! Grants in their formats, the store under change, and the whole way from a request to an identity.

mod clock;
mod ending;
mod formats;
mod gatekeeper;
mod reload;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use smithers_model::Timestamp;
use smithers_model::time::Clock;
use tempfile::TempDir;

use super::GrantStore;

const NOW: Timestamp = Timestamp(1_000_000);

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// A folder with a token store in it.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Folder {
        Folder {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.json")
    }

    /// Replaces the file as the tools do: a new one beside it, then renamed.
    fn write(&self, text: &str) {
        let new = self.folder.path().join("new.json");
        std::fs::write(&new, text).unwrap();
        set_mode(&new, 0o600);
        std::fs::rename(new, self.path()).unwrap();
    }

    fn write_tokens(&self, tokens: Value) {
        self.write(&json!({"version": 2, "tokens": tokens}).to_string());
    }

    fn open(&self) -> GrantStore {
        self.open_with(false)
    }

    fn open_with(&self, allow_loose_mode: bool) -> GrantStore {
        let (trail, clock) = (Arc::default(), Arc::new(Still));
        GrantStore::open(self.path(), allow_loose_mode, trail, clock)
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What a store says about a bearer: the token id or the refusal.
fn verdict(store: &GrantStore, bearer: &str) -> Result<String, String> {
    let identity = store
        .authenticate(Some(bearer), NOW)
        .map_err(|error| error.message().to_owned())?;
    Ok(identity.token_id.unwrap())
}
