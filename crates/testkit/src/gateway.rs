//! The gateway as a child process: start, stop, kill, start again on the same folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::rpc::{self, Refusal};
use crate::scratch::Scratch;
use crate::socket::Socket;

/// Time from the start of the process to its listening line.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// Time for an ordered end after SIGTERM.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// Start of the line that says where the gateway listens.
const LISTENING: &str = "listening on http://";

/// A running gateway. Dropping it kills the process.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Gateway {
    /// Starts `binary gateway` on `scratch` and waits until it listens.
    ///
    /// Standard error goes to `gateway.log` in the folder, one file over all restarts.
    ///
    /// # Errors
    ///
    /// Fails when the process cannot be started, ends, or does not listen in time;
    /// the message holds the end of its log.
    pub async fn start(binary: &Path, scratch: &Scratch) -> Result<Self> {
        Self::start_with(binary, scratch, &[]).await
    }

    /// Starts `binary gateway` with further `arguments`; see [`Gateway::start`].
    ///
    /// # Errors
    ///
    /// As [`Gateway::start`].
    pub async fn start_with(binary: &Path, scratch: &Scratch, arguments: &[&str]) -> Result<Self> {
        let (mut child, log) = spawn(binary, scratch, arguments)?;
        let address = match wait_for_address(&mut child).await {
            Ok(address) => address,
            Err(error) => bail!("{error:#}; end of its log:\n{}", end_of(&log)),
        };
        Ok(Self {
            child,
            address,
            log,
        })
    }

    /// Starts `binary gateway` on `scratch` and kills it `life` later, whether or not it listens by then.
    ///
    /// # Errors
    ///
    /// Fails when the process cannot be started or signalled, or has ended by itself.
    pub async fn die_while_starting(
        binary: &Path,
        scratch: &Scratch,
        life: Duration,
    ) -> Result<()> {
        let (mut child, log) = spawn(binary, scratch, &[])?;
        tokio::time::sleep(life).await;
        if let Some(status) = child.try_wait().context("failed to look at the gateway")? {
            bail!(
                "the gateway ended by itself ({status}); end of its log:\n{}",
                end_of(&log)
            );
        }
        child.kill().await.context("failed to kill the gateway")
    }

    /// Returns `host:port` of the gateway.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the base URL of the gateway, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the id of the process; `None` once it has ended.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Returns the last lines of the gateway's log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        end_of(&self.log)
    }

    /// Calls an RPC method over HTTP; see [`rpc::call`].
    ///
    /// # Errors
    ///
    /// As [`rpc::call`].
    pub async fn call(
        &self,
        token: &str,
        method: &str,
        params: Value,
    ) -> Result<Result<Value, Refusal>> {
        rpc::call(&self.address, token, method, &params).await
    }

    /// Calls an RPC method over HTTP that must succeed; see [`rpc::expect`].
    ///
    /// # Errors
    ///
    /// As [`rpc::expect`].
    pub async fn expect(&self, token: &str, method: &str, params: Value) -> Result<Value> {
        rpc::expect(&self.address, token, method, &params).await
    }

    /// Opens a WebSocket and completes the handshake with `token`; `subscribe` absent means every run.
    ///
    /// # Errors
    ///
    /// As [`Socket::open`] and [`Socket::connect`].
    pub async fn connect(&self, token: &str, subscribe: Option<&[&str]>) -> Result<Socket> {
        let mut socket = Socket::open(&self.address, "/", &[]).await?;
        socket.connect(token, subscribe).await?;
        Ok(socket)
    }

    /// Kills the process with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    ///
    /// Fails when the process cannot be signalled.
    pub async fn kill9(mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .context("failed to kill the gateway")
    }

    /// Sends the process a signal by its name, such as `HUP`.
    ///
    /// # Errors
    ///
    /// Fails when the process has ended or cannot be signalled.
    pub async fn signal(&self, name: &str) -> Result<()> {
        let id = self.child.id().context("the gateway has ended already")?;
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(id.to_string())
            .status()
            .await
            .context("failed to run kill")?;
        if !sent.success() {
            bail!("failed to signal the gateway");
        }
        Ok(())
    }

    /// Asks the process to end (SIGTERM) and returns its exit code; `None` when a signal ended it.
    ///
    /// # Errors
    ///
    /// Fails when it does not end within fifteen seconds.
    pub async fn stop(mut self) -> Result<Option<i32>> {
        self.signal("TERM").await?;
        let status = timeout(STOP_DEADLINE, self.child.wait())
            .await
            .context("the gateway does not stop")??;
        Ok(status.code())
    }

    /// Returns the exit code if the process has ended by itself.
    ///
    /// # Errors
    ///
    /// Fails when the process cannot be asked.
    pub fn ended(&mut self) -> Result<Option<Option<i32>>> {
        Ok(self
            .child
            .try_wait()
            .context("failed to look at the gateway")?
            .map(|status| status.code()))
    }
}

/// Starts the process; returns it with the file its standard error goes to.
fn spawn(binary: &Path, scratch: &Scratch, arguments: &[&str]) -> Result<(Child, PathBuf)> {
    let log = scratch.path("gateway.log");
    let log_file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&log)
        .context("failed to open the gateway's log")?;
    let child = Command::new(binary)
        .arg("gateway")
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(scratch.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log_file)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("failed to start {}", binary.display()))?;
    Ok((child, log))
}

async fn wait_for_address(child: &mut Child) -> Result<String> {
    let stdout = child.stdout.take().expect("stdout was asked to be a pipe");
    let (found, wait) = oneshot::channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(address) = line.trim().strip_prefix(LISTENING) {
                // The receiver is gone only when the start was given up.
                let _ = found.send(address.trim_end_matches('/').to_owned());
                break;
            }
        }
        // Keeps the pipe open and drained, so that the gateway never blocks on or dies of a full or closed stdout.
        let mut rest = lines.into_inner();
        let mut sink = [0; 4096];
        while matches!(rest.read(&mut sink).await, Ok(read) if read > 0) {}
    });
    match timeout(START_DEADLINE, wait).await {
        Ok(Ok(address)) => Ok(address),
        Ok(Err(_)) => bail!("the gateway ended before it listened"),
        Err(_) => bail!(
            "the gateway did not say within {} s that it listens",
            START_DEADLINE.as_secs()
        ),
    }
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
