//! Grants as they are held in memory, found by fingerprint.

use std::collections::HashMap;

use smithers_actors::session::Identity;
use smithers_model::Timestamp;
use smithers_protocol::error::RpcError;
use smithers_protocol::scope::Grants;

use super::bearer::Fingerprint;

/// What clients are told to do about a token that once was valid.
const REFRESH: &str = "smithers token issue";

/// What a token allows, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// Role, free text.
    pub role: String,
    /// Scopes and other entries.
    pub grants: Grants,
    /// User that acts.
    pub user_id: Option<String>,
    /// Id of the token.
    pub token_id: String,
    /// When it ends; never without.
    pub expires_at: Option<Timestamp>,
    /// Whether it was revoked, at whatever time.
    pub is_revoked: bool,
}

impl Grant {
    /// Tells whether the grant is in force: revocation counts before expiry.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), RpcError> {
        let refuse = |message: &str| Err(RpcError::unauthorized(message).with("refresh", REFRESH));
        if self.is_revoked {
            return refuse("Token has been revoked");
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return refuse("Token expired; issue a refreshed token.");
        }
        Ok(())
    }

    /// Returns as whom the bearer of this grant acts.
    pub(super) fn identity(&self, fingerprint: Fingerprint) -> Identity {
        Identity {
            role: self.role.clone(),
            grants: self.grants.clone(),
            user_id: self.user_id.clone(),
            token_id: Some(self.token_id.clone()),
            expires_at: self.expires_at,
            credential: Some(fingerprint.to_bytes()),
        }
    }
}

/// Grants by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct GrantSet(HashMap<Fingerprint, Grant>);

impl GrantSet {
    /// Adds a grant; false when the token has one already.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, grant: Grant) -> bool {
        self.0.insert(fingerprint, grant).is_none()
    }

    /// Finds the grant of a token.
    ///
    /// The table is searched by hash, so timing tells at most something about the hash of what was presented; the match
    /// is confirmed in constant time.
    pub(super) fn find(&self, fingerprint: Fingerprint) -> Option<&Grant> {
        self.0
            .get_key_value(&fingerprint)
            .filter(|(found, _)| found.matches(fingerprint))
            .map(|(_, grant)| grant)
    }

    /// Returns how many grants there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
