//! Audit records: who did what, over which channel, written in the same transaction as the deed (operations 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::json::RawJson;
use crate::run::Actor;
use crate::{RunId, Timestamp};

/// Over what a command came, or which part of the product acted by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// One request to the gateway.
    Http,
    /// A frame on a socket of the gateway.
    #[serde(rename = "websocket")]
    WebSocket,
    /// The command line, beside a gateway or without one, for something that is no decision about a run.
    Cli,
    /// The command line, on the database file itself, in place of a gateway.
    CliOffline,
    /// The gateway by itself: its start, its stop, what it sees change.
    Gateway,
    /// A sweep of the gateway: due times, retention.
    Scheduler,
    /// Not recorded: rows from before migration 0010. Never written.
    #[default]
    Unrecorded,
}

impl Channel {
    /// The stored text; none for [`Unrecorded`](Self::Unrecorded).
    pub const fn as_str(self) -> Option<&'static str> {
        Some(match self {
            Self::Http => "http",
            Self::WebSocket => "websocket",
            Self::Cli => "cli",
            Self::CliOffline => "cli-offline",
            Self::Gateway => "gateway",
            Self::Scheduler => "scheduler",
            Self::Unrecorded => return None,
        })
    }

    /// Reads a stored text; `None` for one that this version does not know.
    pub fn from_text(text: &str) -> Option<Self> {
        let all = [
            Self::Http,
            Self::WebSocket,
            Self::Cli,
            Self::CliOffline,
            Self::Gateway,
            Self::Scheduler,
        ];
        all.into_iter()
            .find(|channel| channel.as_str() == Some(text))
    }
}

/// One row of `_smithers_audit`; the store adds its number and the hash chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// One of [`kind`].
    pub kind: String,
    /// Over what it came.
    pub channel: Channel,
    /// Organisation, once there are any.
    pub org_id: Option<String>,
    /// Project, once there are any.
    pub project_id: Option<String>,
    /// The run concerned.
    pub run_id: Option<RunId>,
    /// User id of the actor.
    pub actor_id: Option<String>,
    /// Id of the token, never the token.
    pub token_id: Option<String>,
    /// What it was done to, for example a node id.
    pub subject: Option<String>,
    /// `accepted`, `approved`, `denied`…
    pub outcome: String,
    /// Particulars, redacted, at most 16 KiB.
    pub detail: RawJson,
}

impl AuditRecord {
    /// A record of `kind` with nothing but its outcome; the rest is filled in with struct update syntax.
    pub fn new(at: Timestamp, channel: Channel, kind: &str, outcome: &str) -> Self {
        Self {
            at,
            kind: kind.into(),
            channel,
            org_id: None,
            project_id: None,
            run_id: None,
            actor_id: None,
            token_id: None,
            subject: None,
            outcome: outcome.into(),
            detail: RawJson::empty_object(),
        }
    }

    /// A record of what `actor` did, over the channel it came by.
    pub fn by(at: Timestamp, actor: &Actor, kind: &str, outcome: &str) -> Self {
        Self {
            actor_id: actor.user_id.clone(),
            token_id: actor.token_id.clone(),
            ..Self::new(at, actor.channel, kind, outcome)
        }
    }

    /// Names the run concerned.
    #[must_use]
    pub fn about(self, run: &RunId) -> Self {
        Self {
            run_id: Some(run.clone()),
            ..self
        }
    }
}

/// What is audited: the values of [`AuditRecord::kind`].
pub mod kind {
    /// A run was launched.
    pub const LAUNCH: &str = "launch";
    /// A run was asked to go on.
    pub const RESUME: &str = "resume";
    /// The workflow of a run has changed since: the run was held, or goes on with the new one.
    pub const WORKFLOW_CHANGE: &str = "workflow-change";
    /// A run was asked to stop where it is.
    pub const PAUSE: &str = "pause";
    /// A task was asked to be done again.
    pub const RETRY: &str = "retry";
    /// A run was taken back to a frame, or should have been.
    pub const REWIND: &str = "rewind";
    /// A run began as a copy of another.
    pub const FORK: &str = "fork";
    /// A run was ended on request.
    pub const CANCEL: &str = "cancel";
    /// An approval was decided.
    pub const APPROVAL: &str = "approval";
    /// A signal was sent to a run.
    pub const SIGNAL: &str = "signal";
    /// The owner of an approval did not decide in time: its fallback owner may too.
    pub const ESCALATION: &str = "approval.escalated";
    /// Nobody decided an approval in time.
    pub const EXPIRY: &str = "approval.expired";
    /// The gateway started.
    pub const DEPLOYMENT: &str = "deployment";
    /// The gateway stopped; unclean stops are found by the next start.
    pub const STOP: &str = "stop";
    /// The gateway started with another configuration than the time before.
    pub const CONFIG: &str = "config";
    /// The database was migrated.
    pub const MIGRATION: &str = "migration";
    /// A run was deleted.
    pub const RUN_DELETION: &str = "run-deletion";
    /// A schedule was made, changed or removed, or left a firing out.
    pub const CRON: &str = "cron";
    /// Results that were kept for other runs were forgotten on request.
    pub const CACHE: &str = "cache";
    /// A run was put under a hold, or released.
    pub const HOLD: &str = "hold";
    /// A backup was made.
    pub const BACKUP: &str = "backup";
    /// The database was restored from a backup.
    pub const RESTORE: &str = "restore";
    /// A restore was tried out.
    pub const DRILL: &str = "restore_drill";
    /// A token was issued, used for the first time, revoked or removed.
    pub const TOKEN: &str = "token";
    /// Logins that failed, summed up.
    pub const LOGIN_FAILURES: &str = "login-failures";
    /// Requests to a webhook that were not signed well or recorded, of one minute, webhook and kind of network.
    pub const WEBHOOK_REFUSALS: &str = "webhook-refusals";
}

/// What is recorded at each start of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Random id of this process.
    pub id: String,
    /// When it started.
    pub started_at: Timestamp,
    /// Version of the product.
    pub product_version: String,
    /// SHA-256 over the configuration without secrets.
    pub config_digest: String,
    /// Path of the module.
    pub module_path: Option<String>,
    /// Hash of the module graph.
    pub module_hash: Option<String>,
    /// Commit that the binary was built from; none when the build did not know.
    pub build_commit: Option<String>,
    /// Revision of the version control that holds the module's folder.
    pub module_revision: Option<String>,
    /// Name of each setting with a digest of its value, so that a later start can name what has changed.
    pub settings: BTreeMap<String, String>,
}

/// A deployment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredDeployment {
    /// What was recorded at the start.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// Newest migration of the database at the start.
    pub database_head: String,
    /// When it stopped in good order; none while it runs, and for ever when it died.
    pub stopped_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_reads_back_from_its_text_and_serialises_as_it() {
        for text in [
            "http",
            "websocket",
            "cli",
            "cli-offline",
            "gateway",
            "scheduler",
        ] {
            let channel = Channel::from_text(text).unwrap();
            assert_eq!(channel.as_str(), Some(text));
            assert_eq!(serde_json::to_value(channel).unwrap(), text);
        }
        assert_eq!(Channel::from_text("carrier-pigeon"), None);
    }
}
