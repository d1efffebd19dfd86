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

/// Runs git in `folder`; returns what it wrote, without white space at the end.
///
/// # Errors
/// It is not there, fails, says too much or takes too long; then it is killed.
pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    let what = arguments
        .iter()
        .take(2)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let mut child = command(folder, arguments)
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if folder.exists() => Error::NoGit,
            _ => failed(&what, &error.to_string()),
        })?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (out, err) = tokio::try_join!(read(out), read(err))?;
        Ok::<_, std::io::Error>((child.wait().await?, out, err))
    };
    let Ok(ended) = tokio::time::timeout(PATIENCE, work).await else {
        return Err(stopped(&what, "it took too long"));
    };
    let (status, out, err) = ended.map_err(|error| failed(&what, &error.to_string()))?;
    if out.len() as u64 > MOST_OUTPUT {
        return Err(stopped(&what, "it said too much"));
    }
    match status.success() {
        true => Ok(String::from_utf8_lossy(&out).trim_end().to_owned()),
        false => Err(failed(&what, &String::from_utf8_lossy(&err))),
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(ALWAYS)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Reads one byte more than is kept at most, so that too much can be told from just enough.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if let Some(stream) = stream {
        stream.take(MOST_OUTPUT + 1).read_to_end(&mut text).await?;
    }
    Ok(text)
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
