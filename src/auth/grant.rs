//! What a grant of the store means for a request.

use smithers_actors::session::Identity;
use smithers_model::Timestamp;
use smithers_protocol::error::RpcError;
use smithers_tokens::{Fingerprint, Grant, Standing};

/// What clients are told to do about a token that once was valid.
const REFRESH: &str = "smithers token issue";

/// Tells whether a grant is in force.
pub(super) fn check(grant: &Grant, now: Timestamp) -> Result<(), RpcError> {
    let message = match grant.standing(now) {
        Standing::Active => return Ok(()),
        Standing::Revoked => "Token has been revoked",
        Standing::Expired => "Token expired; issue a refreshed token.",
    };
    Err(RpcError::unauthorized(message).with("refresh", REFRESH))
}

/// Returns as whom the bearer of a grant acts.
pub(super) fn identity(grant: &Grant, fingerprint: Fingerprint) -> Identity {
    Identity {
        role: grant.role.clone(),
        grants: grant.grants.clone(),
        user_id: grant.user_id.clone(),
        token_id: Some(grant.token_id.clone()),
        expires_at: grant.expires_at,
        credential: Some(fingerprint.to_bytes()),
    }
}
