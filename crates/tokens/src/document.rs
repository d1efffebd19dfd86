//! The store as it is changed: every member is kept, known or not, and every text is wiped from memory at the end.

use secrecy::zeroize::{Zeroize, Zeroizing};
use serde_json::{Map, Value};

use crate::bearer::Fingerprint;
use crate::entry::Entry;
use crate::error::Error;
use crate::grant::Grant;
use crate::handle::Handle;
use crate::load::MAX_BYTES;
use crate::strict;
use crate::text::{self, MAX_GRANTS, NEWEST_VERSION, TextError};

const TOKENS: &str = "tokens";
const HANDLES: &str = "actionTokens";

/// The members of a grant or of a handle.
pub(crate) type Members = Map<String, Value>;

/// A store in memory.
pub(crate) struct Document {
    /// Everything but the grants and the handles.
    rest: Members,
    tokens: Members,
    handles: Members,
}

/// A grant of the store, as it is understood.
pub(crate) struct GrantRow<'a> {
    /// Where it is.
    pub key: &'a str,
    /// The token.
    pub fingerprint: Fingerprint,
    /// What it means.
    pub grant: Grant,
    /// What is written.
    pub members: &'a Members,
}

impl Document {
    /// A store without grants.
    pub(crate) fn empty() -> Document {
        Document {
            rest: Members::new(),
            tokens: Members::new(),
            handles: Members::new(),
        }
    }

    /// Reads the text of a store, by the rules of the gateway and without a key that occurs twice anywhere.
    pub(crate) fn parse(text: &[u8]) -> Result<Document, TextError> {
        text::parse(text)?;
        let Value::Object(mut rest) = strict::parse(text)? else {
            return Err(TextError::NoObject("/"));
        };
        Ok(Document {
            tokens: take_object(&mut rest, TOKENS)?,
            handles: take_object(&mut rest, HANDLES)?,
            rest,
        })
    }

    /// Writes the store: two spaces, a line break at the end.
    pub(crate) fn to_text(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let full = || Error::Full("4 MiB; `token prune` makes room");
        if self.tokens.len() > MAX_GRANTS {
            return Err(Error::Full("10,000 grants; `token prune` makes room"));
        }
        // As large as it may become, so that growing leaves no copies of bearers behind.
        let limit = MAX_BYTES as usize;
        let mut text = Zeroizing::new(Vec::with_capacity(limit));
        let mut bounded = Bounded(&mut text);
        serde_json::to_writer_pretty(&mut bounded, &self.whole()).map_err(|_| full())?;
        if text.len() == limit {
            return Err(full());
        }
        text.push(b'\n');
        Ok(text)
    }

