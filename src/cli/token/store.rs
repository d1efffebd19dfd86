//! Which store the commands work on, and how its errors are told.

use std::collections::BTreeMap;
use std::path::Path;

use smithers_tokens::{Error, Ledger, Origin};

use crate::cli::error::CliError;
pub(super) use crate::cli::moment::now;
use crate::config::{Config, Sources};

/// Opens the store of the configuration: the same that a gateway started here would read.
pub(super) fn ledger() -> anyhow::Result<Ledger> {
    let path = Config::token_store(&Sources::of_process(BTreeMap::new()))?;
    Ok(at(&path).map_err(told)?)
}

/// Opens the store at `path`.
pub(super) fn at(path: &Path) -> Result<Ledger, Error> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ledger::open(&path, Origin::of_process(env!("CARGO_PKG_VERSION")))
}

/// Tells an error of the store with its code, its cause and what to do.
pub(super) fn told(error: Error) -> CliError {
    told_as(error.code(), error)
}

/// As [`told`], but a store that cannot be used has the code that scripts know of this command.
pub(super) fn told_for(unusable: &'static str, error: Error) -> CliError {
    let code = match &error {
        Error::Unreadable { .. } | Error::Unsafe { .. } => unusable,
        other => other.code(),
    };
    told_as(code, error)
}

fn told_as(code: &'static str, error: Error) -> CliError {
    let hint = match &error {
        Error::Unreadable { .. } => Some("nothing was changed; repair the file or move it away"),
        Error::Busy(_) => Some("try again; a command that hangs shows in `ps`"),
        Error::NotFound => Some("`smithers token list` shows the ids"),
        Error::Ended(_) => Some("issue a new token"),
        Error::Ttl(_) => {
            Some("give a shorter --ttl, such as 1h; SMITHERS_TOKEN_MAX_TTL sets the maximum")
        }
        Error::NotGranted(_) => Some("a handle can only do what its token may"),
        Error::Unrecorded { .. } => {
            Some("repair the trail, then run the command again to record it")
        }
        _ => None,
    };
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    let told = CliError::new(code, format!("{error}{}", cause.unwrap_or_default()));
    match hint {
        Some(hint) => told.hint(hint),
        None => told,
    }
}
