//! Nodes and their outputs as clients see them.

use serde_json::value::RawValue;
use smithers_model::approval::Approval;
use smithers_model::node::{AttemptRow, NodeRow, NodeState};
use smithers_model::output::OutputTable;
use smithers_protocol::view::{NodeError, NodeOutput, NodeStateRow, OutputField, OutputSchema};

use super::approval::{required, votes};

/// The row of `listNodeStates`; `attempts` are those of the run, by node and number, `approvals` those that take
/// several people.
pub(crate) fn node_state_row<'a>(
    node: &'a NodeRow,
    attempts: &[AttemptRow],
    approvals: &'a [Approval],
) -> NodeStateRow<'a> {
    let approval = approvals.iter().find(|asked| asked.node == node.node);
    let begin = attempts.partition_point(|attempt| attempt.node < node.node);
    let own = &attempts[begin..];
    let own = &own[..own.partition_point(|attempt| attempt.node == node.node)];
    let (first, last) = (own.first(), own.last());
    NodeStateRow {
        node_id: node.node.node_id.as_str(),
        iteration: node.node.iteration,
        state: node.state.as_str(),
        last_attempt: node.last_attempt,
        updated_at_ms: node.updated_at.0,
        label: node.label.as_deref(),
        started_at_ms: first.map(|attempt| attempt.started_at.0),
        finished_at_ms: last.and_then(|attempt| attempt.finished_at).map(|at| at.0),
        required_approvals: approval.and_then(required),
        votes: approval.and_then(votes),
    }
}

/// The answer of `getNodeOutput` (gateway-protocol 10.2).
pub(crate) fn node_output<'a>(
    node: &NodeRow,
    table: &'a OutputTable,
    row: Option<&'a RawValue>,
    attempts: &'a [AttemptRow],
) -> NodeOutput<'a> {
    let schema = schema_of(table);
    match (row, node.state) {
        (Some(row), _) => NodeOutput::Produced { row, schema },
        (None, NodeState::Failed) => {
            let failed = attempts
                .iter()
                .rev()
                .find(|attempt| attempt.error.is_some());
            NodeOutput::Failed {
                row: (),
                schema,
                partial: attempts.iter().rev().find_map(partial),
                error: failed.map(node_error),
            }
        }
        (None, _) => NodeOutput::Pending { row: (), schema },
    }
}

/// What an attempt told with its heartbeats, when that is an object.
fn partial(attempt: &AttemptRow) -> Option<&RawValue> {
    let data = attempt.heartbeat.as_ref()?.data.as_ref()?;
    let text = data.as_str().trim_start();
    text.starts_with('{')
        .then(|| serde_json::from_str(text).ok())?
}

fn node_error(attempt: &AttemptRow) -> NodeError<'_> {
    let error = attempt.error.as_ref();
    NodeError {
        name: error.map(|error| error.name.as_str()),
        code: error.and_then(|error| error.code.as_deref()),
        message: error.map(|error| error.message.as_str()),
        attempt: Some(attempt.attempt),
    }
}

fn schema_of(table: &OutputTable) -> OutputSchema<'_> {
    let fields = table.fields.iter().map(|field| OutputField {
        name: &field.name,
        r#type: &field.shown_type,
        optional: field.optional,
        nullable: field.nullable,
        description: field.description.as_deref(),
        members: field.members.as_deref(),
    });
    OutputSchema {
        fields: fields.collect(),
    }
}
