//! The bearers of hashed grants, for `exec` on the host where they were issued; never shipped to a gateway.
//!
//! ```text
//! {"version": 1, "bearers": {"sha256:<hex>": "<bearer>"}}
//! ```

use std::collections::HashMap;
use std::io;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::bearer::Fingerprint;
use crate::error::{Error, unreadable};
use crate::load::{LoadError, MAX_BYTES, read};
use crate::lock::Lock;
use crate::place::Place;
use crate::replace::replace;
use crate::text::TextError;

/// The bearers by their fingerprints.
#[derive(Debug, Default)]
pub(crate) struct Secrets(HashMap<Fingerprint, SecretString>);

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    bearers: HashMap<&'a str, &'a str>,
}

impl Secrets {
    /// Reads the file; one that does not exist holds nothing.
    pub(crate) fn load(place: &Place) -> Result<Secrets, Error> {
        let path = place.secrets();
        let text = match read(&path, false) {
            Ok(text) => text,
            Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Secrets::default());
            }
            Err(why) => return Err(unreadable(&path, why)),
        };
        let file: File<'_> = serde_json::from_slice(&text)
            .map_err(|error| unreadable(&path, TextError::from(error)))?;
        let known = file.bearers.into_iter().filter_map(|(key, bearer)| {
            let fingerprint = Fingerprint::of_store_key(key)?;
            // A bearer that does not belong to its key must not be handed out for it.
            (Fingerprint::of(bearer) == Some(fingerprint)).then(|| (fingerprint, bearer.into()))
        });
        Ok(Secrets(known.collect()))
    }

    /// Returns the bearer of a token.
    pub(crate) fn get(&self, fingerprint: Fingerprint) -> Option<&SecretString> {
        self.0.get(&fingerprint)
    }

    /// Adds a bearer.
    pub(crate) fn add(&mut self, fingerprint: Fingerprint, bearer: SecretString) {
        self.0.insert(fingerprint, bearer);
    }

    /// Keeps the bearers that `is_wanted`; tells whether any was dropped.
    pub(crate) fn keep(&mut self, is_wanted: impl Fn(Fingerprint) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|fingerprint, _| is_wanted(*fingerprint));
        self.0.len() < before
    }

    /// Writes the file.
    pub(crate) fn save(&self, place: &Place, lock: &Lock) -> Result<(), Error> {
        let mut lines: Vec<(String, &SecretString)> = self
            .0
            .iter()
            .map(|(fingerprint, bearer)| (fingerprint.store_key(), bearer))
            .collect();
        lines.sort_by(|one, other| one.0.cmp(&other.0));
        let room = lines
            .iter()
            .map(|(key, bearer)| key.len() + bearer.expose_secret().len() + 16)
            .sum::<usize>();
        // Sized at once, so that growing leaves no copies behind.
        let mut text = Zeroizing::new(String::with_capacity(room + 64));
        text.push_str("{\n  \"version\": 1,\n  \"bearers\": {");
        for (position, (key, bearer)) in lines.iter().enumerate() {
            text.push_str(if position == 0 { "\n" } else { ",\n" });
            // Neither holds a character that JSON escapes: hex digits, and what `is_plain` lets pass.
            for part in ["    \"", key, "\": \"", bearer.expose_secret(), "\""] {
                text.push_str(part);
            }
        }
        text.push_str("\n  }\n}\n");
        if text.len() as u64 > MAX_BYTES {
            return Err(Error::Full("4 MiB of bearers; `token prune` makes room"));
        }
        replace(place, &place.secrets(), text.as_bytes(), lock)
    }
}

/// Tells whether a bearer can be written without escapes, as all that we make.
pub(crate) fn is_plain(bearer: &str) -> bool {
    !bearer.contains(['"', '\\']) && bearer.bytes().all(|byte| byte.is_ascii_graphic())
}
