//! What can go wrong between the command line and a gateway, each with a code and with what to do.

use std::io;
use std::time::Duration;

use serde_json::Value;

use super::credential::VARIABLE;

/// Why a call of a gateway failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ClientError {
    /// The address is not one.
    #[error("the address of the gateway is refused: {problem}")]
    Address { problem: &'static str },
    /// The place of the bearer cannot be read.
    #[error("the token cannot be read from {origin}")]
    TokenFile {
        origin: String,
        #[source]
        source: io::Error,
    },
    /// What was found is no bearer.
    #[error("what {origin} holds is no token: a token is one word of at most 512 characters")]
    TokenForm { origin: String },
    /// The file of certificates cannot be used.
    #[error("the certificates of `{file}` cannot be read")]
    Certificates {
        file: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers.
    #[error("no gateway answers at {address}")]
    Unreachable {
        address: String,
        #[source]
        source: io::Error,
    },
    /// Somebody answers that the gateway behind him does not.
    #[error("a proxy answers at {address}, and no gateway behind it: HTTP {status}")]
    BehindProxy { address: String, status: u16 },
    /// The answer did not come in time.
    #[error("{address} did not answer within {seconds} s")]
    Timeout { address: String, seconds: u64 },
    /// No encrypted connection came about.
    #[error("no encrypted connection to {address} came about")]
    Tls {
        address: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something else answers.
    #[error("what answers at {address} is no smithers gateway: {what}")]
    NotAGateway { address: String, what: String },
    /// The connection was lost.
    #[error("the connection to {address} was lost: {how}")]
    Lost { address: String, how: String },
    /// The gateway refuses.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
}

/// What the gateway said when it refused.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Refusal {
    /// The code of the protocol.
    pub(in crate::cli) code: String,
    /// The sentence for people.
    pub(in crate::cli) message: String,
    /// The scope that is missing, when one is.
    pub(in crate::cli) required_scope: Option<String>,
    /// How long to wait before the same call, when the caller is too fast.
    pub(in crate::cli) retry_after: Option<Duration>,
    /// Where the token came from, when there was one.
    pub(in crate::cli) token_origin: Option<String>,
}

impl Refusal {
    /// Reads the `error` of an answer.
    pub(in crate::cli) fn read(error: &Value, token_origin: Option<&str>) -> Self {
        let text = |key: &str| error[key].as_str().map(str::to_owned);
        Self {
            code: text("code").unwrap_or_else(|| "SERVER_ERROR".into()),
            message: text("message").unwrap_or_else(|| "The gateway gave no reason".into()),
            required_scope: text("requiredScope"),
            retry_after: error["retryAfterMs"].as_u64().map(bounded_pause),
            token_origin: token_origin.map(str::to_owned),
        }
    }
}

/// A pause of at least a second and at most a minute, whatever the other side asks for.
fn bounded_pause(milliseconds: u64) -> Duration {
    Duration::from_secs(milliseconds.div_ceil(1_000).clamp(1, 60))
}

impl From<Refusal> for ClientError {
    fn from(refusal: Refusal) -> Self {
        ClientError::Refused(Box::new(refusal))
    }
}

impl ClientError {
    /// The code of the error, the gateway's own when it refused.
    pub(in crate::cli) fn code(&self) -> &str {
        match self {
            ClientError::Address { .. } => "INVALID_URL",
            ClientError::TokenFile { .. } | ClientError::TokenForm { .. } => "TOKEN_UNREADABLE",
            ClientError::Certificates { .. } => "CA_FILE_UNREADABLE",
            ClientError::Unreachable { .. } | ClientError::BehindProxy { .. } => {
                "GATEWAY_UNREACHABLE"
            }
            ClientError::Timeout { .. } => "GATEWAY_TIMEOUT",
            ClientError::Tls { .. } => "TLS_FAILED",
            ClientError::NotAGateway { .. } => "NOT_A_GATEWAY",
            ClientError::Lost { .. } => "CONNECTION_LOST",
            ClientError::Refused(refusal) => &refusal.code,
        }
    }

    /// What to do about it, when that is known.
    pub(in crate::cli) fn hint(&self) -> Option<String> {
        match self {
            ClientError::Unreachable { .. } => Some(
                "start one with `smithers gateway`, or say where it is: --url, SMITHERS_GATEWAY_URL"
                    .into(),
            ),
            ClientError::Timeout { .. } => {
                Some("ask again, or wait longer with --timeout SECONDS".into())
            }
            ClientError::Tls { .. } => Some(
                "check the host name; name the authority of a private certificate with --ca-file FILE"
                    .into(),
            ),
            ClientError::Refused(refusal) => refusal.hint(),
            _ => None,
        }
    }

    /// Whether the same call can succeed later without a change.
    pub(in crate::cli) fn is_passing(&self) -> bool {
        match self {
            ClientError::Unreachable { .. }
            | ClientError::BehindProxy { .. }
            | ClientError::Timeout { .. }
            | ClientError::Lost { .. } => true,
            ClientError::Refused(refusal) => refusal.is_passing(),
            _ => false,
        }
    }
}

impl Refusal {
    /// Whether the same call can succeed later without a change.
    pub(in crate::cli) fn is_passing(&self) -> bool {
        let known = smithers_protocol::error::ErrorCode::ALL.iter();
        known
            .copied()
            .any(|code| code.as_str() == self.code && code.retryable())
    }

    fn hint(&self) -> Option<String> {
        match (self.code.as_str(), &self.token_origin) {
            ("UNAUTHORIZED", None) => Some(format!(
                "put a token into {VARIABLE}, or name its file with --token-file; `smithers token issue` makes one, \
                 `smithers token exec` runs a command with it"
            )),
            ("UNAUTHORIZED", Some(origin)) => Some(format!(
                "the token came from {origin}; `smithers token issue` makes a new one"
            )),
            ("FORBIDDEN", _) => self.required_scope.as_ref().map(|scope| {
                format!("make a token that has it: smithers token issue --scopes {scope}")
            }),
            ("RESUME_METADATA_MISMATCH", _) => {
                Some("to go on with the module that is served now: --accept-workflow-change".into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(error: Value, origin: Option<&str>) -> ClientError {
        Refusal::read(&error, origin).into()
    }

    #[test]
    fn a_missing_scope_is_named_with_the_command_that_gives_it() {
        let error = json!({"code": "FORBIDDEN", "message": "Missing required scope run:write for launchRun", "requiredScope": "run:write"});
        let hint = refused(error, Some("SMITHERS_API_KEY")).hint().unwrap();
        assert!(
            hint.contains("smithers token issue --scopes run:write"),
            "{hint}"
        );
    }

    #[test]
    fn without_a_token_the_variable_is_named() {
        let error = json!({"code": "UNAUTHORIZED", "message": "A bearer token is required"});
        let hint = refused(error.clone(), None).hint().unwrap();
        assert!(hint.contains("SMITHERS_API_KEY"), "{hint}");
        let hint = refused(error, Some("`key.txt`")).hint().unwrap();
        assert!(hint.contains("`key.txt`"), "{hint}");
    }

    #[test]
    fn only_what_can_pass_by_itself_is_tried_again() {
        let refusal = |code: &str| refused(json!({"code": code, "message": ""}), None);
        assert!(refusal("UNAVAILABLE").is_passing());
        assert!(refusal("BackpressureDisconnect").is_passing());
        assert!(!refusal("UNAUTHORIZED").is_passing());
        assert!(!refusal("RunNotFound").is_passing());
        assert!(!refusal("made up").is_passing());
    }
}
