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

use ureq::Agent;

use address::Address;
use credential::Credential;
use tls::Trust;

pub(super) use connection::Connection;
pub(super) use error::{ClientError, Refusal};
pub(super) use socket::{Event, Socket};

/// How the command line names itself.
const USER_AGENT: &str = concat!("smithers-cli/", env!("CARGO_PKG_VERSION"));

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
