//! Revoking grants and handles.

use serde_json::Value;
use smithers_model::Timestamp;

use crate::audit::Record;
use crate::bearer::Fingerprint;
use crate::document::Members;
use crate::error::Error;
use crate::ledger::{Change, Ledger};

/// What to revoke.
#[derive(Debug, Clone)]
pub enum Target {
    /// The token with this id or bearer, or the one handle with this text.
    One(String),
    /// Every token of a user.
    User(String),
    /// Every token.
    All,
}

/// A revocation.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// What to revoke.
    pub target: Target,
    /// Why, for the store and the record.
    pub reason: Option<String>,
}

/// What a revocation did to one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Id of the token.
    pub token_id: String,
    /// Set when only this handle was revoked.
    pub handle_id: Option<String>,
    /// When it was first revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether it had been revoked before.
    pub was_revoked: bool,
    /// How many handles ended with it.
    pub handles: usize,
}

impl Ledger {
    /// Revokes tokens and all their handles, or one handle. The first time of a revocation is kept.
    ///
    /// # Errors
    /// Nothing is meant by the target, or the store cannot be used.
    pub fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<Vec<Revoked>, Error> {
        self.change(now, |change| change.revoke(revocation, now))
    }
}

impl Change {
    fn revoke(&mut self, revocation: &Revocation, now: Timestamp) -> Result<Vec<Revoked>, Error> {
        let reason = revocation.reason.as_deref();
        let keys: Vec<(String, String)> = match &revocation.target {
            Target::One(text) => self.document.keys_of(text),
            Target::User(user) => self.keys_where(|row_user| row_user == Some(user)),
            Target::All => self.document.all_keys(),
        };
        let mut revoked: Vec<Revoked> = keys
            .into_iter()
            .map(|(key, token_id)| self.revoke_token(&key, token_id, reason, now))
            .collect();
        if let Target::One(text) = &revocation.target
            && revoked.is_empty()
        {
            revoked.extend(self.revoke_handle(text, reason, now));
        }
        if revoked.is_empty() {
            return Err(Error::NotFound);
        }
        self.records
            .extend(revoked.iter().map(|done| Record::Revoked {
                token_id: done.token_id.clone(),
                handle_id: done.handle_id.clone(),
                reason: reason.map(str::to_owned),
                handle_count: done.handles,
                already_revoked: done.was_revoked,
            }));
        Ok(revoked)
    }

    fn keys_where(&self, is_meant: impl Fn(Option<&String>) -> bool) -> Vec<(String, String)> {
        let rows = self.document.grants();
        rows.filter(|row| is_meant(row.grant.user_id.as_ref()))
            .map(|row| (row.key.to_owned(), row.grant.token_id))
            .collect()
    }

    fn revoke_token(
        &mut self,
        key: &str,
        token_id: String,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Revoked {
        let entry = self.document.tokens_mut().get_mut(key);
        let (was_revoked, revoked_at) = match entry.and_then(Value::as_object_mut) {
            Some(entry) => mark(entry, reason, now),
            None => (false, None),
        };
        let handles = self.document.handles_mut().values_mut();
        let own = handles.filter_map(Value::as_object_mut).filter(|handle| {
            handle.get("tokenId").and_then(Value::as_str) == Some(token_id.as_str())
        });
        let handles = own
            .filter_map(|handle| (!mark(handle, None, now).0).then_some(()))
            .count();
        Revoked {
            token_id,
            handle_id: None,
            revoked_at,
            was_revoked,
            handles,
        }
    }

    fn revoke_handle(
        &mut self,
        text: &str,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Option<Revoked> {
        let presented = Fingerprint::of(text)?;
        let mut handles = self.document.handles();
        let handle = handles.find(|handle| {
            handle.fingerprint.matches(presented) || handle.fingerprint.token_id() == text
        })?;
        let (key, token_id) = (handle.key.to_owned(), handle.token_id.to_owned());
        let handle_id = handle.fingerprint.token_id();
        drop(handles);
        let entry = self.document.handles_mut().get_mut(&key)?.as_object_mut()?;
        let (was_revoked, revoked_at) = mark(entry, reason, now);
        Some(Revoked {
            token_id,
            handle_id: Some(handle_id),
            revoked_at,
            was_revoked,
            handles: usize::from(!was_revoked),
        })
    }
}

/// Marks an entry as revoked. Returns whether it was already, and when it first was.
fn mark(entry: &mut Members, reason: Option<&str>, now: Timestamp) -> (bool, Option<Timestamp>) {
    if let Some(first) = entry.get("revokedAtMs").filter(|first| !first.is_null()) {
        return (true, first.as_i64().map(Timestamp));
    }
    entry.insert("revokedAtMs".into(), now.0.into());
    if let Some(reason) = reason {
        entry.insert("revokedReason".into(), reason.into());
    }
    (false, Some(now))
}
