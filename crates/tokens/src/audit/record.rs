//! What is recorded.

use serde::Serialize;
use smithers_model::Timestamp;

/// One event of the life of grants and handles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
#[expect(
    missing_docs,
    reason = "the fields are the names of the published format"
)]
pub enum Record {
    /// A grant was made.
    Issued {
        token_id: String,
        role: String,
        scopes: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        expires_at_ms: Timestamp,
        /// Whether the bearer was printed.
        revealed: bool,
    },
    /// A handle was made.
    ActionIssued {
        token_id: String,
        action_id: String,
        handle_id: String,
        scopes: Vec<String>,
        expires_at_ms: Timestamp,
    },
    /// A handle is about to be used; written before the command starts.
    ActionUsed {
        token_id: String,
        action_id: String,
        handle_id: String,
        /// The scopes that the use asked for.
        scopes: Vec<String>,
        command_sha256: String,
        /// Name of the variable that gets the bearer.
        env: String,
        pid: u32,
    },
    /// A handle did not open what was asked for.
    ActionDenied {
        #[serde(skip_serializing_if = "Option::is_none")]
        token_id: Option<String>,
        action_id: String,
        handle_id: String,
        scopes: Vec<String>,
        reason: String,
    },
    /// The command of a use has ended.
    ActionFinished {
        token_id: String,
        action_id: String,
        handle_id: String,
        /// As a shell would say it: 128 and the signal when one ended the command.
        exit_status: i32,
        duration_ms: u64,
    },
    /// A grant and its handles were revoked, or one handle.
    Revoked {
        token_id: String,
        /// Set when only this handle was revoked.
        #[serde(skip_serializing_if = "Option::is_none")]
        handle_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How many handles ended with it.
        handle_count: usize,
        /// Whether it had been revoked before.
        already_revoked: bool,
    },
    /// A grant was replaced by a new one.
    Rotated {
        token_id: String,
        new_token_id: String,
        /// End of the old one.
        expires_at_ms: Timestamp,
    },
    /// Ended grants were dropped.
    Pruned {
        token_ids: Vec<String>,
        handle_count: usize,
    },
    /// Bearers in plain text were replaced by their hashes.
    Upgraded {
        token_ids: Vec<String>,
        handle_count: usize,
    },
}
