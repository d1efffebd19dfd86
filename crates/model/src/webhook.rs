//! Webhooks: how a workflow takes requests of other services (gateway-protocol 13).

use std::fmt;

use serde::Deserialize;

/// What a module asks for with the `webhook` option of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// What requests are signed with.
    pub secret: WebhookSecret,
    /// Name of the header with the signature.
    pub signature_header: String,
    /// What stands before the signature in the header.
    pub signature_prefix: String,
    /// Name of the header with the id of a delivery: what comes again under an id has no second effect.
    pub delivery_header: Option<String>,
    /// What keeps a recorded request from being sent again; none takes requests of any age.
    pub replay: Option<ReplayGuard>,
    /// The signal that a request stands for.
    pub signal: Option<WebhookSignal>,
    /// What a request launches when no run has got its signal.
    pub run: Option<WebhookRun>,
}

/// What keeps a recorded request from being sent again: its time is signed with it, and it is good for a while only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayGuard {
    /// Name of the header with the time of the request, in seconds since 1970.
    pub timestamp_header: String,
    /// How far that time may be from the gateway's, ms, at least 1.
    pub tolerance_ms: u32,
}

/// The signal that a request stands for. A path is dotted, numbers index arrays.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSignal {
    /// Name of the signal, not empty.
    pub name: String,
    /// Where the correlation is; without a path there is none.
    pub correlation_id_path: Option<String>,
    /// Where the id of the run is; without a path every run of the workflow that waits gets the signal.
    pub run_id_path: Option<String>,
    /// Where the payload is; none means the whole body.
    pub payload_path: Option<String>,
}

/// The run that a request launches.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRun {
    /// Where its input is; none means the whole body.
    pub input_path: Option<String>,
}

/// A shared secret; it is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// Takes the text of a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret without the white space around it, to sign or to redact with; none when that is all there is.
    pub fn expose(&self) -> Option<&str> {
        Some(self.0.trim()).filter(|secret| !secret.is_empty())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_a_blank_one_is_none() {
        let secret = WebhookSecret::new(" hook-secret\n");
        assert_eq!(secret.expose(), Some("hook-secret"));
        assert!(!format!("{secret:?}").contains("hook-secret"));
        assert_eq!(WebhookSecret::new(" \n").expose(), None);
    }
}
