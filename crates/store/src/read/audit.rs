//! Reading the audit trail.

use serde::{Deserialize, Serialize};
use smithers_model::audit::AuditRecord;

use super::ReadResult;

/// A row of the audit trail with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// From 1, rising.
    pub seq: u64,
    /// What was recorded.
    pub record: AuditRecord,
    /// Hash of the row before it, lower-case hex; 64 zeros for the first.
    pub prev_hash: String,
    /// SHA-256 over `prev_hash` and this row, lower-case hex.
    pub hash: String,
}

/// Reads the audit trail.
pub trait AuditReader {
    /// Lists rows with numbers above `after_seq`; 0 begins at the first.
    fn audit(&self, after_seq: u64, limit: usize) -> ReadResult<Vec<AuditEntry>>;

    /// Returns the newest row.
    fn last_audit(&self) -> ReadResult<Option<AuditEntry>>;

    /// Returns the newest row of `kind` with `outcome`.
    fn newest_audit(&self, kind: &str, outcome: &str) -> ReadResult<Option<AuditEntry>>;
}
