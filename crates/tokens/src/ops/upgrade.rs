//! Replacing bearers in plain text by their hashes.

use secrecy::SecretString;
use serde_json::{Value, json};
use smithers_model::Timestamp;

use crate::audit::Record;
use crate::bearer::Fingerprint;
use crate::document::{Members, wipe};
use crate::entry::Entry;
use crate::error::Error;
use crate::ledger::{Change, Ledger};
use crate::secrets;

/// What was hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// Ids of the tokens.
    pub token_ids: Vec<String>,
    /// How many handles.
    pub handles: usize,
}

impl Ledger {
    /// Makes the store one of version 3: no bearer and no handle stays in it. Every token and every handle keeps working.
    /// The bearers go to the file of secrets, for `exec` on this host, unless `forget` says that nobody here needs them.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn upgrade(&self, forget: bool, now: Timestamp) -> Result<Upgraded, Error> {
        self.change(now, |change| Ok(change.upgrade(forget)))
    }
}

impl Change {
    pub(super) fn upgrade(&mut self, forget: bool) -> Upgraded {
        let tokens = std::mem::take(self.document.tokens_mut());
        let mut token_ids = Vec::new();
        for (key, entry) in tokens {
            let (key, entry) = match self.hashed_token(&key, &entry, forget) {
                Some((hashed, members, token_id)) => {
                    wipe(key.into());
                    wipe(entry);
                    token_ids.push(token_id);
                    (hashed, members.into())
                }
                None => (key, entry),
            };
            self.document.tokens_mut().insert(key, entry);
        }
        let handles = self.hash_handles();
        self.document.raise_version(3);
        self.records.push(Record::Upgraded {
            token_ids: token_ids.clone(),
            handle_count: handles,
        });
        Upgraded { token_ids, handles }
    }

    /// Returns the hashed form of an entry that holds its bearer, and the id of its token.
    fn hashed_token(
        &mut self,
        key: &str,
        value: &Value,
        forget: bool,
    ) -> Option<(String, Members, String)> {
        let entry = Entry::of(value)?;
        let (fingerprint, bearer) = entry.token(key).ok()?;
        let bearer = bearer?;
        let mut members = value.as_object()?.clone();
        if let Some(secret) = members.shift_remove("secret") {
            wipe(secret);
        }
        let id = members.get("tokenId").and_then(Value::as_str);
        let id = id.filter(|id| !id.is_empty()).map(str::to_owned);
        let id = id.unwrap_or_else(|| fingerprint.token_id());
        members.insert("tokenId".into(), id.as_str().into());
        if !forget && secrets::is_plain(bearer) {
            self.bearers.push((fingerprint, SecretString::from(bearer)));
        }
        Some((fingerprint.store_key(), members, id))
    }

    /// Hashes the handles; returns how many were in plain text.
    fn hash_handles(&mut self) -> usize {
        let handles = std::mem::take(self.document.handles_mut());
        let mut hashed = 0;
        for (key, mut entry) in handles {
            let plain = match Fingerprint::of_store_key(&key) {
                Some(_) => None,
                None => Fingerprint::of(&key).zip(entry.as_object_mut()),
            };
            let Some((fingerprint, members)) = plain else {
                self.document.handles_mut().insert(key, entry);
                continue;
            };
            if let Some(handle) = members.shift_remove("handle") {
                wipe(handle);
            }
            members.insert("handleId".into(), json!(fingerprint.token_id()));
            wipe(key.into());
            self.document
                .handles_mut()
                .insert(fingerprint.store_key(), entry);
            hashed += 1;
        }
        hashed
    }
}
