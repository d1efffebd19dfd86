//! Looking at grants and handles; nothing here can be used as one.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};
use smithers_model::Timestamp;

use crate::audit;
use crate::document::{Document, GrantRow};
use crate::error::Error;
use crate::grant::Standing;
use crate::handle::Handle;
use crate::ledger::Ledger;

/// A grant as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the names of the output")]
pub struct GrantInfo {
    pub token_id: String,
    pub role: String,
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    pub state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at_ms: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at_ms: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_reason: Option<String>,
    /// When a handle of it was last used on this host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at_ms: Option<Timestamp>,
    /// Handles in force.
    pub handles: usize,
}

/// A handle as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the names of the output")]
pub struct HandleInfo {
    pub handle_id: String,
    pub action_id: String,
    pub scopes: Vec<String>,
    pub state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at_ms: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at_ms: Option<Timestamp>,
}

impl Ledger {
    /// Returns every grant, in the order of the store.
    ///
    /// # Errors
    /// The store or its audit trail cannot be read.
    pub fn list(&self, now: Timestamp) -> Result<Vec<GrantInfo>, Error> {
        let document = self.document()?;
        let last_uses = self.last_uses()?;
        let info = |row: GrantRow<'_>| info(&document, &row, &last_uses, now);
        Ok(document.grants().map(info).collect())
    }

    /// Returns the grant that `text` names, by id or bearer, with its handles.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub fn show(&self, text: &str, now: Timestamp) -> Result<(GrantInfo, Vec<HandleInfo>), Error> {
        let document = self.document()?;
        let row = document.find(text).ok_or(Error::NotFound)?;
        let info = info(&document, &row, &self.last_uses()?, now);
        let own = document
            .handles()
            .filter(|handle| handle.token_id == row.grant.token_id);
        let handles = own.map(|handle| handle_info(&handle, now)).collect();
        Ok((info, handles))
    }

    /// Returns the entry of the grant that `text` names, as it goes into the store of a deployment: with the hash for key,
    /// and never with a bearer.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub fn entry(&self, text: &str) -> Result<Value, Error> {
        let document = self.document()?;
        let row = document.find(text).ok_or(Error::NotFound)?;
        let mut entry = row.members.clone();
        entry.shift_remove("secret");
        entry.insert("tokenId".into(), row.grant.token_id.as_str().into());
        Ok(json!({ row.fingerprint.store_key(): entry }))
    }

    /// Returns how many entries of the store hold a bearer in plain text.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn plain_bearers(&self) -> Result<usize, Error> {
        Ok(self.document()?.plain())
    }

    /// Returns when each token was last used through a handle, by token id.
    fn last_uses(&self) -> Result<HashMap<String, Timestamp>, Error> {
        let mut last = HashMap::new();
        audit::read(self.path(), |record| {
            if record["type"] == "action_used"
                && let (Some(token), Some(at)) =
                    (record["tokenId"].as_str(), record["atMs"].as_i64())
            {
                last.insert(token.to_owned(), Timestamp(at));
            }
        })?;
        Ok(last)
    }
}

fn info(
    document: &Document,
    row: &GrantRow<'_>,
    last_uses: &HashMap<String, Timestamp>,
    now: Timestamp,
) -> GrantInfo {
    let grant = &row.grant;
    let at = |name: &str| row.members.get(name).and_then(Value::as_i64).map(Timestamp);
    let is_own_active = |handle: &Handle<'_>| {
        handle.token_id == grant.token_id && handle.standing(now) == Standing::Active
    };
    let reason = row.members.get("revokedReason").and_then(Value::as_str);
    GrantInfo {
        token_id: grant.token_id.clone(),
        role: grant.role.clone(),
        scopes: grant.grants.written().to_vec(),
        user_id: grant.user_id.clone(),
        state: grant.standing(now),
        issued_at_ms: at("issuedAtMs"),
        expires_at_ms: grant.expires_at,
        revoked_at_ms: at("revokedAtMs"),
        revoked_reason: reason.map(str::to_owned),
        last_used_at_ms: last_uses.get(&grant.token_id).copied(),
        handles: document.handles().filter(is_own_active).count(),
    }
}

fn handle_info(handle: &Handle<'_>, now: Timestamp) -> HandleInfo {
    HandleInfo {
        handle_id: handle.fingerprint.token_id(),
        action_id: handle.action_id.to_owned(),
        scopes: handle
            .scopes
            .iter()
            .map(|scope| (*scope).to_owned())
            .collect(),
        state: handle.standing(now),
        issued_at_ms: handle.issued_at,
        expires_at_ms: handle.expires_at,
        revoked_at_ms: handle.revoked_at,
    }
}
