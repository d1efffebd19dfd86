//! A client of a gateway, for the commands that talk to one: methods over HTTP, events over a WebSocket.
//!
//! Both ways use the same address, bearer and certificates. Nothing here knows commands or what their answers mean.

mod address;
mod connection;
mod credential;
mod error;
mod http;
mod socket;
mod tls;

use std::time::Duration;

use secrecy::SecretString;
use ureq::Agent;

use address::Address;
use credential::Credential;
use tls::Trust;

pub(super) use connection::Connection;
pub(super) use error::{ClientError, Refusal};
pub(super) use socket::{Event, Socket};

/// How the command line names itself.
const USER_AGENT: &str = concat!("smithers-cli/", env!("CARGO_PKG_VERSION"));

/// How long an answer of a gateway on this machine is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of one gateway.
#[derive(Debug)]
pub(super) struct Client {
    address: Address,
    credential: Option<Credential>,
    agent: Agent,
    trust: Trust,
    patience: Duration,
}

impl Client {
    /// A client of a gateway that this process has started on this machine, with the bearer of that gateway.
    pub(super) fn on_this_machine(url: &str, bearer: SecretString) -> Result<Self, ClientError> {
        let credential = Credential {
            bearer,
            origin: "this command".to_owned(),
        };
        Ok(Self {
            address: Address::parse(url)?,
            credential: Some(credential),
            agent: http::agent(None, PATIENCE),
            trust: Trust::default(),
            patience: PATIENCE,
        })
    }

    /// The address as it is shown.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Whether calls carry a bearer.
    pub(super) fn has_token(&self) -> bool {
        self.credential.is_some()
    }

    fn token_origin(&self) -> Option<&str> {
        self.credential
            .as_ref()
            .map(|credential| credential.origin.as_str())
    }
}
