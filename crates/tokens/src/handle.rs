//! Action handles: what lets a command use a token for one action without knowing it.

use serde_json::Value;
use smithers_model::Timestamp;

use crate::bearer::Fingerprint;
use crate::entry::instant;
use crate::grant::Standing;

/// A handle of the store.
pub(crate) struct Handle<'a> {
    /// Where it is.
    pub key: &'a str,
    /// Hash of its text.
    pub fingerprint: Fingerprint,
    /// The token that it opens.
    pub token_id: &'a str,
    /// The action that it is bound to.
    pub action_id: &'a str,
    /// What the action may need.
    pub scopes: Vec<&'a str>,
    /// When it was made.
    pub issued_at: Option<Timestamp>,
    /// When it ends; without, with its grant.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if that is known.
    pub revoked_at: Option<Timestamp>,
    is_revoked: bool,
}

impl<'a> Handle<'a> {
    /// Understands the entry at `key`: a handle in plain text, or `sha256:<hex>`. Anything incomplete is no handle.
    pub(crate) fn of(key: &'a str, value: &'a Value) -> Option<Handle<'a>> {
        let text = |name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let end = |name: &str| instant(value.get(name).filter(|value| !value.is_null()));
        let revoked = value.get("revokedAtMs").filter(|value| !value.is_null());
        let scopes = value.get("scopes").and_then(Value::as_array)?;
        Some(Handle {
            key,
            fingerprint: Fingerprint::of_store_key(key).or_else(|| Fingerprint::of(key))?,
            token_id: text("tokenId")?,
            action_id: text("actionId")?,
            scopes: scopes.iter().filter_map(Value::as_str).collect(),
            issued_at: end("issuedAtMs").ok()?,
            expires_at: end("expiresAtMs").ok()?,
            revoked_at: revoked.and_then(Value::as_i64).map(Timestamp),
            is_revoked: revoked.is_some(),
        })
    }

    /// Tells whether the handle is in force.
    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        Standing::at(now, self.expires_at, self.is_revoked)
    }
}
