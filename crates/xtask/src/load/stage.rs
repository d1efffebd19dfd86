//! A gateway under load: a process and a folder of its own, with the caps lifted that would stand in the way.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use super::client::{Client, TOKEN};
use super::http::Connection;
use super::meter::Meter;

/// Caps that stand for many clients; one load client is all of them.
const CAPS: [&str; 6] = [
    "SMITHERS_GATEWAY_MAX_CONNECTIONS",
    "SMITHERS_GATEWAY_MAX_PRE_AUTH",
    "SMITHERS_GATEWAY_STREAMS_GLOBAL",
    "SMITHERS_GATEWAY_STREAMS_PER_USER",
    "SMITHERS_GATEWAY_STREAMS_PER_CONNECTION",
    "SMITHERS_GATEWAY_STREAMS_PER_RUN",
];
/// What they are lifted to.
const LIFTED: &str = "10000";
/// Events of a run that a stream may replay.
const WINDOW: &str = "100000";

/// Whether commits wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sync {
    /// They do: what is acknowledged survives the end of power.
    Full,
    /// They do not: it survives the end of the process.
    Normal,
}

impl Sync {
    /// Returns the word of the setting.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Normal => "normal",
        }
    }
}

/// What every scenario is told.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// The gateway's binary.
    pub(crate) binary: PathBuf,
    /// The root of the workspace, where the modules are.
    pub(crate) root: PathBuf,
    /// How it commits.
    pub(crate) sync: Sync,
    /// How long a rate is measured.
    pub(crate) time: Duration,
}

/// A running gateway.
#[derive(Debug)]
pub(crate) struct Stage {
    binary: PathBuf,
    scratch: Scratch,
    gateway: Gateway,
}

impl Stage {
    /// Starts a gateway with the module of the load on an empty database.
    pub(crate) async fn start(load: &Load) -> Result<Self> {
        let scratch = prepare(load, "tests/fixtures/load/gateway.tsx")?;
        let gateway = Gateway::start(&load.binary, &scratch).await?;
        Ok(Self {
            binary: load.binary.clone(),
            scratch,
            gateway,
        })
    }

    /// Returns `host:port`.
    pub(crate) fn address(&self) -> &str {
        self.gateway.address()
    }

    /// Returns what reads the figures of the process.
    pub(crate) fn meter(&self) -> Result<Meter> {
        let process = self.gateway.process_id();
        Ok(Meter::of(process.context("the gateway has ended")?))
    }

    /// Connects a client that hears of every run, or of those in `subscribe`.
    pub(crate) async fn connect(&self, subscribe: Option<&[&str]>) -> Result<Client> {
        Client::connect(self.address(), subscribe).await
    }

    /// Launches a run of `workflow`.
    pub(crate) async fn launch(&self, workflow: &str, run: &str, input: Value) -> Result<()> {
        let params = json!({ "workflow": workflow, "input": input, "options": { "runId": run } });
        self.gateway.expect(TOKEN, "launchRun", params).await?;
        Ok(())
    }

    /// Calls a method that must succeed.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Result<Value> {
        self.gateway.expect(TOKEN, method, params).await
    }

    /// Returns the number that the database answers `query` with.
    pub(crate) fn number(&self, query: &str) -> Result<u64> {
        let database = rusqlite::Connection::open(self.scratch.database())?;
        Ok(database.query_row(query, [], |row| row.get(0))?)
    }

    /// Approves the gate of a run.
    pub(crate) async fn approve(&self, run: &str) -> Result<()> {
        let params = json!({ "runId": run, "nodeId": "gate", "iteration": 0, "approved": true });
        self.gateway.expect(TOKEN, "submitApproval", params).await?;
        Ok(())
    }

    /// Ends the process in good order and starts another one on the same database.
    pub(crate) async fn restart(self) -> Result<Self> {
        let Self {
            binary,
            scratch,
            gateway,
        } = self;
        gateway.stop().await?;
        let gateway = Gateway::start(&binary, &scratch).await?;
        Ok(Self {
            binary,
            scratch,
            gateway,
        })
    }

    /// Returns the size of the database in bytes, with what waits in its log.
    pub(crate) fn database_bytes(&self) -> Result<u64> {
        let database = rusqlite::Connection::open(self.scratch.database())?;
        let number =
            |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        Ok(number("page_count")? * number("page_size")?)
    }
}

/// Makes the folder of a gateway with the module at `module`.
pub(crate) fn prepare(load: &Load, module: &str) -> Result<Scratch> {
    let grant = json!({ "role": "operator", "scopes": ["*"], "userId": "user:load" });
    let mut scratch = Scratch::new(&json!({ TOKEN: grant }))?;
    let module = load.root.join(module).display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_DB_SYNCHRONOUS", load.sync.as_str());
    scratch.set("SMITHERS_GATEWAY_EVENT_WINDOW", WINDOW);
    for cap in CAPS {
        scratch.set(cap, LIFTED);
    }
    Ok(scratch)
}

/// Starts a gateway in `scratch`; returns it with the time until `/health` answered.
pub(crate) async fn start_to_health(
    binary: &Path,
    scratch: &Scratch,
) -> Result<(Gateway, Duration)> {
    let begun = Instant::now();
    let gateway = Gateway::start(binary, scratch).await?;
    let mut connection = Connection::open(gateway.address()).await?;
    connection.exchange(&health_request()).await?;
    Ok((gateway, begun.elapsed()))
}

/// Returns the bytes of a request for `/health`.
pub(crate) fn health_request() -> Vec<u8> {
    b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()
}

/// Returns the bytes of a call of `method`.
pub(crate) fn call_request(method: &str, params: &Value) -> Vec<u8> {
    let body = params.to_string();
    format!(
        "POST /v1/rpc/{method} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

impl Load {
    /// Returns the same load on a gateway that commits as `sync` says.
    pub(crate) fn with(&self, sync: Sync) -> Self {
        Self {
            sync,
            ..self.clone()
        }
    }
}
