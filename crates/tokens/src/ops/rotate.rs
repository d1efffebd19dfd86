//! Replacing a grant by a new one with the same properties.

use std::time::Duration;

use serde_json::Value;
use smithers_model::Timestamp;

use super::mint::must_be_active;
use super::{Issue, Issued, StoreFormat};
use crate::audit::Record;
use crate::error::Error;
use crate::grant::Standing;
use crate::ledger::{Change, Ledger};
use crate::ttl::check_ttl;

/// A rotation.
#[derive(Debug, Clone)]
pub struct Rotate {
    /// Id of the token, or its bearer.
    pub token: String,
    /// How long the old one stays valid, at most.
    pub grace: Duration,
    /// How long the new one lives; without, as long as the old one was to live.
    pub ttl: Option<Duration>,
    /// The longest lifetime.
    pub max_ttl: Duration,
    /// The shape of the new entry.
    pub format: StoreFormat,
    /// Whether the bearer will be printed, for the record.
    pub is_revealed: bool,
}

/// What a rotation did.
#[derive(Debug)]
pub struct Rotated {
    /// Id of the old token.
    pub old_token_id: String,
    /// When the old one ends.
    pub old_expires_at: Timestamp,
    /// The new one, with a handle for each action of the old one.
    pub issued: Issued,
}

impl Ledger {
    /// Replaces a grant: the new one has its role, scopes, user and actions, and the old one ends after the grace.
    ///
    /// # Errors
    /// The grant does not exist or has ended, would live too long, or the store cannot be used.
    pub fn rotate(&self, rotate: &Rotate, now: Timestamp) -> Result<Rotated, Error> {
        self.change(now, |change| change.rotate(rotate, now))
    }
}

impl Change {
    fn rotate(&mut self, rotate: &Rotate, now: Timestamp) -> Result<Rotated, Error> {
        let row = self.document.find(&rotate.token).ok_or(Error::NotFound)?;
        let (key, old) = (row.key.to_owned(), row.grant);
        let issued_at = row.members.get("issuedAtMs").and_then(Value::as_i64);
        must_be_active(&old, now)?;
        let lifetime = || {
            let (begin, end) = (Timestamp(issued_at?), old.expires_at?);
            Some(end.since(begin)).filter(|lifetime| !lifetime.is_zero())
        };
        // A grant written by hand may not say how long it was to live.
        let ttl = rotate
            .ttl
            .or_else(lifetime)
            .unwrap_or(Duration::from_secs(60 * 60));
        check_ttl(ttl, &old.grants, rotate.max_ttl)?;
        let issue = Issue {
            role: old.role.clone(),
            scopes: old.grants.written().to_vec(),
            user_id: old.user_id.clone(),
            ttl,
            action_ids: self.actions_of(&old.token_id, now),
            format: rotate.format,
            is_revealed: rotate.is_revealed,
        };
        let end = now.plus(rotate.grace);
        let old_expires_at = old.expires_at.map_or(end, |own| own.min(end));
        let entry = self.document.tokens_mut().get_mut(&key);
        if let Some(entry) = entry.and_then(Value::as_object_mut) {
            entry.insert("expiresAtMs".into(), old_expires_at.0.into());
        }
        let issued = self.issue(issue, now)?;
        self.records.push(Record::Rotated {
            token_id: old.token_id.clone(),
            new_token_id: issued.grant.token_id.clone(),
            expires_at_ms: old_expires_at,
        });
        Ok(Rotated {
            old_token_id: old.token_id,
            old_expires_at,
            issued,
        })
    }

    /// Returns the actions of a token's handles that are in force, each once.
    fn actions_of(&self, token_id: &str, now: Timestamp) -> Vec<String> {
        let mut actions = Vec::new();
        for handle in self.document.handles() {
            let is_own = handle.token_id == token_id && handle.standing(now) == Standing::Active;
            if is_own && !actions.iter().any(|action| action == handle.action_id) {
                actions.push(handle.action_id.to_owned());
            }
        }
        actions
    }
}
