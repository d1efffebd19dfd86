//! Audit records: who did what, written in the same transaction as the deed (operations 5).

use serde::{Deserialize, Serialize};

use crate::json::RawJson;
use crate::{RunId, Timestamp};

/// One row of `_smithers_audit`; the store adds its number and the hash chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// `launch`, `approval`, `cancel`, `resume`…
    pub kind: String,
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
}