    fn whole(&self) -> Whole<'_> {
        Whole {
            version: self.version(),
            tokens: &self.tokens,
            action_tokens: &self.handles,
            rest: &self.rest,
        }
    }

    /// Returns the version of the format; what was written by hand counts as 2.
    pub(crate) fn version(&self) -> u64 {
        self.rest
            .get("version")
            .and_then(Value::as_u64)
            .unwrap_or(2)
    }

    /// Raises the version to that of a format; it is never lowered.
    pub(crate) fn raise_version(&mut self, version: u64) {
        let is_new = self.tokens.is_empty() && !self.rest.contains_key("version");
        let version = if is_new {
            version
        } else {
            version.max(self.version())
        };
        self.rest
            .insert("version".into(), version.min(NEWEST_VERSION).into());
    }

    /// Returns the grants; entries that are no grants are left out, as the gateway does.
    pub(crate) fn grants(&self) -> impl Iterator<Item = GrantRow<'_>> {
        self.tokens.iter().filter_map(|(key, value)| {
            let (fingerprint, grant) = Entry::of(value)?.judge(key).ok()?;
            Some(GrantRow {
                key,
                fingerprint,
                grant,
                members: value.as_object()?,
            })
        })
    }

    /// Finds the grant that `text` names: its id, its key in the store, or its bearer.
    pub(crate) fn find(&self, text: &str) -> Option<GrantRow<'_>> {
        let presented = Fingerprint::of(text);
        let named = Fingerprint::of_store_key(text);
        let is_meant = |row: &GrantRow<'_>| {
            let by_hash = [presented, named].into_iter().flatten();
            row.grant.token_id == text
                || by_hash
                    .into_iter()
                    .any(|hash| row.fingerprint.matches(hash))
        };
        self.grants().find(is_meant)
    }

    /// Returns the keys and ids of all entries that `text` names, also of those that are no grants: those must be
    /// revocable too.
    pub(crate) fn keys_of(&self, text: &str) -> Vec<(String, String)> {
        let presented = Fingerprint::of(text);
        let is_meant = |key: &str, id: &str, token: Option<Fingerprint>| {
            let has_hash =
                token.is_some() && (token == presented || token == Fingerprint::of_store_key(text));
            !text.is_empty() && (id == text || key == text || has_hash)
        };
        let entries = self.entries();
        entries
            .filter(|(key, id, token)| is_meant(key, id, *token))
            .map(|(key, id, _)| (key.to_owned(), id))
            .collect()
    }

    /// Returns the keys and ids of all entries.
    pub(crate) fn all_keys(&self) -> Vec<(String, String)> {
        self.entries()
            .map(|(key, id, _)| (key.to_owned(), id))
            .collect()
    }

    /// Returns key, id and token of every entry, whether it is a grant or not.
    fn entries(&self) -> impl Iterator<Item = (&str, String, Option<Fingerprint>)> {
        self.tokens.iter().map(|(key, value)| {
            let entry = Entry::of(value);
            let token = entry.and_then(|entry| Some(entry.token(key).ok()?.0));
            let id = value.get("tokenId").and_then(Value::as_str);
            let id = id.filter(|id| !id.is_empty()).map(str::to_owned);
            let id = id.or_else(|| token.map(Fingerprint::token_id));
            (key.as_str(), id.unwrap_or_default(), token)
        })
    }

    /// Returns how many entries hold a bearer in plain text.
    pub(crate) fn plain(&self) -> usize {
        let is_plain = |(key, value): &(&String, &Value)| {
            Entry::of(value).is_some_and(|entry| matches!(entry.token(key), Ok((_, Some(_)))))
        };
        self.tokens.iter().filter(is_plain).count()
    }

    /// Returns the handles; entries that are no handles are left out.
    pub(crate) fn handles(&self) -> impl Iterator<Item = Handle<'_>> {
        self.handles
            .iter()
            .filter_map(|(key, value)| Handle::of(key, value))
    }

    /// The entries of grants by their keys, to change.
    pub(crate) fn tokens_mut(&mut self) -> &mut Members {
        &mut self.tokens
    }

    /// The entries of handles by their keys, to change.
    pub(crate) fn handles_mut(&mut self) -> &mut Members {
        &mut self.handles
    }

    /// Drops whatever has no hash for its key, and everything that is neither a grant nor a handle.
    pub(crate) fn keep_hashed(&mut self) {
        for members in [&mut self.tokens, &mut self.handles] {
            members.retain(|key, _| Fingerprint::of_store_key(key).is_some());
        }
        self.rest.retain(|name, _| name == "version");
    }

    /// Returns the entry of a grant at `key`.
    pub(crate) fn token(&self, key: &str) -> Option<&Value> {
        self.tokens.get(key)
    }

    /// Puts a grant where none is.
    pub(crate) fn add_token(&mut self, key: String, entry: Members) {
        self.tokens.insert(key, entry.into());
    }

    /// Puts a handle where none is.
    pub(crate) fn add_handle(&mut self, key: String, entry: Members) {
        self.handles.insert(key, entry.into());
    }
}

/// The order of a written store: what people look for first comes first.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    version: u64,
    tokens: &'a Members,
    action_tokens: &'a Members,
    #[serde(flatten, serialize_with = "without_version")]
    rest: &'a Members,
}

fn without_version<S: serde::Serializer>(
    rest: &&Members,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(rest.iter().filter(|(name, _)| *name != "version"))
}

fn take_object(members: &mut Members, name: &'static str) -> Result<Members, TextError> {
    match members.shift_remove(name) {
        None => Ok(Members::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(TextError::NoObject(name)),
    }
}

/// Writes into a buffer that never grows.
struct Bounded<'a>(&'a mut Vec<u8>);

impl std::io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let fitting = bytes.len().min(self.0.capacity() - self.0.len());
        self.0.extend_from_slice(&bytes[..fitting]);
        Ok(fitting)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        for members in [&mut self.rest, &mut self.tokens, &mut self.handles] {
            wipe(std::mem::take(members).into());
        }
    }
}

/// Overwrites every text of a value.
pub(crate) fn wipe(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(members) => {
            for (mut key, value) in members {
                key.zeroize();
                wipe(value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
