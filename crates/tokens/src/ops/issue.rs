//! Issuing a grant with its first handle.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use smithers_model::Timestamp;

use crate::audit::Record;
use crate::bearer::{Fingerprint, new_bearer, new_handle};
use crate::document::Members;
use crate::error::Error;
use crate::ledger::{Change, Ledger};

/// The shape in which a grant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreFormat {
    /// Keyed by the bearer in plain text, as older tools read it.
    Plain,
    /// Keyed by the hash; the bearer is in the file of secrets.
    #[default]
    Hashed,
}

/// A grant to issue. The limits of its fields are the caller's to check.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Role, free text.
    pub role: String,
    /// Scopes and other entries.
    pub scopes: Vec<String>,
    /// User that acts.
    pub user_id: Option<String>,
    /// How long it lives.
    pub ttl: Duration,
    /// The actions that get a handle each.
    pub action_ids: Vec<String>,
    /// The shape of its entry.
    pub format: StoreFormat,
    /// Whether the bearer will be printed, for the record.
    pub is_revealed: bool,
}

/// A grant that was issued.
#[derive(Debug)]
pub struct Issued {
    /// The bearer.
    pub bearer: SecretString,
    /// What was granted.
    pub grant: NewGrant,
    /// The handles, in the order of the actions.
    pub handles: Vec<NewHandle>,
}

/// A new grant, as it is shown; without its bearer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "the fields are the names of the published output"
)]
pub struct NewGrant {
    pub token_id: String,
    pub role: String,
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    pub issued_at_ms: Timestamp,
    pub expires_at_ms: Timestamp,
    pub token_hash: String,
}

/// A new handle, as it is shown this once.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "the fields are the names of the published output"
)]
pub struct NewHandle {
    pub handle: String,
    pub token_id: String,
    pub action_id: String,
    pub scopes: Vec<String>,
    pub issued_at_ms: Timestamp,
    pub expires_at_ms: Timestamp,
}

impl Ledger {
    /// Issues a grant.
    ///
    /// # Errors
    /// The store cannot be used, is full, or cannot be written.
    pub fn issue(&self, issue: Issue, now: Timestamp) -> Result<Issued, Error> {
        self.change(now, |change| change.issue(issue, now))
    }
}

impl Change {
    /// Adds a grant and its handles.
    pub(super) fn issue(&mut self, issue: Issue, now: Timestamp) -> Result<Issued, Error> {
        let bearer = new_bearer().map_err(|_| Error::Random)?;
        let fingerprint =
            Fingerprint::of(bearer.expose_secret()).expect("a new bearer has the form of one");
        let grant = NewGrant {
            token_id: fingerprint.token_id(),
            role: issue.role,
            scopes: issue.scopes,
            user_id: issue.user_id,
            issued_at_ms: now,
            expires_at_ms: now.plus(issue.ttl),
            token_hash: fingerprint.to_hex(),
        };
        self.add_grant(&grant, fingerprint, &bearer, issue.format);
        self.records.push(Record::Issued {
            token_id: grant.token_id.clone(),
            role: grant.role.clone(),
            scopes: grant.scopes.clone(),
            user_id: grant.user_id.clone(),
            expires_at_ms: grant.expires_at_ms,
            revealed: issue.is_revealed,
        });
        let mut handles = Vec::new();
        for action_id in issue.action_ids {
            let (scopes, end) = (grant.scopes.clone(), grant.expires_at_ms);
            handles.push(self.add_handle(&grant.token_id, action_id, scopes, end, now)?);
        }
        Ok(Issued {
            bearer,
            grant,
            handles,
        })
    }

    fn add_grant(
        &mut self,
        grant: &NewGrant,
        fingerprint: Fingerprint,
        bearer: &SecretString,
        format: StoreFormat,
    ) {
        let mut entry = members(grant);
        match format {
            StoreFormat::Hashed => {
                // The key says it.
                entry.shift_remove("tokenHash");
                self.document.raise_version(3);
                self.document.add_token(fingerprint.store_key(), entry);
                self.bearers.push((fingerprint, bearer.clone()));
            }
            StoreFormat::Plain => {
                entry.insert("secret".into(), bearer.expose_secret().into());
                self.document.raise_version(2);
                let key = bearer.expose_secret().to_owned();
                self.document.add_token(key, entry);
            }
        }
    }

    /// Adds a handle; in a store of version 3 only its hash is written.
    pub(super) fn add_handle(
        &mut self,
        token_id: &str,
        action_id: String,
        scopes: Vec<String>,
        expires_at_ms: Timestamp,
        now: Timestamp,
    ) -> Result<NewHandle, Error> {
        let handle = new_handle().map_err(|_| Error::Random)?;
        let handle = handle.expose_secret();
        let fingerprint =
            Fingerprint::of(handle).expect("a new handle has the form of a credential");
        let new = NewHandle {
            handle: handle.to_owned(),
            token_id: token_id.to_owned(),
            action_id,
            scopes,
            issued_at_ms: now,
            expires_at_ms,
        };
        let mut entry = members(&new);
        if self.document.version() >= 3 {
            entry.shift_remove("handle");
            entry.shift_insert(0, "handleId".into(), json!(fingerprint.token_id()));
            self.document.add_handle(fingerprint.store_key(), entry);
        } else {
            self.document.add_handle(new.handle.clone(), entry);
        }
        self.records.push(Record::ActionIssued {
            token_id: new.token_id.clone(),
            action_id: new.action_id.clone(),
            handle_id: fingerprint.token_id(),
            scopes: new.scopes.clone(),
            expires_at_ms,
        });
        Ok(new)
    }
}

fn members(value: &impl Serialize) -> Members {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(members)) => members,
        _ => unreachable!("a struct with named fields is an object"),
    }
}
