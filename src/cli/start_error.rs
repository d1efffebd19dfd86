//! Why a gateway did not start, with a code and what to do about it.

use smithers_store::OpenError;

use super::error::CliError;
use crate::gateway::StartError;

/// Gives a failed start its code and hint; other failures pass as they are.
pub(super) fn explained(error: StartError) -> anyhow::Error {
    let StartError::Open(OpenError::Drifted { .. }) = &error else {
        return error.into();
    };
    let hint = "`smithers db check` lists what differs; triggers protect the audit trail, so find out who \
                removed them, then restore a backup";
    CliError::new("DB_SCHEMA_DRIFT", error.to_string())
        .hint(hint)
        .into()
}
