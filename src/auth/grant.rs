//! What a grant of the store means for a request.

use smithers_actors::session::Identity;
use smithers_tokens::{Fingerprint, Grant};

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
