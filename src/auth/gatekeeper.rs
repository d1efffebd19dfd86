//! The whole way from a request to an identity.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use smithers_actors::session::{Authenticator, Identity, UpgradeInfo};
use smithers_model::time::Clock;
use smithers_protocol::error::RpcError;
use smithers_protocol::scope::Grants;

use super::credential::Credential;
use super::gate::{Gate, GateRefusal};
use super::headers::RequestHeaders;
use super::store::GrantStore;
use crate::config::{Access, AuthMode};

/// Knows who may come in. Shared by all workers.
pub struct Gatekeeper {
    mode: AuthMode,
    gate: Gate,
    store: Arc<GrantStore>,
    clock: Arc<dyn Clock>,
}

impl Gatekeeper {
    /// Takes the rules of the configuration and the grants in force.
    pub fn new(access: &Access, store: Arc<GrantStore>, clock: Arc<dyn Clock>) -> Gatekeeper {
        Gatekeeper {
            mode: access.auth,
            gate: Gate::new(access),
            store,
            clock,
        }
    }

    /// Finds out who sent a request over HTTP.
    ///
    /// # Errors
    /// `UNAUTHORIZED` with the reason: first the gates, then the token.
    pub fn http(&self, headers: &RequestHeaders<'_>) -> Result<Identity, RpcError> {
        let credential = Credential::find(headers);
        self.gate.check(headers, credential.as_ref())?;
        self.identify(credential.as_ref().map(|credential| &credential.bearer))
    }

    /// Lets a request for a WebSocket pass, and returns the bearer it brought. Who sent it is found out when it connects.
    ///
    /// # Errors
    /// The gate that is closed.
    pub fn upgrade(
        &self,
        headers: &RequestHeaders<'_>,
    ) -> Result<Option<SecretString>, GateRefusal> {
        let credential = Credential::find(headers);
        self.gate.check(headers, credential.as_ref())?;
        Ok(credential.map(|credential| credential.bearer))
    }

    fn identify(&self, bearer: Option<&SecretString>) -> Result<Identity, RpcError> {
        match self.mode {
            AuthMode::None => Ok(everybody()),
            AuthMode::Token => self
                .store
                .authenticate(bearer.map(ExposeSecret::expose_secret), self.clock.now()),
        }
    }
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
        self.identify(token.or(upgrade.bearer.as_ref()))
    }

    fn recheck(&self, identity: &Identity) -> Result<(), RpcError> {
        match self.mode {
            AuthMode::None => Ok(()),
            AuthMode::Token => self.store.recheck(identity, self.clock.now()),
        }
    }

    fn generation(&self) -> u64 {
        self.store.generation()
    }
}
