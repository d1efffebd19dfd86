//! The compose file as it is, with Docker Compose: only the images come from this machine and the ports are free ones.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::client::{self, ISSUE, Token};
use super::engine::Engine;
use super::images::{BASE, CADDY};
use crate::deploy::reference::Reference;
use crate::deploy::tools::Tools;
use crate::process;

/// Ways to ask for the metrics; the proxy must know all of them.
const METRICS: [&str; 9] = [
    "/metrics",
    "/metrics/",
    "/metrics?x=1",
    "//metrics",
    "/./metrics",
    "/v1/../metrics",
    "/%6detrics",
    "/METRICS",
    "/metrics%2f",
];

/// The header of a token that nobody issued.
const WRONG: &str = "authorization: Bearer smithers_none";
/// Wrong tokens that one client may send in a minute, by default.
const FAILURES_ALLOWED: u32 = 10;

/// The services of the compose file.
pub(super) struct Stack<'a> {
    engine: &'a Engine,
    tools: &'a Tools,
    reference: &'a Reference,
    http: u16,
    https: u16,
    token: Token,
}

/// What curl says about an answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl<'a> Stack<'a> {
    /// Prepares the stack; nothing runs yet.
    pub(super) fn new(
        reference: &'a Reference,
        engine: &'a Engine,
        tools: &'a Tools,
    ) -> Result<Self> {
        let stack = Stack {
            engine,
            tools,
            reference,
            http: free_port()?,
            https: free_port()?,
            token: Token::default(),
        };
        // JSON is YAML. Nothing of the services changes but where the image comes from and how often health is asked.
        let often = json!({ "healthcheck": { "interval": "1s" } });
        let build = json!({
            "context": stack.build_context(),
            "target": "prebuilt",
            "dockerfile": reference.path("Dockerfile"),
            "args": { "BASE_IMAGE": BASE },
        });
        let mut services = json!({ "gateway": often, "caddy": often });
        services["gateway"]["build"] = build;
        std::fs::write(
            stack.overrides(),
            json!({ "services": services }).to_string(),
        )?;
        Ok(stack)
    }

    /// Returns the folder that holds the binary for the image.
    pub(super) fn build_context(&self) -> PathBuf {
        self.engine.folder().join("context")
    }

    /// Builds the gateway's image.
    pub(super) fn build(&self) -> Result<()> {
        self.compose(&["build", "--quiet", "gateway"]).map(drop)
    }

    pub(super) fn up(&self) -> Result<()> {
        self.compose(&["up", "--detach", "--wait", "--no-build", "--quiet-pull"])
            .map(drop)?;
        let certificate = self.certificate().display().to_string();
        let root = "caddy:/data/caddy/pki/authorities/local/root.crt";
        self.compose(&["cp", root, &certificate]).map(drop)
    }

    pub(super) fn serves_tls(&self) -> Result<()> {
        let health = self.curl(&[&self.url("/health")])?;
        ensure!(health.status == 200, "health is {}", health.status);
        for header in [
            "strict-transport-security: max-age=31536000",
            "x-smithers-api-version: v1",
        ] {
            ensure!(health.head.contains(header), "there is no `{header}`");
        }
        let plain = self.curl(&[&format!("http://localhost:{}/health", self.http)])?;
        ensure!(plain.status == 308, "without TLS it is {}", plain.status);
        ensure!(
            plain.head.contains("location: https://localhost"),
            "it is sent elsewhere"
        );
        Ok(())
    }

    pub(super) async fn runs_workflows(&mut self) -> Result<()> {
        let unknown = self.curl(&["--header", WRONG, &self.url("/v1/runs")])?;
        ensure!(
            unknown.status == 401,
            "an unknown token was answered {}",
            unknown.status
        );
        let mut issue = vec!["exec", "-T", "gateway", "smithers"];
        issue.extend(ISSUE);
        self.token = Token::parse(&self.compose(&issue)?)?;
        let address = self.inside()?;
        client::accepted(&address, &self.token.bearer).await?;
        let launch =
            json!({ "workflow": "change-request", "input": {}, "options": { "runId": "proxied" } });
        self.post("launchRun", &launch.to_string())?;
        client::waits(&address, &self.token, "proxied").await?;
        let decision = json!({
            "runId": "proxied", "nodeId": "approve", "iteration": 0, "decision": { "approved": true },
        });
        self.post("submitApproval", &decision.to_string())?;
        client::finished(&address, &self.token, "proxied").await
    }

    /// Upgrades a connection and sees that both ends agree; the socket stays open until curl gives up.
    pub(super) fn passes_sockets(&self) -> Result<()> {
        let mut curl = self.client();
        curl.args(["--http1.1", "--include", "--no-buffer", "--max-time", "3"])
            .args([
                "--header",
                "connection: Upgrade",
                "--header",
                "upgrade: websocket",
            ])
            .args(["--header", "sec-websocket-version: 13"])
            .args(["--header", "sec-websocket-key: c21pdGhlcnMgZ2F0ZXdheQ=="])
            .arg(self.url("/"));
        let output = curl.output().context("failed to start curl")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            said.starts_with("HTTP/1.1 101 "),
            "the upgrade was answered {said}"
        );
        ensure!(said.contains("connect.challenge"), "no frame came: {said}");
        Ok(())
    }

    pub(super) async fn hides_metrics(&self) -> Result<()> {
        let inside = client::get(&self.inside()?, &self.token.bearer, "/metrics").await?;
        ensure!(inside.status == 200, "inside they are {}", inside.status);
        for path in METRICS {
            let url = self.url(path);
            let answer = self.curl(&["--path-as-is", "--header", &self.bearer(), &url])?;
            ensure!(answer.status == 404, "{path} is {}", answer.status);
            ensure!(!answer.body.contains("# TYPE"), "{path} shows metrics");
        }
        Ok(())
    }

    pub(super) fn bridges_a_restart(&self) -> Result<()> {
        self.compose(&["stop", "gateway"])?;
        let mut waiting = self.client();
        waiting
            .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
            .arg(self.url("/health"))
            .stdout(Stdio::piped());
        let waiting = waiting.spawn().context("failed to start curl")?;
        self.compose(&["start", "gateway"])?;
        let status = String::from_utf8(waiting.wait_with_output()?.stdout)?;
        ensure!(
            status == "200",
            "the request that waited was answered {status}"
        );
        Ok(())
    }

    /// Issues and revokes with a container of its own on the same volume, while no gateway runs.
    pub(super) async fn revokes_offline(&self) -> Result<()> {
        self.compose(&["stop", "gateway"])?;
        let once = ["run", "--rm", "--no-deps", "-T", "gateway"];
        let token = Token::parse(&self.compose(&[&once[..], &ISSUE].concat())?)?;
        self.compose(&[&once[..], &["token", "revoke", &token.id]].concat())?;
        self.compose(&["up", "--detach", "--wait", "--no-build"])?;
        client::refused(&self.inside()?, &token.bearer).await
    }

    pub(super) fn logs_no_bearer(&self) -> Result<()> {
        let logs = self.compose(&["logs", "--no-color"])?;
        ensure!(logs.contains("/v1/rpc/launchRun"), "there is no access log");
        ensure!(
            !logs.contains(&self.token.bearer),
            "a bearer is in the logs"
        );
        Ok(())
    }

    /// Who guesses tokens is stopped whatever it says about itself; others behind the same proxy are not.
    pub(super) fn brakes_clients(&self) -> Result<()> {
        let url = self.url("/v1/runs");
        let mut last = 0;
        for guess in 0..=FAILURES_ALLOWED {
            let forged = format!("x-forwarded-for: 203.0.113.{guess}");
            last = self
                .curl(&["--header", WRONG, "--header", &forged, &url])?
                .status;
        }
        ensure!(last == 429, "guess {FAILURES_ALLOWED} was answered {last}");
        // The proxy itself now speaks for somebody else.
        let url = format!("http://{}/v1/runs", self.inside()?);
        let elsewhere = [
            "--header",
            WRONG,
            "--header",
            "x-forwarded-for: 198.51.100.7",
            &url,
        ];
        let wget = ["exec", "-T", "caddy", "wget", "-O", "/dev/null"];
        let Err(refusal) = self.compose(&[&wget[..], &elsewhere].concat()) else {
            bail!("a wrong token was accepted");
        };
        ensure!(refusal.to_string().contains(" 401 "), "{refusal}");
        Ok(())
    }

    pub(super) async fn keeps_data(&self) -> Result<()> {
        self.compose(&["down"])?;
        self.compose(&["up", "--detach", "--wait", "--no-build"])?;
        client::finished(&self.inside()?, &self.token, "proxied").await
    }

    /// Takes away containers, networks and volumes.
    pub(super) fn down(&self) -> Result<()> {
        self.compose(&["down", "--volumes"])?;
        for (what, list) in [
            ("containers", ["ps", "--all"]),
            ("volumes", ["volume", "ls"]),
        ] {
            let left = self.engine.docker([list[0], list[1], "--quiet"])?;
            ensure!(left.is_empty(), "{what} are left: {left}");
        }
        Ok(())
    }

    fn compose(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.tools.command("docker-compose");
        command
            .env("DOCKER_HOST", self.engine.address())
            .env("CADDY_IMAGE", CADDY)
            .env("HTTP_PORT", self.http.to_string())
            .env("HTTPS_PORT", self.https.to_string())
            .env_remove("SITE_ADDRESS")
            .args([
                "--project-name",
                "smithers-prove",
                "--env-file",
                "/dev/null",
                "--file",
            ])
            .arg(self.reference.path("docker-compose.yml"))
            .arg("--file")
            .arg(self.overrides())
            .args(arguments);
        process::output(command)
    }

    fn overrides(&self) -> PathBuf {
        self.engine.folder().join("overrides.yml")
    }

    fn certificate(&self) -> PathBuf {
        self.engine.folder().join("root.crt")
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.https)
    }

    fn bearer(&self) -> String {
        format!("authorization: Bearer {}", self.token.bearer)
    }

    /// Returns where the gateway listens, behind the proxy.
    fn inside(&self) -> Result<String> {
        let container = self.compose(&["ps", "--quiet", "gateway"])?;
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        Ok(format!(
            "{}:7331",
            self.engine.inspect(container.trim(), format)?
        ))
    }

    fn post(&self, method: &str, body: &str) -> Result<()> {
        let url = self.url(&format!("/v1/rpc/{method}"));
        let json = "content-type: application/json";
        let answer = self.curl(&[
            "--header",
            &self.bearer(),
            "--header",
            json,
            "--data",
            body,
            &url,
        ])?;
        ensure!(
            answer.status == 200,
            "{method} was answered {} {}",
            answer.status,
            answer.body
        );
        Ok(())
    }

    fn curl(&self, arguments: &[&str]) -> Result<Answer> {
        let mut curl = self.client();
        curl.args(["--include", "--http1.1"]).args(arguments);
        let printed = process::output(curl)?;
        let (head, body) = printed
            .split_once("\r\n\r\n")
            .context("no head was answered")?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.context("no status was answered")?,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        })
    }

    /// Returns curl, trusting only the authority that Caddy made for itself.
    fn client(&self) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", "--cacert"])
            .arg(self.certificate());
        curl
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
