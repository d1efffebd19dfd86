//! What agents tell of their work: what they do, and what it costs (workflow-model 8.3, 11).

use serde::{Deserialize, Serialize};

use crate::RawJson;

/// Tokens that one call of an agent has used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// The model as the result names it, else as its agent does, else `unknown`.
    pub model: String,
    /// Id of the agent, else the name of its class.
    pub agent: String,
    /// What it read.
    #[serde(default)]
    pub input_tokens: u64,
    /// What it wrote.
    #[serde(default)]
    pub output_tokens: u64,
    /// Of what it read, what came from a cache.
    #[serde(default)]
    pub cache_read_tokens: u64,
    /// Of what it read, what was put into a cache.
    #[serde(default)]
    pub cache_write_tokens: u64,
    /// Of what it wrote, what it thought.
    #[serde(default)]
    pub reasoning_tokens: u64,
}

impl TokenUsage {
    /// The stored type name of the event that records it.
    pub const EVENT: &'static str = "TokenUsageReported";

    /// What budgets count: read and written.
    pub fn total(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// Something that an agent told while it worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentEvent {
    /// What the agent runs on.
    pub engine: String,
    /// What it told, in its own form.
    pub event: RawJson,
}

/// Something that an agent tells during a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentReport {
    /// What it does.
    Event(AgentEvent),
    /// What a call has used, once it has ended, well or not.
    Tokens(TokenUsage),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::{NodeKey, Timestamp};

    #[test]
    fn usage_is_stored_flat_and_read_back_from_the_payload() {
        let usage = TokenUsage {
            model: "m".into(),
            agent: "a".into(),
            input_tokens: 120,
            output_tokens: 30,
            cache_read_tokens: 40,
            cache_write_tokens: 5,
            reasoning_tokens: 12,
        };
        let event = Event::TokenUsageReported {
            node: NodeKey::new("t", 1),
            attempt: 2,
            usage: usage.clone(),
        };
        let payload = event.payload(&"r1".into(), Timestamp(7));
        assert_eq!(payload.value()["type"], TokenUsage::EVENT);
        let read: TokenUsage = serde_json::from_str(payload.as_str()).unwrap();
        assert_eq!((read.total(), read), (150, usage));
    }
}
