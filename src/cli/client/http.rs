//! Methods over HTTP: one request, and the frame that answers it.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::{Client, ClientError, Refusal};

/// Largest answer that is read, in bytes: a full list of runs with their configurations is far below it.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;
/// Longest wait for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Makes the agent. It follows no redirect and uses no proxy of the environment: the bearer goes to the address that was
/// named and nowhere else.
pub(super) fn agent(tls: Option<ureq::tls::TlsConfig>, patience: Duration) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(patience))
        .timeout_connect(Some(patience.min(CONNECT_PATIENCE)))
        .user_agent(super::USER_AGENT);
    if let Some(tls) = tls {
        config = config.tls_config(tls);
    }
    config.build().into()
}

impl Client {
    /// Calls a method and returns its payload.
    pub(in crate::cli) fn call(&self, method: &str, params: &Value) -> Result<Value, ClientError> {
        let url = self.address.route(&format!("v1/rpc/{method}"));
        let mut request = self
            .agent
            .post(url)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(credential) = &self.credential {
            let bearer = credential.bearer.expose_secret();
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let mut answer = request
            .send(params.to_string())
            .map_err(|error| self.failed(error))?;
        let mut frame = self.read_json(&mut answer)?;
        match frame["ok"].as_bool() {
            Some(true) => Ok(frame["payload"].take()),
            Some(false) if frame["error"].is_object() => {
                Err(Refusal::read(&frame["error"], self.token_origin()).into())
            }
            _ => Err(self.not_a_gateway("its answer is no response frame".into())),
        }
    }

    /// Reads the open health route: whether writes are accepted, and what it says.
    pub(in crate::cli) fn health(&self) -> Result<Value, ClientError> {
        let asked = self.agent.get(self.address.route("health")).call();
        let mut answer = asked.map_err(|error| self.failed(error))?;
        let health = self.read_json(&mut answer)?;
        match (&health["ok"], &health["protocol"]) {
            (Value::Bool(_), Value::Number(_)) => Ok(health),
            _ => Err(self.not_a_gateway("its health route says something else".into())),
        }
    }

    fn read_json(&self, answer: &mut Response<Body>) -> Result<Value, ClientError> {
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES);
        let text = body.read_to_vec().map_err(|error| self.failed(error))?;
        serde_json::from_slice(&text).map_err(|_| match status.as_u16() {
            status @ 502..=504 => ClientError::BehindProxy {
                address: self.address.to_string(),
                status,
            },
            300..=399 => self.not_a_gateway(redirect(answer)),
            status => self.not_a_gateway(format!("HTTP {status} without JSON")),
        })
    }

    pub(super) fn not_a_gateway(&self, what: String) -> ClientError {
        ClientError::NotAGateway {
            address: self.address.to_string(),
            what,
        }
    }

    fn failed(&self, error: ureq::Error) -> ClientError {
        let address = self.address.to_string();
        match error {
            ureq::Error::Timeout(_) => ClientError::Timeout {
                address,
                seconds: self.patience.as_secs(),
            },
            ureq::Error::Io(source) => self.io_failed(source),
            ureq::Error::HostNotFound => ClientError::Unreachable {
                address,
                source: std::io::Error::other("no host has this name"),
            },
            ureq::Error::Rustls(source) => ClientError::Tls {
                address,
                source: source.into(),
            },
            error @ (ureq::Error::Tls(_) | ureq::Error::TlsRequired) => ClientError::Tls {
                address,
                source: error.into(),
            },
            ureq::Error::ConnectionFailed => ClientError::Unreachable {
                address,
                source: std::io::Error::other("the connection failed"),
            },
            error => self.not_a_gateway(error.to_string()),
        }
    }

    /// Tells the failures of a connection apart; TLS tells its own as failures of I/O.
    pub(super) fn io_failed(&self, source: std::io::Error) -> ClientError {
        use std::io::ErrorKind as Kind;
        let address = self.address.to_string();
        let is_tls = source
            .get_ref()
            .is_some_and(|inner| inner.is::<rustls::Error>());
        match source.kind() {
            _ if is_tls => ClientError::Tls {
                address,
                source: source.into(),
            },
            Kind::TimedOut | Kind::WouldBlock => ClientError::Timeout {
                address,
                seconds: self.patience.as_secs(),
            },
            Kind::UnexpectedEof | Kind::ConnectionReset | Kind::BrokenPipe => ClientError::Lost {
                address,
                how: source.to_string(),
            },
            _ => ClientError::Unreachable { address, source },
        }
    }
}

fn redirect(answer: &Response<Body>) -> String {
    let target = answer.headers().get(header::LOCATION);
    match target.and_then(|target| target.to_str().ok()) {
        Some(target) => format!("it sends to {target}"),
        None => "it sends elsewhere".into(),
    }
}
