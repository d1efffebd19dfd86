//! Why a caller is not let in: for the client in its own words, for metrics in one word.

use smithers_protocol::error::RpcError;
use smithers_tokens::Fingerprint;

/// What clients are told to do about a token that once was valid.
const REFRESH: &str = "smithers token issue";

/// Why a caller is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It presents no token.
    Missing,
    /// Nobody holds its token.
    Unknown,
    /// Its token was revoked.
    Revoked(Fingerprint),
    /// Its token has expired.
    Expired(Fingerprint),
    /// Its token allows something else than when it connected.
    Changed,
}

impl Refusal {
    /// Returns the sentence for the client.
    pub fn message(self) -> &'static str {
        match self {
            Refusal::Missing => "A bearer token is required",
            Refusal::Unknown => "Invalid token",
            Refusal::Revoked(_) => "Token has been revoked",
            Refusal::Expired(_) => "Token expired; issue a refreshed token.",
            Refusal::Changed => "Token has been changed; connect again",
        }
    }

    /// Returns the word for metrics.
    pub fn outcome(self) -> &'static str {
        match self {
            Refusal::Missing => "missing",
            Refusal::Unknown => "unknown",
            Refusal::Revoked(_) => "revoked",
            Refusal::Expired(_) => "expired",
            Refusal::Changed => "changed",
        }
    }
}

impl From<Refusal> for RpcError {
    fn from(refusal: Refusal) -> RpcError {
        let error = RpcError::unauthorized(refusal.message());
        match refusal {
            Refusal::Revoked(_) | Refusal::Expired(_) => error.with("refresh", REFRESH),
            Refusal::Missing | Refusal::Unknown | Refusal::Changed => error,
        }
    }
}
