//! What calls of agents have used.

use serde::Serialize;

/// A row of `listRunTokenUsage`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsageRow<'a> {
    /// The node.
    pub node_id: &'a str,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The model, or `unknown`.
    pub model: &'a str,
    /// The agent.
    pub agent: &'a str,
    /// What it read.
    pub input_tokens: u64,
    /// What it wrote.
    pub output_tokens: u64,
    /// Of what it read, what came from a cache.
    pub cache_read_tokens: u64,
    /// Of what it read, what was put into a cache.
    pub cache_write_tokens: u64,
    /// Of what it wrote, what it thought.
    pub reasoning_tokens: u64,
    /// When the call ended.
    pub timestamp_ms: i64,
}

/// The answer of `listRunTokenUsage`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsageAnswer<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The calls of its agents, in the order in which they ended.
    pub events: Vec<TokenUsageRow<'a>>,
}

/// The broadcast event of one call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsageEvent<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The call.
    #[serde(flatten)]
    pub row: TokenUsageRow<'a>,
}

impl TokenUsageEvent<'_> {
    /// Its name on the wire.
    pub const NAME: &'static str = "token.usage";
}
