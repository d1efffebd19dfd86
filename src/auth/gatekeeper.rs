//! The whole way from a request to an identity.

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use smithers_actors::session::{Authenticator, Identity, Transport, UpgradeInfo};
use smithers_model::time::Clock;
use smithers_protocol::error::RpcError;
use smithers_protocol::scope::Grants;

use super::credential::Credential;
use super::gate::{Gate, GateRefusal};
use super::headers::RequestHeaders;
use super::refusal::Refusal;
use super::store::GrantStore;
use crate::audit::AccessTrail;
use crate::config::{Access, AuthMode, Limits};
use crate::metrics::Metrics;
use crate::rate::{AddressKey, RateLimits};

/// Knows who may come in. Shared by all workers.
pub struct Gatekeeper {
    mode: AuthMode,
    gate: Gate,
    store: Arc<GrantStore>,
    limits: Arc<RateLimits>,
    trail: Arc<AccessTrail>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
}

impl Gatekeeper {
    /// Takes the rules of the configuration and the grants in force.
    pub fn new(
        access: &Access,
        limits: &Limits,
        store: Arc<GrantStore>,
        clock: Arc<dyn Clock>,
    ) -> Gatekeeper {
        Gatekeeper {
            mode: access.auth,
            gate: Gate::new(access),
            trail: store.trail(),
            store,
            limits: Arc::new(RateLimits::new(limits)),
            clock,
            metrics: Metrics,
        }
    }

    /// Returns the grants in force.
    pub fn grants(&self) -> &GrantStore {
        &self.store
    }

    /// Returns where access is put on record.
    pub fn trail(&self) -> Arc<AccessTrail> {
        self.trail.clone()
    }

    /// Returns the limits that callers are counted against.
    pub fn limits(&self) -> Arc<RateLimits> {
        self.limits.clone()
    }

    /// Finds out who sent a request over HTTP from `address`, and counts the request.
    ///
    /// # Errors
    /// `UNAUTHORIZED` with the reason: first the gates, then the token. `RateLimited` when the address has presented too
    /// many tokens that do not exist, or the token makes too many requests.
    pub fn http(
        &self,
        headers: &RequestHeaders<'_>,
        address: Option<IpAddr>,
    ) -> Result<Identity, RpcError> {
        let credential = Credential::find(headers);
        if let Err(closed) = self.gate.check(headers, credential.as_ref()) {
            self.failed(Transport::Http, "origin", address);
            return Err(closed.into());
        }
        let bearer = credential.as_ref().map(|credential| &credential.bearer);
        self.identify(bearer, address, Transport::Http)
    }

    /// Lets a request for a WebSocket from `address` pass, and returns the bearer it brought. Who sent it is found out
    /// when it connects.
    ///
    /// # Errors
    /// The gate that is closed.
    pub fn upgrade(
        &self,
        headers: &RequestHeaders<'_>,
        address: Option<IpAddr>,
    ) -> Result<Option<SecretString>, UpgradeRefusal> {
        let credential = Credential::find(headers);
        if let Err(closed) = self.gate.check(headers, credential.as_ref()) {
            self.failed(Transport::WebSocket, "origin", address);
            return Err(UpgradeRefusal::Gate(closed));
        }
        if self.mode == AuthMode::Token {
            let attempt = self.limits.may_attempt(AddressKey::of(address));
            attempt.map_err(|error| {
                UpgradeRefusal::TooMany(self.slowed(Transport::WebSocket, error))
            })?;
        }
        Ok(credential.map(|credential| credential.bearer))
    }

    fn identify(
        &self,
        bearer: Option<&SecretString>,
        address: Option<IpAddr>,
        over: Transport,
    ) -> Result<Identity, RpcError> {
        let identity = match self.mode {
            AuthMode::None => everybody(),
            AuthMode::Token => self.authenticate(bearer, address, over)?,
        };
        self.count(over, "accepted");
        self.trail.token_used(&identity, over, self.clock.now());
        let counted = self.limits.request(&identity);
        counted.map_err(|error| self.slowed(over, error))?;
        Ok(identity)
    }

