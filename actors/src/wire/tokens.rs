//! What calls of agents have used, from the log to what clients read.

use serde::Deserialize;
use smithers_model::agent::TokenUsage;
use smithers_model::event::StoredEvent;
use smithers_protocol::frame::Payload;
use smithers_protocol::view::{TokenUsageEvent, TokenUsageRow};

/// A stored [`TokenUsage`], and whose it is.
#[derive(Debug)]
pub struct TokenReport {
    place: Place,
    usage: TokenUsage,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    node_id: String,
    iteration: u32,
    attempt: u32,
    timestamp_ms: i64,
}

impl TokenReport {
    /// Reads a stored event.
    ///
    /// # Errors
    /// The payload is not what its type says.
    pub fn read(stored: &StoredEvent) -> Result<Self, serde_json::Error> {
        let payload = stored.payload.as_str();
        Ok(Self {
            place: serde_json::from_str(payload)?,
            usage: serde_json::from_str(payload)?,
        })
    }

    /// The row of `listRunTokenUsage`.
    pub fn row(&self) -> TokenUsageRow<'_> {
        let Self { place, usage } = self;
        TokenUsageRow {
            node_id: &place.node_id,
            iteration: place.iteration,
            attempt: place.attempt,
            model: &usage.model,
            agent: &usage.agent,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            timestamp_ms: place.timestamp_ms,
        }
    }
}

/// Serialises a stored event for the wire.
pub(super) fn event(
    stored: &StoredEvent,
) -> Result<Option<(&'static str, Payload)>, serde_json::Error> {
    let report = TokenReport::read(stored)?;
    let shown = TokenUsageEvent {
        run_id: stored.run_id.as_str(),
        row: report.row(),
    };
    Ok(Some((TokenUsageEvent::NAME, Payload::encode(&shown)?)))
}
