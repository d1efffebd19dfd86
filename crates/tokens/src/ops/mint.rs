//! Making a further handle of a grant.

use std::time::Duration;

use smithers_model::Timestamp;
use smithers_protocol::scope::Grants;

use crate::error::Error;
use crate::grant::{Grant, Standing};
use crate::ledger::{Change, Ledger};
use crate::ops::NewHandle;
use crate::ttl::TtlError;

/// A handle to make.
#[derive(Debug, Clone)]
pub struct Mint {
    /// Id of the token, or its bearer.
    pub token: String,
    /// The action that it is bound to.
    pub action_id: String,
    /// What the action may need; without, all that the grant has.
    pub scopes: Option<Vec<String>>,
    /// How long it lives; without, as long as the grant.
    pub ttl: Option<Duration>,
}

impl Ledger {
    /// Makes a handle: its scopes are among those of the grant, and it does not outlive it.
    ///
    /// # Errors
    /// The grant does not exist, has ended, or does not allow that much; or the store cannot be used.
    pub fn mint(&self, mint: Mint, now: Timestamp) -> Result<NewHandle, Error> {
        self.change(now, |change| change.mint(mint, now))
    }
}

impl Change {
    fn mint(&mut self, mint: Mint, now: Timestamp) -> Result<NewHandle, Error> {
        let row = self.document.find(&mint.token).ok_or(Error::NotFound)?;
        let grant = row.grant;
        must_be_active(&grant, now)?;
        let scopes = mint
            .scopes
            .unwrap_or_else(|| grant.grants.written().to_vec());
        let excess = excess(&grant.grants, &scopes);
        if !excess.is_empty() {
            return Err(Error::NotGranted(excess.join(", ")));
        }
        let end = match (mint.ttl.map(|ttl| now.plus(ttl)), grant.expires_at) {
            (Some(own), Some(limit)) if own > limit => {
                return Err(Error::Ttl(TtlError::TooLong {
                    limit: limit.since(now),
                    why: ", since the grant ends then",
                }));
            }
            (Some(end), _) | (None, Some(end)) => end,
            // A grant written by hand may have no end; a handle has one.
            (None, None) => now.plus(crate::ttl::MAX_SENSITIVE_TTL),
        };
        self.add_handle(&grant.token_id, mint.action_id, scopes, end, now)
    }
}

/// Refuses to make anything of a grant that has ended.
pub(super) fn must_be_active(grant: &Grant, now: Timestamp) -> Result<(), Error> {
    match grant.standing(now) {
        Standing::Active => Ok(()),
        Standing::Expired => Err(Error::Ended("expired")),
        Standing::Revoked => Err(Error::Ended("revoked")),
    }
}

/// Returns the scopes that `grants` does not hold, directly or by implication.
pub(crate) fn excess<'a>(grants: &Grants, scopes: &'a [String]) -> Vec<&'a str> {
    let held = grants.scopes();
    let is_held = |scope: &str| {
        grants.is_everything() || grants.written().iter().any(|written| written == scope) || {
            let wanted = Grants::parse([scope]).scopes();
            wanted != Default::default() && held.contains_all(wanted)
        }
    };
    let scopes = scopes.iter().map(String::as_str);
    scopes.filter(|scope| !is_held(scope)).collect()
}
