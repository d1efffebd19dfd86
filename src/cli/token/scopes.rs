//! Scopes as they are typed: separated, checked, or taken from a profile.

use clap::ValueEnum;
use smithers_protocol::limits::{MAX_SCOPE_BYTES, MAX_SCOPES};
use smithers_protocol::scope::{Grants, Scope, is_known};

use crate::cli::error::CliError;
use crate::cli::output::warn;

/// The recommended scopes of a kind of client, with their lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Profile {
    /// Run dashboards: run:read, approval:read; 8h.
    Dashboard,
    /// Launch automation: run:read, run:write; 1h.
    Launcher,
    /// Approval inboxes: run:read, approval:read, approval:submit; 15m.
    Approver,
    /// Operator tools: run:read, run:write, approval:submit; 1h.
    Operator,
}

impl Profile {
    /// Returns the scopes.
    pub(super) fn scopes(self) -> Vec<String> {
        let scopes: &[Scope] = match self {
            Profile::Dashboard => &[Scope::RunRead, Scope::ApprovalRead],
            Profile::Launcher => &[Scope::RunRead, Scope::RunWrite],
            Profile::Approver => &[Scope::RunRead, Scope::ApprovalRead, Scope::ApprovalSubmit],
            Profile::Operator => &[Scope::RunRead, Scope::RunWrite, Scope::ApprovalSubmit],
        };
        scopes.iter().map(ToString::to_string).collect()
    }

    /// Returns the lifetime unless another is asked for.
    pub(super) fn ttl(self) -> &'static str {
        match self {
            Profile::Dashboard => "8h",
            Profile::Launcher | Profile::Operator => "1h",
            Profile::Approver => "15m",
        }
    }
}

/// Splits scopes at commas and white space; empty and repeated ones do not count.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split([',', ' ', '\t', '\n', '\r']) {
        if !scope.is_empty() && !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

/// Refuses scopes that no gateway understands, unless `allow_unknown`, and more than a grant may have.
pub(super) fn check(scopes: &[String], allow_unknown: bool) -> Result<(), CliError> {
    if scopes.len() > MAX_SCOPES {
        return Err(
            CliError::usage(format!("more than {MAX_SCOPES} scopes")).field("scopes", "too many")
        );
    }
    if scopes.iter().any(|scope| scope.len() > MAX_SCOPE_BYTES) {
        return Err(
            CliError::usage(format!("a scope is longer than {MAX_SCOPE_BYTES} bytes"))
                .field("scopes", "too long"),
        );
    }
    let unknown: Vec<&str> = scopes
        .iter()
        .map(String::as_str)
        .filter(|scope| !is_known(scope))
        .collect();
    if unknown.is_empty() || allow_unknown {
        return Ok(());
    }
    let known = Scope::ALL.map(Scope::as_str).join(", ");
    let message = format!("unknown scope(s): {}", unknown.join(", "));
    Err(CliError::new("UNKNOWN_SCOPE", message).hint(format!(
        "known: {known}; --allow-unknown-scope takes any other name"
    )))
}

/// Warns about a token that can launch a workflow and approve what it does.
pub(super) fn warn_if_split_is_missing(scopes: &[String]) {
    let grants = Grants::parse(scopes);
    if grants.holds(Scope::RunWrite) && grants.holds(Scope::ApprovalSubmit) {
        warn(
            "this token can launch runs and approve what they do; give these to different tokens for workflows that \
             write files, open pull requests or deploy",
        );
    }
}
