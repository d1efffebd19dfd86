//! A Docker engine of our own: started by hand in a folder of its own, and gone afterwards.
//!
//! It shares nothing with an engine that may run already: not its images, not its volumes, not its networks.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use smithers_testkit::wait;
use tempfile::TempDir;

use crate::process;

/// Time for the engine to answer.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// Time for it to stop.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// The client of the engine's own package; another one in the path may lack what the engine needs.
const CLIENT: &str = "/usr/bin/docker";

/// A running engine. Stopped, with everything in it deleted, by [`Engine::stop`], and at the latest when dropped.
#[derive(Debug)]
pub(super) struct Engine {
    process: Child,
    folder: TempDir,
    _bridge: Bridge,
}

/// The bridge of the engine, deleted when dropped.
///
/// It has a name of its own: an engine without a bridge would delete the default one, which may be another engine's.
#[derive(Debug)]
struct Bridge(String);

impl Engine {
    /// Starts an engine, or returns why none can run here.
    pub(super) async fn start() -> Result<Result<Engine, String>> {
        if !process::works("dockerd", &["--version"]) {
            return Ok(Err("dockerd is not installed (Debian: docker.io)".into()));
        }
        let bridge = match Bridge::make() {
            Ok(bridge) => bridge,
            Err(error) => return Ok(Err(format!("no Docker engine can run here: {error:#}"))),
        };
        let folder = tempfile::Builder::new()
            .prefix("smithers-engine-")
            .tempdir()?;
        let process = daemon(folder.path(), &bridge)?;
        let mut engine = Engine {
            process,
            folder,
            _bridge: bridge,
        };
        let started = wait::until("the Docker engine", START_DEADLINE, || {
            let answers = engine.answers();
            let ended = engine.process.try_wait();
            async move { Ok((answers || ended?.is_some()).then_some(answers)) }
        });
        Ok(match started.await {
            Ok(true) => Ok(engine),
            Ok(false) | Err(_) => Err(engine.last_words()),
        })
    }

    /// Returns a folder for files of the proof.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the value of `DOCKER_HOST`.
    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// Runs the client and returns what it printed to standard output.
    pub(super) fn docker<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<String> {
        let mut command = self.client();
        command.args(arguments);
        Ok(process::output(command)?.trim().to_owned())
    }

    /// Returns what the client prints when asked for `format` of `object`.
    pub(super) fn inspect(&self, object: &str, format: &str) -> Result<String> {
        self.docker(["inspect", "--format", format, object])
    }

    /// Removes what failed cases have left, containers first, and stops the engine.
    pub(super) async fn stop(mut self) -> Result<()> {
        let left = self.docker(["ps", "--all", "--quiet"])?;
        for container in left.lines() {
            self.docker(["rm", "--force", container])?;
        }
        // Bridges would outlive the engine.
        self.docker(["network", "prune", "--force"])?;
        let id = self.process.id().to_string();
        process::output({
            let mut kill = Command::new("kill");
            kill.arg(id);
            kill
        })?;
        wait::until("the end of the Docker engine", STOP_DEADLINE, || {
            let ended = self.process.try_wait();
            async move { Ok(ended?) }
        })
        .await
        .map(drop)
    }

    fn client(&self) -> Command {
        let packaged = Path::new(CLIENT);
        let client = if packaged.exists() {
            packaged
        } else {
            Path::new("docker")
        };
        let mut command = Command::new(client);
        command.env("DOCKER_HOST", self.address());
        command
    }

    fn answers(&self) -> bool {
        let mut version = self.client();
        version
            .arg("version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(log(self.folder.path())).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it said nothing");
        format!("no Docker engine can run here: {last}")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // An orderly stop has been tried; what is left must not outlive the proof.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Bridge {
    fn make() -> Result<Bridge> {
        // Names of interfaces have at most 15 bytes.
        let name = format!("smithers{}", std::process::id() % 10_000_000);
        let mut add = Command::new("ip");
        add.args(["link", "add", "name", &name, "type", "bridge"]);
        process::output(add)?;
        Ok(Bridge(name))
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        process::works("ip", &["link", "delete", "dev", &self.0]);
    }
}

/// Starts dockerd without touching the machine's firewall or the bridges of others.
fn daemon(folder: &Path, bridge: &Bridge) -> Result<Child> {
    let log = File::create(log(folder)).context("failed to make the log of the engine")?;
    let option = |name: &str, path: &str| format!("--{name}={}", folder.join(path).display());
    Command::new("dockerd")
        .args([
            "--storage-driver=vfs",
            "--iptables=false",
            "--ip6tables=false",
        ])
        .arg(format!("--bridge={}", bridge.0))
        .arg(format!("--host=unix://{}", folder.join("socket").display()))
        .args([
            option("data-root", "data"),
            option("exec-root", "run"),
            option("pidfile", "pid"),
        ])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("failed to start dockerd")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}
