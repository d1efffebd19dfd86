//! Why a gateway did not start, with a code and what to do about it.

use std::error::Error as _;

use smithers_actors::schedules::DeclareError;
use smithers_store::OpenError;

use super::error::CliError;
use crate::gateway::StartError;

/// Gives a failed start its code, what led to it, and a hint.
pub(super) fn explained(error: StartError) -> anyhow::Error {
    let mut told = CliError::new(code(&error), error.to_string());
    let mut cause = error.source();
    while let Some(inner) = cause {
        told = told.because(inner.to_string());
        cause = inner.source();
    }
    match hint(&error) {
        Some(hint) => told.hint(hint).into(),
        None => told.into(),
    }
}

fn code(error: &StartError) -> &'static str {
    match error {
        StartError::Listen { .. } | StartError::Serve(_) => "LISTEN_FAILED",
        StartError::Open(error) => open_code(error),
        StartError::Read(_) | StartError::Record(_) => "DB_FAILED",
        StartError::Host(_) => "HOST_FAILED",
        StartError::Module(_) => "MODULE_BROKEN",
        StartError::Tables(_) => "TABLES_CONFLICT",
        StartError::Schedules(DeclareError::Plan { .. }) => "SCHEDULE_INVALID",
        StartError::Schedules(DeclareError::Read(_)) => "DB_FAILED",
        StartError::DuplicateWorkflow(_) => "WORKFLOW_DUPLICATE",
        StartError::ChangedTable { .. } => "SCHEMA_CHANGE_HOT",
    }
}

/// Returns the code of a database that cannot be used.
pub(super) fn open_code(error: &OpenError) -> &'static str {
    match error {
        OpenError::InUse { .. } => "DB_IN_USE",
        OpenError::Newer { .. } => "DB_SCHEMA_NEWER",
        OpenError::Older { .. } => "DB_SCHEMA_OLDER",
        OpenError::Drifted { .. } => "DB_SCHEMA_DRIFT",
        OpenError::Foreign { .. } => "DB_FOREIGN",
        OpenError::NoLog { .. } => "DB_FILE_SYSTEM",
        OpenError::Damaged { .. } => "DB_UNSOUND",
        OpenError::NotKept { .. } => "DB_NOT_KEPT",
        OpenError::Files { .. } => "FILE_FAILED",
        OpenError::Database { .. } => "DB_FAILED",
        OpenError::Thread(_) => "HOST_FAILED",
    }
}

fn hint(error: &StartError) -> Option<&'static str> {
    match error {
        StartError::Open(OpenError::Drifted { .. }) => Some(
            "`smithers db check` lists what differs; triggers protect the audit trail, so find out who removed them, \
             then restore a backup",
        ),
        StartError::Open(OpenError::Damaged { .. }) => Some(
            "keep a copy of the file and its -wal, then restore the newest sound backup: `smithers backup list`, \
             `smithers backup restore`",
        ),
        StartError::Schedules(DeclareError::Plan { .. }) => Some(
            "fix `schedule` where the module registers the workflow; `smithers workflows check` tries it without a gateway",
        ),
        StartError::Module(_) => Some(
            "fix the module, name another one with SMITHERS_GATEWAY_MODULE, or start with --allow-broken-modules",
        ),
        _ => None,
    }
}
