//! One entry of the store: which token it is for, and what it grants.
//!
//! Version 1 keys entries by token id with the bearer in `secret`, version 2 by the bearer, version 3 by `sha256:<hex>`.
//! Entries written by hand may have any of these keys in any version.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use smithers_model::Timestamp;
use smithers_protocol::limits::{MAX_SCOPE_BYTES, MAX_SCOPES, MAX_USER_ID_BYTES};
use smithers_protocol::scope::Grants;

use crate::bearer::Fingerprint;
use crate::grant::Grant;

/// A text that is borrowed when it has no escapes, so that bearers are not copied.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// An entry; fields of an unexpected kind are judged one by one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry<'a> {
    role: Option<Value>,
    scopes: Option<Value>,
    user_id: Option<Value>,
    token_id: Option<Value>,
    expires_at_ms: Option<Value>,
    revoked_at_ms: Option<Value>,
    #[serde(borrow)]
    secret: Option<Text<'a>>,
}

impl<'a> Entry<'a> {
    /// Takes the known members of a value; `None` when they have no form of an entry at all.
    pub(crate) fn of(value: &'a Value) -> Option<Entry<'a>> {
        Entry::deserialize(value).ok()
    }

    /// Understands the entry at `key`, or says what keeps it from being a grant.
    pub(crate) fn judge(&self, key: &str) -> Result<(Fingerprint, Grant), &'static str> {
        let (fingerprint, _) = self.token(key)?;
        let grant = Grant {
            role: text(self.role.as_ref()).unwrap_or("operator").to_owned(),
            grants: grants(self.scopes.as_ref())?,
            user_id: user_id(self.user_id.as_ref())?,
            token_id: self
                .own_id()
                .map_or_else(|| fingerprint.token_id(), str::to_owned),
            expires_at: instant(self.expires_at_ms.as_ref())?,
            // Whatever it says and whenever it says it was: an entry that mentions a revocation is revoked.
            is_revoked: self.revoked_at_ms.is_some(),
        };
        Ok((fingerprint, grant))
    }

    /// Finds the token that the entry at `key` is for, and its bearer when that is written here. A printed id is never a
    /// bearer.
    pub(crate) fn token<'k>(
        &'k self,
        key: &'k str,
    ) -> Result<(Fingerprint, Option<&'k str>), &'static str> {
        let secret = self.secret.as_ref().map(|secret| secret.0.as_ref());
        if let Some(fingerprint) = Fingerprint::of_store_key(key) {
            let is_own = |secret: &&str| Fingerprint::of(secret) == Some(fingerprint);
            return Ok((fingerprint, secret.filter(is_own)));
        }
        let of_secret = secret.and_then(Fingerprint::of);
        let is_id = self.own_id() == Some(key)
            || of_secret.is_some_and(|fingerprint| fingerprint.token_id() == key);
        if is_id {
            let fingerprint = of_secret.ok_or("is keyed by its id and has no bearer")?;
            return Ok((fingerprint, secret));
        }
        let fingerprint = Fingerprint::of(key).ok_or("has a key that cannot be a bearer")?;
        Ok((fingerprint, Some(key)))
    }

    fn own_id(&self) -> Option<&str> {
        text(self.token_id.as_ref()).filter(|id| !id.is_empty())
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

/// Understands scopes; without any the grant allows nothing.
fn grants(scopes: Option<&Value>) -> Result<Grants, &'static str> {
    let scopes: Vec<&str> = match scopes {
        None => Vec::new(),
        Some(Value::Array(scopes)) => scopes.iter().filter_map(Value::as_str).collect(),
        Some(_) => return Err("has scopes that are no list"),
    };
    if scopes.len() > MAX_SCOPES {
        return Err("has too many scopes");
    }
    if scopes.iter().any(|scope| scope.len() > MAX_SCOPE_BYTES) {
        return Err("has a scope that is too long");
    }
    Ok(Grants::parse(scopes))
}

fn user_id(value: Option<&Value>) -> Result<Option<String>, &'static str> {
    match value {
        None => Ok(None),
        Some(Value::String(id)) if id.len() <= MAX_USER_ID_BYTES => {
            Ok(Some(id.clone()).filter(|id| !id.is_empty()))
        }
        Some(_) => Err("has a user id that is no text or too long"),
    }
}

/// Understands an instant; an end that is no number must not read as no end.
pub(crate) fn instant(value: Option<&Value>) -> Result<Option<Timestamp>, &'static str> {
    let Some(value) = value else { return Ok(None) };
    let end = value
        .as_i64()
        .or_else(|| value.as_f64().map(|end| end.floor() as i64));
    end.map(|end| Some(Timestamp(end)))
        .ok_or("has an end that is no number")
}
