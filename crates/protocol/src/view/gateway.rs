//! The gateway itself: hello, health and the registered workflows.

use serde::Serialize;

use super::approval::ApprovalRow;
use super::run::RunRow;
use crate::{FEATURES, PROTOCOL};

/// Which process answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity<'a> {
    /// Folder that the gateway serves.
    pub workspace_root: Option<&'a str>,
    /// Kind of database.
    pub backend: Option<&'a str>,
    /// Version of the gateway.
    pub version: Option<&'a str>,
    /// Process id.
    pub pid: Option<u32>,
    /// When it started.
    pub started_at_ms: i64,
}

/// The answer of `connect`.
#[derive(Debug, Clone, Serialize)]
pub struct Hello<'a> {
    protocol: u32,
    features: [&'static str; 2],
    identity: Identity<'a>,
    policy: HelloPolicy,
    auth: HelloAuth<'a>,
    snapshot: HelloSnapshot<'a>,
}

impl<'a> Hello<'a> {
    /// Greets a client.
    pub fn new(
        identity: Identity<'a>,
        policy: HelloPolicy,
        auth: HelloAuth<'a>,
        snapshot: HelloSnapshot<'a>,
    ) -> Hello<'a> {
        Hello {
            protocol: PROTOCOL,
            features: FEATURES,
            identity,
            policy,
            auth,
            snapshot,
        }
    }
}

/// What the client may expect.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloPolicy {
    /// Milliseconds between two `tick` events.
    pub heartbeat_ms: u64,
}

/// As whom the client is connected.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloAuth<'a> {
    /// A name for this connection; it cannot be used to authenticate.
    pub session_token: &'a str,
    /// Role of the grant.
    pub role: &'a str,
    /// Scopes as they were granted.
    pub scopes: &'a [String],
    /// User of the grant.
    pub user_id: Option<&'a str>,
    /// Id of the token; it cannot be used to authenticate.
    pub token_id: Option<&'a str>,
}

/// What goes on at the moment of the greeting.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloSnapshot<'a> {
    /// Runs that execute or wait.
    pub runs: Vec<RunRow<'a>>,
    /// Approvals that wait.
    pub approvals: Vec<ApprovalRow<'a>>,
    /// State version of the gateway.
    pub state_version: u64,
}

/// The answer of `health` and of `GET /health`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health<'a> {
    /// Only of `GET /health`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    protocol: u32,
    features: [&'static str; 2],
    state_version: u64,
    /// Only of the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime_ms: Option<u64>,
    identity: Identity<'a>,
    workflows_loaded: usize,
    workflows_total: usize,
}

impl<'a> Health<'a> {
    /// Answers `health`: state version, milliseconds since the start, identity, and how many of the workflows are loaded.
    pub fn method(
        state_version: u64,
        uptime_ms: u64,
        identity: Identity<'a>,
        workflows: (usize, usize),
    ) -> Health<'a> {
        Health {
            ok: None,
            uptime_ms: Some(uptime_ms),
            ..Health::route(true, state_version, identity, workflows)
        }
    }

    /// Answers `GET /health`; `ok` is false while the gateway is degraded.
    pub fn route(
        ok: bool,
        state_version: u64,
        identity: Identity<'a>,
        workflows: (usize, usize),
    ) -> Health<'a> {
        Health {
            ok: Some(ok),
            protocol: PROTOCOL,
            features: FEATURES,
            state_version,
            uptime_ms: None,
            identity,
            workflows_loaded: workflows.0,
            workflows_total: workflows.1,
        }
    }
}

/// A registered workflow in `listWorkflows` and `GET /workflows`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowSummary<'a> {
    /// The key under which it is registered.
    pub key: &'a str,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readable_name: Option<&'a str>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    /// Whether it has a user interface.
    pub has_ui: bool,
    /// Where that is.
    pub ui_path: Option<&'a str>,
    /// Whether it is internal.
    pub system: bool,
}
