//! As whom a caller acts, and the one place that decides what it may call.

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::SecretString;
use smithers_model::Timestamp;
use smithers_model::audit::Channel;
use smithers_model::run::Actor;
use smithers_protocol::error::RpcError;
use smithers_protocol::method::{Method, resolve};
use smithers_protocol::scope::Grants;

/// A caller that has authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Role of the grant, free text.
    pub role: String,
    /// What it may do.
    pub grants: Grants,
    /// User of the grant.
    pub user_id: Option<String>,
    /// Id of the token, never the token.
    pub token_id: Option<String>,
    /// The identity ends at this time.
    pub expires_at: Option<Timestamp>,
    /// SHA-256 of the bearer, by which its grant is found again when the grants change; none without
    /// authentication.
    pub credential: Option<[u8; 32]>,
}

impl Identity {
    /// Returns whether the identity has ended at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Returns the name under which streams are counted: the user, else the token, else the role.
    pub fn stream_owner(&self) -> &str {
        self.user_id
            .as_deref()
            .or(self.token_id.as_deref())
            .unwrap_or(&self.role)
    }

    /// Returns the identity as runs and the audit trail record it, for a request that came over `channel`.
    pub fn actor(&self, channel: Channel) -> Actor {
        let mut scopes: Vec<String> = self
            .grants
            .scopes()
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect();
        let own = self
            .grants
            .written()
            .iter()
            .filter(|entry| !scopes.contains(entry));
        let own: Vec<String> = own.cloned().collect();
        scopes.extend(own);
        Actor {
            user_id: self.user_id.clone(),
            token_id: self.token_id.clone(),
            role: self.role.clone(),
            scopes,
            holds_all: self.grants.is_everything(),
            channel,
        }
    }
}

/// Over what a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One request, one answer.
    Http,
    /// A socket, on which streams can be opened.
    WebSocket,
}

impl Transport {
    /// Returns the word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Http => "http",
            Transport::WebSocket => "websocket",
        }
    }
}

/// Decides whether a caller may call a method: first the scope, then whether the method exists.
///
/// # Errors
/// `FORBIDDEN` when the scope is missing, else why the method cannot be served.
pub fn authorise(identity: &Identity, method: &str, over: Transport) -> Result<Method, RpcError> {
    let method = resolve(method);
    if !identity.grants.allows(&method) {
        let scope = method.requirement().scope;
        return Err(RpcError::missing_scope(scope.as_str(), method.name()));
    }
    method.served(over == Transport::WebSocket)
}

/// What a socket brought with its upgrade request.
#[derive(Clone, Debug, Default)]
pub struct UpgradeInfo {
    /// Bearer token of a header or cookie.
    pub bearer: Option<SecretString>,
    /// Id of the upgrade request, for the log.
    pub request_id: String,
    /// Where the client is, as far as that is known.
    pub address: Option<IpAddr>,
}

/// Knows who may connect. Shared by all workers; answers at once.
pub trait Authenticator: Send + Sync {
    /// Authenticates a socket. `token` is that of the connect request and counts before those of
    /// the upgrade.
    ///
    /// # Errors
    /// `UNAUTHORIZED` with the reason.
    fn connect(
        &self,
        token: Option<&SecretString>,
        upgrade: &UpgradeInfo,
    ) -> Result<Identity, RpcError>;

    /// Checks an identity against the grants as they are now, and counts a request of its token.
    ///
    /// # Errors
    /// As [`recheck`](Self::recheck); `RateLimited` when the token makes too many requests.
    fn admit(&self, identity: &Identity) -> Result<(), RpcError>;

    /// Checks an identity against the grants as they are now.
    ///
    /// # Errors
    /// `UNAUTHORIZED` with the reason.
    fn recheck(&self, identity: &Identity) -> Result<(), RpcError>;

    /// Returns a number that changes whenever the grants do.
    fn generation(&self) -> u64;
}

/// A caller and the request it makes.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As whom.
    pub identity: Arc<Identity>,
    /// Id of the request, for the log.
    pub request_id: String,
    /// The socket, unless the request came by HTTP.
    pub connection: Option<super::Connection>,
}

impl Caller {
    /// Returns the caller as runs and the audit trail record it.
    pub fn actor(&self) -> Actor {
        self.identity.actor(match self.connection {
            Some(_) => Channel::WebSocket,
            None => Channel::Http,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(grants: &[&str]) -> Identity {
        Identity {
            role: "viewer".into(),
            grants: Grants::parse(grants),
            user_id: None,
            token_id: None,
            expires_at: None,
            credential: None,
        }
    }

    fn refusal(grants: &[&str], method: &str, over: Transport) -> String {
        authorise(&identity(grants), method, over)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_scope_is_checked_before_the_existence_of_a_method() {
        let missing = "FORBIDDEN: Missing required scope run:read for nope";
        assert_eq!(refusal(&[], "nope", Transport::Http), missing);
        let unknown = "METHOD_NOT_FOUND: Unknown method: nope";
        assert_eq!(refusal(&["run:read"], "nope", Transport::Http), unknown);
    }

    #[test]
    fn streams_are_served_on_sockets_only() {
        let reader = identity(&["run:read"]);
        let method = authorise(&reader, "streamRunEvents", Transport::WebSocket);
        assert_eq!(method, Ok(Method::StreamRunEvents));
        assert_eq!(
            refusal(&["run:read"], "streamRunEvents", Transport::Http),
            "INVALID_REQUEST: streamRunEvents is only supported over websocket connections"
        );
    }

    #[test]
    fn streams_are_counted_by_user_then_token_then_role() {
        let mut caller = identity(&[]);
        assert_eq!(caller.stream_owner(), "viewer");
        caller.token_id = Some("tok".into());
        assert_eq!(caller.stream_owner(), "tok");
        caller.user_id = Some("user:op".into());
        assert_eq!(caller.stream_owner(), "user:op");
    }

    #[test]
    fn an_actor_holds_scopes_by_implication_and_custom_ones_as_written() {
        let actor = identity(&["run:write", "deploy:prod"]).actor(Channel::Http);
        assert_eq!(actor.scopes, ["run:read", "run:write", "deploy:prod"]);
        assert!(!actor.holds_all);
        assert!(identity(&["*"]).actor(Channel::Http).holds_all);
        assert!(
            !identity(&["admin"]).actor(Channel::Http).holds_all,
            "custom scopes need `*` or an exact grant"
        );
    }

    #[test]
    fn an_identity_ends_at_its_time() {
        let mut caller = identity(&[]);
        assert!(!caller.is_expired(Timestamp(i64::MAX)));
        caller.expires_at = Some(Timestamp(10));
        assert!(!caller.is_expired(Timestamp(9)));
        assert!(caller.is_expired(Timestamp(10)));
    }
}
