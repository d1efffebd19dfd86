//! The text of a token store, as the gateway reads it: bearers are hashed where they stand and never copied.
//!
//! ```text
//! {"version": 3, "tokens": {"sha256:<hex>": {"role", "scopes", "userId"?, "tokenId"?, "expiresAtMs"?, "revokedAtMs"?}}}
//! ```
//!
//! Other members belong to the command line tools and are ignored here.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use sha2::{Digest, Sha256};

use crate::entry::{Entry, Text};
use crate::grant::GrantSet;

/// Most grants of one store.
pub(crate) const MAX_GRANTS: usize = 10_000;
/// The newest format that is understood.
pub(crate) const NEWEST_VERSION: u64 = 3;

/// Why the text is refused; nothing of the text itself is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// Something that must be an object is none.
    #[error("its member `{0}` is no object")]
    NoObject(&'static str),
}

impl From<serde_json::Error> for TextError {
    fn from(error: serde_json::Error) -> TextError {
        TextError::Malformed {
            line: error.line(),
            column: error.column(),
        }
    }
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
    let file: StoreFile<'_> = serde_json::from_slice(text)?;
    if file.version.is_some_and(|version| version > NEWEST_VERSION) {
        return Err(TextError::TooNew(file.version.unwrap_or_default()));
    }
    let entries = file.tokens.0;
    if entries.len() > MAX_GRANTS {
        return Err(TextError::TooMany);
    }
    let mut parsed = Parsed::default();
    for (position, (key, entry)) in entries.iter().enumerate() {
        match entry.judge(&key.0) {
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
