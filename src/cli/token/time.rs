//! Durations as they are typed, and instants as they are shown.

use std::time::Duration;

use smithers_model::Timestamp;
use smithers_tokens::{Error, MAX_TTL, TtlError, parse_duration};

use super::store::told;
use crate::cli::error::CliError;
use crate::cli::output::warn;

/// Sets the longest lifetime of a token.
const MAX_TTL_VARIABLE: &str = "SMITHERS_TOKEN_MAX_TTL";
/// A lifetime below this was probably meant in another unit.
const SUSPICIOUS: Duration = Duration::from_secs(1);

/// Reads a duration of the command line.
pub(super) fn duration(text: &str) -> Result<Duration, CliError> {
    parse_duration(text).map_err(|error| {
        let message = match error {
            TtlError::Invalid => {
                "the duration is invalid: a number with ms, s, m, h or d, and more than zero"
            }
            TtlError::TooLong { .. } => "the duration is too long",
        };
        CliError::new(error.code(), message).hint("for example 90s, 15m, 1.5h or 7d")
    })
}

/// Reads a lifetime, and warns about one that ends before anybody can use it.
pub(super) fn lifetime(text: &str) -> Result<Duration, CliError> {
    let lifetime = duration(text)?;
    if lifetime < SUSPICIOUS {
        let ms = lifetime.as_millis();
        warn(&format!(
            "the token lives for {ms} milliseconds only; without a unit a number means milliseconds"
        ));
    }
    Ok(lifetime)
}

/// Returns the longest lifetime of a token.
pub(super) fn longest() -> Result<Duration, CliError> {
    match std::env::var(MAX_TTL_VARIABLE) {
        Ok(text) if !text.trim().is_empty() => duration(&text).map_err(|_| {
            let message = format!("{MAX_TTL_VARIABLE} is no duration");
            CliError::new("INVALID_DURATION", message).hint("for example 12h or 30d")
        }),
        _ => Ok(MAX_TTL),
    }
}

/// Checks a lifetime against the longest and against what the scopes allow to do.
pub(super) fn check(ttl: Duration, scopes: &[String]) -> Result<(), CliError> {
    let grants = smithers_protocol::scope::Grants::parse(scopes);
    let checked = smithers_tokens::check_ttl(ttl, &grants, longest()?);
    checked.map_err(|error| told(Error::Ttl(error)))
}

/// Shows an instant to the second.
pub(super) fn shown(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "-".to_owned(),
        |at| format!("{}Z", &at.to_iso().split('.').next().unwrap_or_default()),
    )
}
