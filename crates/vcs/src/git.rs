//! Git as a process: an empty environment, no hooks, no questions, bounded output, a time limit.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::error::Error;

/// Longest time for one command; a checkout of a large repository is the longest.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most bytes that are read of what a command says.
const MOST_OUTPUT: u64 = 4 * 1024 * 1024;
/// Most characters of a message that an error repeats.
const MOST_MESSAGE: usize = 500;
/// Where the programs are.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Who makes commits that keep the state of a worktree.
const AUTHOR: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "smithers"),
    ("GIT_AUTHOR_EMAIL", "smithers@localhost"),
    ("GIT_COMMITTER_NAME", "smithers"),
    ("GIT_COMMITTER_EMAIL", "smithers@localhost"),
];
/// What holds for every command: nothing that a repository or a user configures is run.
const ALWAYS: [&str; 10] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "protocol.allow=never",
    "-c",
    "submodule.recurse=false",
    "-c",
    "gc.auto=0",
];

/// What a command wrote.
#[derive(Debug)]
pub(crate) struct Written {
    /// What was kept of it.
    pub(crate) bytes: Vec<u8>,
    /// All that it wrote, bytes.
    pub(crate) total: u64,
}

/// A command of git in a folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Git<'a> {
    folder: &'a Path,
    /// Stands for the index of the folder.
    index: Option<&'a Path>,
}

/// Runs git in `folder`; returns what it wrote, without white space at the end.
///
/// # Errors
/// It is not there, fails, says too much or takes too long; then it is killed.
pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    Git::in_folder(folder).run(arguments).await
}

impl<'a> Git<'a> {
    pub(crate) fn in_folder(folder: &'a Path) -> Self {
        Self {
            folder,
            index: None,
        }
    }

    /// With an index of its own; that of the folder is neither read nor written.
    pub(crate) fn with_index(self, index: &'a Path) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }

    /// See [`run`].
    pub(crate) async fn run(self, arguments: &[&str]) -> Result<String, Error> {
        let written = self.read(arguments, MOST_OUTPUT).await?;
        if written.total > MOST_OUTPUT {
            return Err(stopped(&name_of(arguments), "it said too much"));
        }
        let text = String::from_utf8_lossy(&written.bytes);
        Ok(text.trim_end().to_owned())
    }

    /// Keeps at most `most` bytes of what it writes; the rest is counted.
    ///
    /// # Errors
    /// As of [`run`], but it may say as much as it likes.
    pub(crate) async fn read(self, arguments: &[&str], most: u64) -> Result<Written, Error> {
        let what = name_of(arguments);
        let mut child = self
            .command(arguments)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound if self.folder.exists() => Error::NoGit,
                _ => failed(&what, &error.to_string()),
            })?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (out, err) = tokio::try_join!(read(out, most), read(err, MOST_OUTPUT))?;
            Ok::<_, std::io::Error>((child.wait().await?, out, err))
        };
        let Ok(ended) = tokio::time::timeout(PATIENCE, work).await else {
            return Err(stopped(&what, "it took too long"));
        };
        let (status, out, err) = ended.map_err(|error| failed(&what, &error.to_string()))?;
        match status.success() {
            true => Ok(out),
            false => Err(failed(&what, &String::from_utf8_lossy(&err.bytes))),
        }
    }

    fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(ALWAYS)
            .args(arguments)
            .current_dir(self.folder)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .env("HOME", "/nonexistent")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .envs(AUTHOR)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(index) = self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        command
    }
}

/// The first words of a command.
fn name_of(arguments: &[&str]) -> String {
    let words: Vec<&str> = arguments.iter().take(2).copied().collect();
    words.join(" ")
}

/// Keeps at most `most` bytes, and counts all.
async fn read(stream: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Written> {
    let mut bytes = Vec::new();
    let Some(mut stream) = stream else {
        return Ok(Written { bytes, total: 0 });
    };
    (&mut stream).take(most).read_to_end(&mut bytes).await?;
    let rest = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    let total = bytes.len() as u64 + rest;
    Ok(Written { bytes, total })
}
fn failed(what: &str, message: &str) -> Error {
    Error::Failed {
        what: what.to_owned(),
        message: message.trim().chars().take(MOST_MESSAGE).collect(),
    }
}

fn stopped(what: &str, why: &'static str) -> Error {
    Error::Stopped {
        what: what.to_owned(),
        why,
        after: PATIENCE,
    }
}