    /// Finds out who presents a bearer. An address that has tried too often is refused before its bearer is looked at; one
    /// without a bearer guesses nothing.
    fn authenticate(
        &self,
        bearer: Option<&SecretString>,
        address: Option<IpAddr>,
        over: Transport,
    ) -> Result<Identity, RpcError> {
        let bearer = bearer.map(ExposeSecret::expose_secret);
        if bearer.is_some() {
            self.may_attempt(address, over)?;
        }
        match self.store.authenticate(bearer, self.clock.now()) {
            Ok(identity) => {
                self.limits.attempt_succeeded(AddressKey::of(address));
                Ok(identity)
            }
            Err(refusal) => Err(self.refused(refusal, address, over)),
        }
    }

    fn may_attempt(&self, address: Option<IpAddr>, over: Transport) -> Result<(), RpcError> {
        let attempt = self.limits.may_attempt(AddressKey::of(address));
        attempt.map_err(|error| {
            self.failed(over, "rate_limited", address);
            self.slowed(over, error)
        })
    }

    /// Counts a token that does not let in, and returns what the client is told.
    fn refused(&self, refusal: Refusal, address: Option<IpAddr>, over: Transport) -> RpcError {
        let slowed = match refusal {
            Refusal::Missing => {
                self.count(over, refusal.outcome());
                return refusal.into();
            }
            Refusal::Unknown => {
                self.limits.attempt_failed(AddressKey::of(address));
                None
            }
            Refusal::Revoked(token) | Refusal::Expired(token) => {
                self.limits.ended_token_used(token.to_bytes()).err()
            }
            Refusal::Changed => None,
        };
        self.failed(over, refusal.outcome(), address);
        slowed.map_or_else(|| refusal.into(), |error| self.slowed(over, error))
    }

    /// Counts a login that failed, and puts it on record.
    fn failed(&self, over: Transport, outcome: &'static str, address: Option<IpAddr>) {
        self.count(over, outcome);
        self.trail.login_failed(address, outcome, self.clock.now());
    }

    fn count(&self, over: Transport, outcome: &'static str) {
        let mode = match self.mode {
            AuthMode::Token => "token",
            AuthMode::None => "none",
        };
        self.metrics.auth_event(over.as_str(), mode, outcome);
    }

    /// Counts that somebody is too fast, and hands the error on.
    fn slowed(&self, over: Transport, error: RpcError) -> RpcError {
        self.metrics.rate_limited(over.as_str(), &error);
        error
    }
}

/// Why a request for a WebSocket is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum UpgradeRefusal {
    /// A gate is closed.
    Gate(GateRefusal),
    /// The address has presented too many tokens that do not exist.
    TooMany(RpcError),
}

/// Returns as whom everybody acts without authentication.
fn everybody() -> Identity {
    Identity {
        role: "operator".into(),
        grants: Grants::everything(),
        user_id: None,
        token_id: None,
        expires_at: None,
        credential: None,
    }
}

impl Authenticator for Gatekeeper {
    fn connect(
        &self,
        token: Option<&SecretString>,
        upgrade: &UpgradeInfo,
    ) -> Result<Identity, RpcError> {
        let bearer = token.or(upgrade.bearer.as_ref());
        self.identify(bearer, upgrade.address, Transport::WebSocket)
    }

    fn admit(&self, identity: &Identity) -> Result<(), RpcError> {
        self.recheck(identity)?;
        let counted = self.limits.request(identity);
        counted.map_err(|error| self.slowed(Transport::WebSocket, error))
    }

    fn recheck(&self, identity: &Identity) -> Result<(), RpcError> {
        match self.mode {
            AuthMode::None => Ok(()),
            AuthMode::Token => Ok(self.store.recheck(identity, self.clock.now())?),
        }
    }

    fn generation(&self) -> u64 {
        self.store.generation()
    }
}
