//! Whether a handle opens an action: a function of the store, what is asked for, and the time.

use secrecy::ExposeSecret;
use secrecy::SecretString;
use smithers_model::Timestamp;
use smithers_protocol::scope::Grants;

use crate::bearer::Fingerprint;
use crate::document::Document;
use crate::grant::Standing;
use crate::ops::excess;

/// Why a handle does not open an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Denial {
    #[error("action handle not found")]
    HandleNotFound,
    #[error("action handle is not valid for this action")]
    OtherAction,
    #[error("action handle revoked")]
    HandleRevoked,
    #[error("action handle expired")]
    HandleExpired,
    #[error("backing grant not found")]
    GrantNotFound,
    #[error("grant revoked")]
    GrantRevoked,
    #[error("grant expired")]
    GrantExpired,
    #[error("action handle has scopes that its grant does not have")]
    WiderThanGrant,
    #[error("missing required scope(s): {0}")]
    MissingScopes(String),
    #[error("the bearer of this grant is not on this host")]
    BearerElsewhere,
}

/// What a handle is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    /// The handle as it was given.
    pub handle: &'a SecretString,
    /// The action.
    pub action_id: &'a str,
    /// The scopes that the action needs.
    pub scopes: &'a [String],
}

/// The token that a handle opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub token_id: String,
    pub fingerprint: Fingerprint,
}

/// Returns the id of a handle, known or not, for records.
pub(crate) fn handle_id(handle: &SecretString) -> String {
    Fingerprint::of(handle.expose_secret())
        .map_or_else(|| "malformed".to_owned(), Fingerprint::token_id)
}

/// Decides whether a handle opens what is asked for. Also returns the id of its token where one is known.
pub(crate) fn decide(
    document: &Document,
    request: &Request<'_>,
    now: Timestamp,
) -> (Option<String>, Result<Opened, Denial>) {
    let presented = Fingerprint::of(request.handle.expose_secret());
    let handle = presented.and_then(|presented| {
        document
            .handles()
            .find(|handle| handle.fingerprint.matches(presented))
    });
    let Some(handle) = handle else {
        return (None, Err(Denial::HandleNotFound));
    };
    let token_id = Some(handle.token_id.to_owned());
    let decide = || {
        // An empty id never matches anything, whatever the store says.
        if handle.action_id != request.action_id || request.action_id.is_empty() {
            return Err(Denial::OtherAction);
        }
        match handle.standing(now) {
            Standing::Revoked => return Err(Denial::HandleRevoked),
            Standing::Expired => return Err(Denial::HandleExpired),
            Standing::Active => {}
        }
        let mut rows = document
            .grants()
            .filter(|row| row.grant.token_id == handle.token_id);
        // Two grants of one id, written by hand: nobody can say which one was meant.
        let (Some(row), None) = (rows.next(), rows.next()) else {
            return Err(Denial::GrantNotFound);
        };
        match row.grant.standing(now) {
            Standing::Revoked => return Err(Denial::GrantRevoked),
            Standing::Expired => return Err(Denial::GrantExpired),
            Standing::Active => {}
        }
        let own: Vec<String> = handle
            .scopes
            .iter()
            .map(|scope| (*scope).to_owned())
            .collect();
        if !excess(&row.grant.grants, &own).is_empty() {
            return Err(Denial::WiderThanGrant);
        }
        let missing = excess(&Grants::parse(&own), request.scopes);
        if !missing.is_empty() {
            return Err(Denial::MissingScopes(missing.join(", ")));
        }
        Ok(Opened {
            token_id: row.grant.token_id,
            fingerprint: row.fingerprint,
        })
    };
    (token_id, decide())
}
