//! This program as a read-only gateway on a restored database, on a free loopback port.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::stage::Stage;
use crate::cli::client::Client;

/// Longest wait for the gateway to listen: it looks at the database for some seconds first.
const PATIENCE: Duration = Duration::from_secs(120);
/// Begins the line that says where it listens.
const LISTENING: &str = "listening on ";
/// Lines of its log that a failure tells.
const TAIL: usize = 5;

/// The gateway; killed when this is dropped. Its database is thrown away, so it needs no ordered end.
#[derive(Debug)]
pub(super) struct DrillGateway {
    child: Child,
    client: Client,
}

impl DrillGateway {
    /// Starts the gateway and waits until it listens.
    pub(super) fn start(stage: &Stage) -> anyhow::Result<Self> {
        let log = stage.path("gateway.log");
        let mut child = spawn(stage, &log)?;
        let stdout = child.stdout.take().expect("it was asked to be a pipe");
        let url = match address(stdout) {
            Ok(url) => url,
            Err(error) => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                return Err(error.context(tail(&log)));
            }
        };
        let client = Client::on_this_machine(&url, stage.bearer().clone())?;
        Ok(Self { child, client })
    }

    /// A client that may read runs.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for DrillGateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing of this process reaches the gateway: no settings, no secrets, no place that the live one writes to.
fn spawn(stage: &Stage, log: &Path) -> anyhow::Result<Child> {
    let log = File::create(log).context("failed to make the log of the drill")?;
    let program = std::env::current_exe().context("failed to find this program")?;
    Command::new(program)
        .args(["gateway", "--read-only"])
        .env_clear()
        .envs([
            ("PORT", "0"),
            ("SMITHERS_GATEWAY_HOST", "127.0.0.1"),
            ("SMITHERS_LIMIT_REQUESTS_PER_MINUTE", "0"),
        ])
        .env("SMITHERS_CONFIG", stage.path("smithers.toml"))
        .env("SMITHERS_DB_PATH", stage.database())
        .env("SMITHERS_TOKEN_STORE", stage.path("tokens.json"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("failed to start a gateway on the restored database")
}

/// Waits for the line that says where the gateway listens, then reads on, so that it never waits for a reader.
fn address(stdout: ChildStdout) -> anyhow::Result<String> {
    let (found, wait) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix(LISTENING) {
                // Nobody waits any more when it took too long.
                let _ = found.send(url.to_owned());
            }
        }
    });
    wait.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Timeout => {
            anyhow!("the gateway on the restored database does not listen")
        }
        RecvTimeoutError::Disconnected => {
            anyhow!("the gateway on the restored database does not start")
        }
    })
}

/// Returns the last lines of the log.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
