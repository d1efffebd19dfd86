//! Nodes: their states and outputs.

use serde::Serialize;
use serde_json::value::RawValue;

use super::VoteRow;

/// A row of `listNodeStates`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStateRow<'a> {
    /// The node.
    pub node_id: &'a str,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// Its state, such as `in-progress`.
    pub state: &'a str,
    /// Its newest attempt, from 1.
    pub last_attempt: Option<u32>,
    /// When the state last changed.
    pub updated_at_ms: i64,
    /// Its label.
    pub label: Option<&'a str>,
    /// When its newest attempt began.
    pub started_at_ms: Option<i64>,
    /// When its newest attempt ended.
    pub finished_at_ms: Option<i64>,
    /// How many people have to say yes before it; left out, with the votes, where one answer decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_approvals: Option<u32>,
    /// What people said about what was asked last, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<Vec<VoteRow<'a>>>,
}

/// The answer of `getNodeOutput`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum NodeOutput<'a> {
    /// The node has an output.
    Produced {
        /// The output row, without run, node and iteration.
        row: &'a RawValue,
        /// Its fields.
        schema: OutputSchema<'a>,
    },
    /// The node has none yet.
    Pending {
        /// Always null.
        row: (),
        /// The fields that the output will have.
        schema: OutputSchema<'a>,
    },
    /// The node failed.
    Failed {
        /// Always null.
        row: (),
        /// The fields that the output would have had.
        schema: OutputSchema<'a>,
        /// What the last attempt told before it failed.
        partial: Option<&'a RawValue>,
        /// Why; null when a person denied it.
        error: Option<NodeError<'a>>,
    },
}

/// The fields of an output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputSchema<'a> {
    /// In the order of the table.
    pub fields: Vec<OutputField<'a>>,
}

/// A field of an output.
#[derive(Debug, Clone, Serialize)]
pub struct OutputField<'a> {
    /// Its name.
    pub name: &'a str,
    /// `string`, `number`, `boolean`, `object`, `array`, `null` or `unknown`.
    pub r#type: &'a str,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// What it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    /// The texts it may be.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub members: Option<&'a [String]>,
}

/// Why a node failed.
#[derive(Debug, Clone, Serialize)]
pub struct NodeError<'a> {
    /// Class of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Code of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    /// The message; clipped when long.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "clipped")]
    pub message: Option<&'a str>,
    /// The attempt that failed, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

fn clipped<S: serde::Serializer>(message: &Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    let message = message.unwrap_or_default();
    let end = message
        .char_indices()
        .nth(crate::limits::MAX_NODE_ERROR_CHARS)
        .map_or(message.len(), |(at, _)| at);
    serializer.serialize_str(&message[..end])
}
