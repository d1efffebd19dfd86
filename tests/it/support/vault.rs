//! An operator's token store: the commands on it, and its files.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use smithers_testkit::Scratch;

use super::{Ended, binary, command, error_of, run, scratch};

/// A store that does not exist yet, and the environment of somebody who uses it.
pub(crate) struct Vault {
    pub(crate) scratch: Scratch,
}

impl Vault {
    pub(crate) fn new() -> Self {
        let mut scratch = scratch();
        std::fs::remove_file(scratch.path("tokens.json")).unwrap();
        let folder = binary().parent().unwrap().display();
        let path = std::env::var("PATH").unwrap();
        scratch.set("PATH", format!("{folder}:{path}"));
        Self { scratch }
    }

    /// A store with this text.
    pub(crate) fn with(text: &[u8]) -> Self {
        let vault = Self::new();
        std::fs::write(vault.path(), text).unwrap();
        set_mode(&vault.path(), 0o600);
        vault
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.scratch.path("tokens.json")
    }

    /// The text of a file beside the store; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.scratch.path(name)).unwrap_or_default()
    }

    /// Runs `smithers token` with these arguments.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        run(&self.scratch, &[&["token"], arguments].concat()).await
    }

    /// As [`run`](Self::run), for a process that is waited for or signalled.
    pub(crate) fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        command(&self.scratch, &[&["token"], arguments].concat())
    }

    /// Runs a line in a shell that finds the binary as `smithers`.
    pub(crate) async fn shell(&self, line: &str) -> Ended {
        let output = tokio::process::Command::new("/bin/sh")
            .args(["-c", line])
            .env_clear()
            .envs(self.scratch.environment())
            .current_dir(self.scratch.path(""))
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(super::PATIENCE, output).await;
        let output = output.expect("the line ends by itself").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs a command with `--json` that must succeed, and returns its data.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[&["--json"], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Runs a command with `--json` that must fail with `exit`, and returns its error.
    pub(crate) async fn error(&self, arguments: &[&str], exit: i32) -> Value {
        let ended = self.run(&[&["--json"], arguments].concat()).await;
        assert_eq!(ended.code, Some(exit), "{arguments:?}: {ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
        error_of(&ended)
    }

    /// Issues a token and returns its id, its handle and its bearer.
    pub(crate) async fn issue(&self, arguments: &[&str]) -> (String, String, String) {
        let issued = self
            .json(&[&["issue", "--reveal-token"], arguments].concat())
            .await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&issued["grant"]["tokenId"]),
            text(&issued["actionToken"]["handle"]),
            text(&issued["token"]),
        )
    }

    /// All records of the audit trail.
    pub(crate) fn records(&self) -> Vec<Value> {
        let text = self.text("tokens.json.audit.jsonl");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
