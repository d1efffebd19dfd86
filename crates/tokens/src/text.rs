//! The text of a token store.
//!
//! ```text
//! {"version": 2, "tokens": {"<bearer>": {"role", "scopes", "userId"?, "tokenId"?, "expiresAtMs"?, "revokedAtMs"?}}}
//! ```
//!
//! Version 1 keys entries by token id with the bearer in `secret`; version 3 keys them by `sha256:<hex>`. Entries written
//! by hand may have any of these keys in any version. Other members belong to the command line tools and are ignored.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use sha2::{Digest, Sha256};
use smithers_model::Timestamp;
use smithers_protocol::limits::{MAX_SCOPE_BYTES, MAX_SCOPES, MAX_USER_ID_BYTES};
use smithers_protocol::scope::Grants;

use crate::bearer::Fingerprint;
use crate::grant::{Grant, GrantSet};

/// Most grants of one store.
const MAX_GRANTS: usize = 10_000;
/// The newest format that is understood.
const NEWEST_VERSION: u64 = 3;

/// Why the text is refused; nothing of the text itself is repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not JSON, not of the form, or a key that occurs twice.
    #[error("it is not a token store (line {line}, column {column})")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Written by a newer version.
    #[error("its version {0} is newer than this build understands ({NEWEST_VERSION})")]
    TooNew(u64),
    /// Too many grants.
    #[error("it holds more than {MAX_GRANTS} grants")]
    TooMany,
    /// The same token twice, for example as a bearer and as a hash.
    #[error("two entries are for the same token")]
    SameToken,
}

/// What a text holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The grants.
    pub grants: GrantSet,
    /// Why entries were left out, by their position.
    pub left_out: Vec<String>,
}

/// Reads the text of a store.
///
/// # Errors
/// The text is no store, or says two things about one token. An entry that cannot be judged is left out instead.
pub fn parse(text: &[u8]) -> Result<Parsed, TextError> {
    let file: StoreFile<'_> =
        serde_json::from_slice(text).map_err(|error| TextError::Malformed {
            line: error.line(),
            column: error.column(),
        })?;
    if file.version.is_some_and(|version| version > NEWEST_VERSION) {
        return Err(TextError::TooNew(file.version.unwrap_or_default()));
    }
    let entries = file.tokens.0;
    if entries.len() > MAX_GRANTS {
        return Err(TextError::TooMany);
    }
    let mut parsed = Parsed::default();
    for (position, (key, entry)) in entries.iter().enumerate() {
        match read_entry(&key.0, entry) {
            Ok((fingerprint, grant)) => {
                if !parsed.grants.insert(fingerprint, grant) {
                    return Err(TextError::SameToken);
                }
            }
            Err(problem) => parsed
                .left_out
                .push(format!("entry {} {problem}", position + 1)),
        }
    }
    Ok(parsed)
}

#[derive(Deserialize)]
struct StoreFile<'a> {
    version: Option<u64>,
    #[serde(borrow, default)]
    tokens: Entries<'a>,
}

/// A text that is borrowed when it has no escapes, so that bearers are not copied.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An entry; fields of an unexpected kind are judged one by one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    role: Option<Value>,
    scopes: Option<Value>,
    user_id: Option<Value>,
    token_id: Option<Value>,
    expires_at_ms: Option<Value>,
    revoked_at_ms: Option<Value>,
    #[serde(borrow)]
    secret: Option<Text<'a>>,
}

/// The members of `tokens` in their order, without a key that occurs twice.
#[derive(Default)]
struct Entries<'a>(Vec<(Text<'a>, Entry<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries<'a>, D::Error> {
        struct Members<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
            type Value = Entries<'a>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object of grants")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'a>, A::Error> {
                let mut entries: Vec<(Text<'a>, Entry<'a>)> = Vec::new();
                let mut seen = HashSet::new();
                while let Some((key, entry)) = map.next_entry::<Text<'de>, Entry<'de>>()? {
                    if !seen.insert(Sha256::digest(key.0.as_bytes())) {
                        return Err(serde::de::Error::custom("a key occurs twice"));
                    }
                    entries.push((key, entry));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Members(std::marker::PhantomData))
    }
}

/// Understands an entry, or says what keeps it from being a grant.
fn read_entry(key: &str, entry: &Entry<'_>) -> Result<(Fingerprint, Grant), &'static str> {
    let own_id = entry
        .token_id
        .as_ref()
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty());
    let fingerprint = fingerprint(
        key,
        own_id,
        entry.secret.as_ref().map(|secret| secret.0.as_ref()),
    )?;
    let grant = Grant {
        role: entry
            .role
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or("operator")
            .to_owned(),
        grants: grants(entry.scopes.as_ref())?,
        user_id: user_id(entry.user_id.as_ref())?,
        token_id: own_id.map_or_else(|| fingerprint.token_id(), str::to_owned),
        expires_at: expires_at(entry.expires_at_ms.as_ref())?,
        // Whatever it says and whenever it says it was: an entry that mentions a revocation is revoked.
        is_revoked: entry.revoked_at_ms.is_some(),
    };
    Ok((fingerprint, grant))
}

/// Finds the token that an entry is for. A printed id is never a bearer.
fn fingerprint(
    key: &str,
    own_id: Option<&str>,
    secret: Option<&str>,
) -> Result<Fingerprint, &'static str> {
    if let Some(fingerprint) = Fingerprint::of_store_key(key) {
        return Ok(fingerprint);
    }
    let of_secret = secret.and_then(Fingerprint::of);
    let is_id =
        own_id == Some(key) || of_secret.is_some_and(|fingerprint| fingerprint.token_id() == key);
    if is_id {
        return of_secret.ok_or("is keyed by its id and has no bearer");
    }
    Fingerprint::of(key).ok_or("has a key that cannot be a bearer")
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

/// Understands the end; an end that is no number must not read as no end.
fn expires_at(value: Option<&Value>) -> Result<Option<Timestamp>, &'static str> {
    let Some(value) = value else { return Ok(None) };
    let end = value
        .as_i64()
        .or_else(|| value.as_f64().map(|end| end.floor() as i64));
    end.map(|end| Some(Timestamp(end)))
        .ok_or("has an end that is no number")
}
