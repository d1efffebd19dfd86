//! `cargo xtask conformance sdk`: the unmodified public client against the built binary.
//!
//! The cases live in `tests/clients/sdk.mjs`; this side starts the gateway, runs them with node,
//! and kills and restarts the gateway on the same port when they ask for it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use smithers_testkit::{Gateway, Scratch};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::report::Report;
use crate::clients;
use crate::console;
use crate::project::Project;

/// Time for all cases.
const DEADLINE: Duration = Duration::from_secs(240);

/// What a line of the client program means.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Passed(&'a str),
    Failed(&'a str),
    Restart,
    Other(&'a str),
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(name), _) => Self::Passed(name),
            (_, Some(name)) => Self::Failed(name),
            _ if line == "ask restart" => Self::Restart,
            _ => Self::Other(line),
        }
    }
}

/// Runs the cases of the client program.
pub(crate) async fn run(project: &Project, binary: &Path) -> Result<Report> {
    clients::install(project)?;
    let mut report = Report::new("sdk");
    let fixtures = project.path("tests/fixtures/transcripts");
    let tokens = std::fs::read_to_string(fixtures.join("tokens.json"))
        .context("failed to read the tokens")?;
    let mut scratch =
        Scratch::new(&serde_json::from_str(&tokens).context("the tokens are no JSON")?)?;
    scratch.set(
        "SMITHERS_GATEWAY_MODULE",
        fixtures.join("gateway.tsx").display().to_string(),
    );
    let gateway = Gateway::start(binary, &scratch).await?;
    // A restarted gateway must be found at the same address.
    let port = gateway
        .address()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    scratch.set("PORT", port);
    let child = client_program(project, &gateway.url())?;
    let played = timeout(
        DEADLINE,
        follow(child, gateway, binary, &scratch, &mut report),
    )
    .await;
    played.context("the client program did not end in time")??;
    Ok(report)
}

async fn follow(
    mut child: Child,
    gateway: Gateway,
    binary: &Path,
    scratch: &Scratch,
    report: &mut Report,
) -> Result<()> {
    let mut gateway = Some(gateway);
    let mut stdin = child
        .stdin
        .take()
        .context("the client program has no input")?;
    let stdout = child
        .stdout
        .take()
        .context("the client program has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines
        .next_line()
        .await
        .context("failed to read from the client program")?
    {
        match Line::parse(&line) {
            Line::Passed(name) => {
                console::line(&format!("  ok    {name}"));
                report.add(1, []);
            }
            Line::Failed(name) => {
                console::line(&format!("  FAIL  {name}"));
                report.add(0, [name.split(':').next().unwrap_or(name).to_owned()]);
            }
            Line::Restart => {
                gateway = Some(restart(gateway.take(), binary, scratch, &mut stdin).await?)
            }
            Line::Other(text) => console::line(&format!("        {text}")),
        }
    }
    let status = child
        .wait()
        .await
        .context("failed to wait for the client program")?;
    let log = gateway.as_ref().map(Gateway::log_tail).unwrap_or_default();
    if !status.success() || report.passed() + report.failed() == 0 {
        bail!("the client program broke off ({status}); log of the gateway:\n{log}");
    }
    if report.failed() > 0 {
        console::line(&format!("log of the gateway:\n{log}"));
    }
    Ok(())
}

async fn restart(
    old: Option<Gateway>,
    binary: &Path,
    scratch: &Scratch,
    stdin: &mut ChildStdin,
) -> Result<Gateway> {
    if let Some(old) = old {
        old.kill9().await?;
    }
    let gateway = Gateway::start(binary, scratch)
        .await
        .context("failed to start the gateway again")?;
    stdin
        .write_all(b"restarted\n")
        .await
        .context("failed to answer the client program")?;
    Ok(gateway)
}

fn client_program(project: &Project, url: &str) -> Result<Child> {
    let mut node = Command::new("node");
    node.args(["--no-warnings", "--import", "tsx", "sdk.mjs"])
        .current_dir(project.path("tests/clients"))
        .env("GATEWAY_URL", url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("failed to start node")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(
            Line::parse("ok runs are listed"),
            Line::Passed("runs are listed")
        );
        assert_eq!(Line::parse("not ok runs: boom"), Line::Failed("runs: boom"));
        assert_eq!(Line::parse("ask restart"), Line::Restart);
        assert_eq!(Line::parse("okay"), Line::Other("okay"));
    }
}
