//! Output validation: a payload becomes the row of its table, or an error of its task (workflow-model 8.4).

use serde_json::{Value, json};
use smithers_model::error::ErrorInfo;
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::{NodeKey, RawJson};

use crate::frame::unknown_output;

/// Brings `output` into the form in which `table` stores it.
pub(crate) fn stored_form(
    definition: &WorkflowDefinition,
    node: &NodeKey,
    table: &str,
    output: &RawJson,
) -> Result<RawJson, ErrorInfo> {
    let schema = definition
        .output_table(table)
        .ok_or_else(|| unknown_output(node, table))?;
    let payload = output.value();
    schema.normalise(&payload).map_err(|error| {
        let mut invalid = ErrorInfo::coded("INVALID_OUTPUT", error.to_string());
        invalid.details = received_keys(&payload);
        invalid
    })
}

/// Names what came, so that a wrong shape is seen at a glance.
fn received_keys(payload: &Value) -> Option<RawJson> {
    let keys: Vec<&String> = payload.as_object()?.keys().collect();
    Some(RawJson::of(&json!({ "receivedKeys": keys })))
}
