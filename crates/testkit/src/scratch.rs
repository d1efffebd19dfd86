//! A folder of its own for one gateway: database, token store, module and extra environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Limits that a person keeps and a test does not; off unless a test sets them.
const LIMITS: [&str; 5] = [
    "SMITHERS_LIMIT_FAILED_AUTH_PER_MINUTE",
    "SMITHERS_LIMIT_FAILED_AUTH_TOTAL_PER_MINUTE",
    "SMITHERS_LIMIT_REQUESTS_PER_MINUTE",
    "SMITHERS_LIMIT_LAUNCHES_PER_MINUTE",
    "SMITHERS_LIMIT_APPROVALS_PER_MINUTE",
];

/// The place and the settings of one gateway; survives restarts of the process.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Scratch {
    /// Makes a folder with the token store `tokens` (bearer to grant) and sets the environment of
    /// a gateway that lives in it, without limits of rate. Further variables are set with [`Scratch::set`].
    ///
    /// # Errors
    ///
    /// Fails when the folder or the token store cannot be written.
    pub fn new(tokens: &Value) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("smithers-test-")
            .tempdir()
            .context("failed to make a scratch folder")?;
        let mut scratch = Self {
            folder,
            environment: BTreeMap::new(),
        };
        scratch.write_tokens(tokens)?;
        for limit in LIMITS {
            scratch.set(limit, "0");
        }
        scratch.set("PORT", "0");
        scratch.set("SMITHERS_LOG", "warn");
        scratch.set("SMITHERS_GATEWAY_HOST", "127.0.0.1");
        scratch.set("SMITHERS_DB_PATH", scratch.database().display().to_string());
        scratch.set(
            "SMITHERS_TOKEN_STORE",
            scratch.path("tokens.json").display().to_string(),
        );
        Ok(scratch)
    }

    /// Writes the token store anew: the whole file, owner-only, replaced at once.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be written.
    pub fn write_tokens(&self, tokens: &Value) -> Result<()> {
        let store = json!({ "version": 2, "tokens": tokens, "actionTokens": {}, "audit": [] });
        let (draft, path) = (self.path("tokens.json.new"), self.path("tokens.json"));
        std::fs::write(&draft, format!("{store:#}\n"))
            .context("failed to write the token store")?;
        restrict_to_owner(&draft)?;
        std::fs::rename(&draft, &path).context("failed to replace the token store")
    }

    /// Sets a variable of the gateway's environment.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Takes a variable out of the gateway's environment.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Returns the environment of the gateway; it inherits nothing else of ours but `PATH`.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Returns the path of `name` inside the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the path of the database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path("smithers.db")
    }

    /// Keeps the folder on disk when the value is dropped, and returns where it is.
    #[must_use]
    pub fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }
}

#[cfg(unix)]
fn restrict_to_owner(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .context("failed to restrict the token store")
}

#[cfg(not(unix))]
fn restrict_to_owner(_path: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_store_is_written_for_the_owner_only() {
        let scratch =
            Scratch::new(&json!({ "t": { "role": "operator", "scopes": ["*"] } })).unwrap();
        let text = std::fs::read_to_string(scratch.path("tokens.json")).unwrap();
        let store: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(store["tokens"]["t"]["scopes"], json!(["*"]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(scratch.path("tokens.json"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0);
        }
    }

    #[test]
    fn variables_can_be_replaced_and_removed() {
        let mut scratch = Scratch::new(&json!({})).unwrap();
        scratch.set("PROBE_SLOW", "1");
        assert_eq!(scratch.environment()["PROBE_SLOW"], "1");
        scratch.unset("PROBE_SLOW");
        assert!(!scratch.environment().contains_key("PROBE_SLOW"));
        assert_eq!(scratch.environment()["PORT"], "0");
    }
}
