//! Dropping what ended long ago. What is dropped stays refused: an unknown token is no token.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use smithers_model::Timestamp;

use crate::audit::Record;
use crate::error::Error;
use crate::grant::Standing;
use crate::ledger::{Change, Ledger};

/// What was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// Ids of the tokens.
    pub token_ids: Vec<String>,
    /// How many handles.
    pub handles: usize,
}

impl Ledger {
    /// Drops the grants that expired or were revoked longer than `age` ago, their handles, and handles without a grant.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn prune(&self, age: Duration, now: Timestamp) -> Result<Pruned, Error> {
        self.change(now, |change| Ok(change.prune(age, now)))
    }

    /// Returns what [`Ledger::prune`] would drop.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn prunable(&self, age: Duration, now: Timestamp) -> Result<Pruned, Error> {
        let mut change = Change {
            document: self.document()?,
            bearers: Vec::new(),
            records: Vec::new(),
        };
        Ok(change.prune(age, now))
    }
}

impl Change {
    fn prune(&mut self, age: Duration, now: Timestamp) -> Pruned {
        let is_old = |end: Option<Timestamp>| {
            // An end in the future is not old, whatever the age.
            end.is_some_and(|end| end <= now && now.since(end) >= age)
        };
        let mut dropped: Vec<(String, String)> = Vec::new();
        let mut kept = HashSet::new();
        for row in self.document.grants() {
            let revoked_at = row.members.get("revokedAtMs").and_then(Value::as_i64);
            let end = match row.grant.standing(now) {
                Standing::Active => None,
                Standing::Expired => row.grant.expires_at,
                // A revocation without a time counts from the expiry.
                Standing::Revoked => revoked_at.map(Timestamp).or(row.grant.expires_at),
            };
            if is_old(end) {
                dropped.push((row.key.to_owned(), row.grant.token_id));
            } else {
                kept.insert(row.grant.token_id);
            }
        }
        let is_over = |handle: &crate::handle::Handle<'_>| {
            !kept.contains(handle.token_id)
                || is_old(handle.revoked_at)
                || is_old(handle.expires_at)
        };
        let handles = self.document.handles().filter(is_over);
        let handles: Vec<String> = handles.map(|handle| handle.key.to_owned()).collect();
        for key in &handles {
            self.document.handles_mut().shift_remove(key);
        }
        for (key, _) in &dropped {
            self.document.tokens_mut().shift_remove(key);
        }
        let pruned = Pruned {
            token_ids: dropped.into_iter().map(|(_, token_id)| token_id).collect(),
            handles: handles.len(),
        };
        if pruned.handles > 0 || !pruned.token_ids.is_empty() {
            self.records.push(Record::Pruned {
                token_ids: pruned.token_ids.clone(),
                handle_count: pruned.handles,
            });
        }
        pruned
    }
}
