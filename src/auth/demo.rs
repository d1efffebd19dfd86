//! The token of `gateway --demo`.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use smithers_model::Timestamp;
use smithers_protocol::scope::Grants;
use smithers_tokens::{Fingerprint, Grant, new_bearer};

use super::store::GrantStore;

/// How long the token is valid.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
const SCOPES: [&str; 6] = [
    "run:read",
    "run:write",
    "approval:read",
    "approval:submit",
    "observability:read",
    "score:read",
];

/// Issues a token for an hour that may launch runs and decide approvals, and returns its bearer.
///
/// The grant lives in memory beside those of the file; the user's store is not written.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn issue_demo_grant(
    store: &GrantStore,
    now: Timestamp,
) -> Result<SecretString, rand::rand_core::OsError> {
    let bearer = new_bearer()?;
    let fingerprint =
        Fingerprint::of(bearer.expose_secret()).expect("a new bearer has the form of one");
    let grant = Grant {
        role: "operator".into(),
        grants: Grants::parse(SCOPES),
        user_id: Some("user:demo".into()),
        token_id: fingerprint.token_id(),
        expires_at: Some(now.plus(LIFETIME)),
        is_revoked: false,
    };
    store.add_in_memory(fingerprint, grant);
    Ok(bearer)
}
