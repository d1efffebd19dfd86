//! The image as one container, started the way an operator would without Compose.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use smithers_testkit::wait;

use super::client::{self, ISSUE, Token};
use super::engine::Engine;

/// The image that the compose file builds.
pub(super) const IMAGE: &str = concat!("smithers-gateway:", env!("CARGO_PKG_VERSION"));
/// The program in the image.
const PROGRAM: &str = "/usr/local/bin/smithers";
/// Time for the health check to succeed.
const HEALTH_DEADLINE: Duration = Duration::from_secs(30);
/// A program that cannot be run as, from the status of its process, by line.
const CONFINED: [(&str, &str); 6] = [
    ("Uid:", "10001 10001 10001 10001"),
    ("Gid:", "10001 10001 10001 10001"),
    ("CapEff:", "0000000000000000"),
    ("CapBnd:", "0000000000000000"),
    ("NoNewPrivs:", "1"),
    ("Seccomp:", "2"),
];

/// A container on a network and a volume of its own, all with the same name.
pub(super) struct Container<'a> {
    engine: &'a Engine,
    name: &'static str,
    workspace: PathBuf,
    token: Token,
}

impl<'a> Container<'a> {
    /// Names a container that serves the module in `workspace`; nothing exists yet.
    pub(super) fn new(engine: &'a Engine, name: &'static str, workspace: PathBuf) -> Self {
        Container {
            engine,
            name,
            workspace,
            token: Token::default(),
        }
    }

    /// Runs the container with `more` options and waits for its health check.
    pub(super) async fn start(&self, more: &[&str]) -> Result<()> {
        let (data, workspace) = (
            format!("{}:/data", self.name),
            format!("{}:/workspace:ro", self.workspace.display()),
        );
        self.engine.docker(["network", "create", self.name])?;
        let mut run = vec![
            "run",
            "--detach",
            "--name",
            self.name,
            "--network",
            self.name,
        ];
        run.extend([
            "--read-only",
            "--tmpfs",
            "/tmp:size=64m,noexec,nosuid,nodev",
        ]);
        run.extend(["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
        run.extend(["--volume", &data, "--volume", &workspace]);
        run.extend(["--health-interval", "1s"]);
        run.extend(more);
        run.push(IMAGE);
        self.engine.docker(run)?;
        self.is_healthy().await
    }

    /// Reads from its process what it may do.
    pub(super) fn is_confined(&self) -> Result<()> {
        let process = self.engine.inspect(self.name, "{{.State.Pid}}")?;
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}"));
        let status = read("status")?;
        for (name, wanted) in CONFINED {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
            ensure!(words.join(" ") == wanted, "{name} {words:?}, not {wanted}");
        }
        let mounts = read("mountinfo")?;
        let root = mounts
            .lines()
            .find(|line| line.split(' ').nth(4) == Some("/"));
        let options = root
            .and_then(|line| line.split(' ').nth(5))
            .unwrap_or_default();
        ensure!(
            options.split(',').any(|option| option == "ro"),
            "the root is {options}"
        );
        Ok(())
    }

    pub(super) async fn issues_tokens(&mut self) -> Result<()> {
        let address = self.address()?;
        let before = client::get(&address, "smithers_no-such-token", "/v1/runs").await?;
        ensure!(
            before.status == 401,
            "an unknown token was answered {}",
            before.status
        );
        self.issue().await.map(drop)
    }

    pub(super) async fn keeps_runs_over_a_restart(&self) -> Result<()> {
        client::launch(&self.address()?, &self.token, "restarted").await?;
        self.stops_in_order()?;
        self.comes_back("restarted").await
    }

    pub(super) async fn keeps_runs_over_a_kill(&self) -> Result<()> {
        client::launch(&self.address()?, &self.token, "killed").await?;
        self.engine
            .docker(["kill", "--signal", "KILL", self.name])?;
        self.comes_back("killed").await
    }

    pub(super) async fn revokes_tokens(&self) -> Result<()> {
        self.exec(&["token", "revoke", &self.token.id])?;
        client::refused(&self.address()?, &self.token.bearer).await
    }

    /// Stops it and removes it with its volume.
    pub(super) fn ends(&self) -> Result<()> {
        self.stops_in_order()?;
        self.remove()
    }

    /// Makes the token of all further steps inside the container, and waits until it counts.
    pub(super) async fn issue(&mut self) -> Result<&Token> {
        self.token = Token::parse(&self.exec(&ISSUE)?)?;
        client::accepted(&self.address()?, &self.token.bearer).await?;
        Ok(&self.token)
    }

    async fn comes_back(&self, run: &str) -> Result<()> {
        self.engine.docker(["start", self.name])?;
        self.is_healthy().await?;
        let address = self.address()?;
        client::waits(&address, &self.token, run).await?;
        client::approve(&address, &self.token, run).await
    }

    fn stops_in_order(&self) -> Result<()> {
        self.engine.docker(["stop", "--time", "20", self.name])?;
        let code = self.engine.inspect(self.name, "{{.State.ExitCode}}")?;
        ensure!(code == "0", "SIGTERM ended it with {code}");
        Ok(())
    }

    fn remove(&self) -> Result<()> {
        self.engine.docker(["rm", "--force", self.name])?;
        self.engine.docker(["volume", "rm", self.name])?;
        self.engine.docker(["network", "rm", self.name]).map(drop)
    }

    async fn is_healthy(&self) -> Result<()> {
        let healthy = wait::until("the container to be healthy", HEALTH_DEADLINE, || async {
            let health = self.engine.inspect(self.name, "{{.State.Health.Status}}")?;
            Ok((health == "healthy").then_some(()))
        });
        healthy.await.with_context(|| {
            let format = "{{.State.Status}} {{json .State.Health.Log}}";
            self.engine.inspect(self.name, format).unwrap_or_default()
        })
    }

    fn exec(&self, arguments: &[&str]) -> Result<String> {
        let mut exec = vec!["exec", self.name, PROGRAM];
        exec.extend(arguments);
        self.engine.docker(exec)
    }

    /// Returns where the gateway listens, on the network of the container.
    pub(super) fn address(&self) -> Result<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        Ok(format!("{}:7331", self.engine.inspect(self.name, format)?))
    }
}
