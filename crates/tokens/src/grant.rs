//! Grants as they are understood, found by fingerprint.

use std::collections::HashMap;

use smithers_model::Timestamp;
use smithers_protocol::scope::Grants;

use crate::bearer::Fingerprint;

/// What a token allows, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
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

/// Whether a grant or a handle is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// In force.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked, which counts before expiry.
    Revoked,
}

impl Standing {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Expired => "expired",
            Standing::Revoked => "revoked",
        }
    }

    /// Judges something by its end and its revocation. The end itself is not a part of the time.
    pub fn at(now: Timestamp, expires_at: Option<Timestamp>, is_revoked: bool) -> Standing {
        if is_revoked {
            return Standing::Revoked;
        }
        match expires_at {
            Some(end) if end <= now => Standing::Expired,
            _ => Standing::Active,
        }
    }
}

impl Grant {
    /// Tells whether the grant is in force.
    pub fn standing(&self, now: Timestamp) -> Standing {
        Standing::at(now, self.expires_at, self.is_revoked)
    }
}

/// Grants by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantSet(HashMap<Fingerprint, Grant>);

impl GrantSet {
    /// Adds a grant; false when the token has one already.
    pub fn insert(&mut self, fingerprint: Fingerprint, grant: Grant) -> bool {
        self.0.insert(fingerprint, grant).is_none()
    }

    /// Finds the grant of a token.
    ///
    /// The table is searched by hash, so timing tells at most something about the hash of what was presented; the match
    /// is confirmed in constant time.
    pub fn find(&self, fingerprint: Fingerprint) -> Option<&Grant> {
        self.0
            .get_key_value(&fingerprint)
            .filter(|(found, _)| found.matches(fingerprint))
            .map(|(_, grant)| grant)
    }

    /// Returns the grants, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.values()
    }

    /// Returns the grants with their fingerprints, in no order.
    pub fn entries(&self) -> impl Iterator<Item = (&Fingerprint, &Grant)> {
        self.0.iter()
    }

    /// Returns how many grants there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
