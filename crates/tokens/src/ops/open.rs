//! Using a handle: the permission, its record, and the bearer for the one process that needs it.

use secrecy::SecretString;
use smithers_model::Timestamp;

use crate::action::{self, Denial, Opened, Request};
use crate::audit::Record;
use crate::bearer::Fingerprint;
use crate::document::Document;
use crate::entry::Entry;
use crate::error::Error;
use crate::grant::Standing;
use crate::ledger::Ledger;
use crate::lock::Lock;
use crate::secrets::Secrets;

/// A handle that is about to be used.
#[derive(Debug, Clone)]
pub struct Use {
    /// The handle.
    pub handle: SecretString,
    /// The action.
    pub action_id: String,
    /// The scopes that the action needs.
    pub scopes: Vec<String>,
    /// SHA-256 of the command, in hex.
    pub command_sha256: String,
    /// Name of the variable that gets the bearer.
    pub env: String,
    /// The process that uses it.
    pub pid: u32,
}

/// A use that was permitted and recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorised {
    /// Id of the token.
    pub token_id: String,
    /// The token, for [`Ledger::bearer`].
    pub fingerprint: Fingerprint,
    action_id: String,
    handle_id: String,
}

impl Ledger {
    /// Decides about a use and records the decision. Nothing secret leaves this.
    ///
    /// # Errors
    /// The handle does not open the action, or the store cannot be used.
    pub fn authorise(&self, wanted: &Use, now: Timestamp) -> Result<Authorised, Error> {
        // Under the lock, so that a revocation comes either before the decision or after the record.
        let lock = Lock::acquire(&self.place)?;
        let document = self.document()?;
        let request = Request {
            handle: &wanted.handle,
            action_id: &wanted.action_id,
            scopes: &wanted.scopes,
        };
        let (token_id, opened) = action::decide(&document, &request, now);
        let opened = match opened {
            Ok(opened) if !self.finds(&document, opened.fingerprint)? => {
                Err(Denial::BearerElsewhere)
            }
            decided => decided,
        };
        let handle_id = action::handle_id(&wanted.handle);
        let record = match &opened {
            Ok(opened) => used(wanted, opened, &handle_id),
            Err(denial) => denied(wanted, denial, token_id, &handle_id),
        };
        self.append(now, &[record], &lock)?;
        let opened = opened?;
        Ok(Authorised {
            token_id: opened.token_id,
            fingerprint: opened.fingerprint,
            action_id: wanted.action_id.clone(),
            handle_id,
        })
    }

    /// Returns the bearer of a grant that is in force.
    ///
    /// # Errors
    /// The grant is gone or has ended, its bearer is not on this host, or the store cannot be read.
    pub fn bearer(&self, token: Fingerprint, now: Timestamp) -> Result<SecretString, Error> {
        let document = self.document()?;
        let row = document.grants().find(|row| row.fingerprint == token);
        let row = row.ok_or(Denial::GrantNotFound)?;
        match row.grant.standing(now) {
            Standing::Revoked => return Err(Denial::GrantRevoked.into()),
            Standing::Expired => return Err(Denial::GrantExpired.into()),
            Standing::Active => {}
        }
        if let Some(bearer) = written(&document, row.key) {
            return Ok(bearer);
        }
        let secrets = Secrets::load(&self.place)?;
        let bearer = secrets.get(token).cloned();
        Ok(bearer.ok_or(Denial::BearerElsewhere)?)
    }

    /// Records how the command of a use ended.
    ///
    /// # Errors
    /// It cannot be recorded.
    pub fn finished(
        &self,
        authorised: &Authorised,
        exit_status: i32,
        duration_ms: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let record = Record::ActionFinished {
            token_id: authorised.token_id.clone(),
            action_id: authorised.action_id.clone(),
            handle_id: authorised.handle_id.clone(),
            exit_status,
            duration_ms,
        };
        let lock = Lock::acquire(&self.place)?;
        self.append(now, &[record], &lock)
    }

    fn finds(&self, document: &Document, token: Fingerprint) -> Result<bool, Error> {
        let mut rows = document.grants().filter(|row| row.fingerprint == token);
        if rows.any(|row| written(document, row.key).is_some()) {
            return Ok(true);
        }
        Ok(Secrets::load(&self.place)?.get(token).is_some())
    }
}

fn used(wanted: &Use, opened: &Opened, handle_id: &str) -> Record {
    Record::ActionUsed {
        token_id: opened.token_id.clone(),
        action_id: wanted.action_id.clone(),
        handle_id: handle_id.to_owned(),
        scopes: wanted.scopes.clone(),
        command_sha256: wanted.command_sha256.clone(),
        env: wanted.env.clone(),
        pid: wanted.pid,
    }
}

fn denied(wanted: &Use, denial: &Denial, token_id: Option<String>, handle_id: &str) -> Record {
    Record::ActionDenied {
        token_id,
        action_id: wanted.action_id.clone(),
        handle_id: handle_id.to_owned(),
        scopes: wanted.scopes.clone(),
        reason: denial.to_string(),
    }
}

/// Returns the bearer that an entry holds in plain text.
fn written(document: &Document, key: &str) -> Option<SecretString> {
    let entry = Entry::of(document.token(key)?)?;
    let (_, bearer) = entry.token(key).ok()?;
    bearer.map(SecretString::from)
}
