//! What a module registered, as its host module writes it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use smithers_model::WorkflowKey;
use smithers_model::output::{Field, OutputTable};
use smithers_model::schedule::SchedulePlan;
use smithers_model::webhook::Webhook;
use smithers_model::workflow::WorkflowDefinition;

use crate::graph::ModuleGraph;

/// Everything a module registered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    pub(crate) workflows: Vec<RegisteredWorkflow>,
    pub(crate) parts: Vec<RegisteredWorkflow>,
    pub(crate) warnings: Vec<String>,
    pub(crate) gateway_options: Option<Value>,
}

/// A registered workflow.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisteredWorkflow {
    key: String,
    readable_name: Option<String>,
    description: Option<String>,
    system: bool,
    input_fields: Option<Vec<Field>>,
    outputs: Vec<RegisteredOutput>,
    result_table: Option<String>,
    schedule: Option<SchedulePlan>,
    webhook: Option<Webhook>,
    /// Stack at the call of `createSmithers`.
    declared_at: String,
}

#[derive(Debug, Deserialize)]
struct RegisteredOutput {
    key: String,
    fields: Vec<Field>,
}

impl RegisteredWorkflow {
    /// The definition as the rest of the program knows it.
    pub(crate) fn into_definition(self, graph: &ModuleGraph) -> WorkflowDefinition {
        let place = graph.first_place(&self.declared_at);
        let declared_at = place.map_or_else(
            || graph.entry.clone(),
            |place| format!("{}:{}:{}", place.file, place.line, place.column),
        );
        let outputs = self.outputs.into_iter().map(|output| {
            Arc::new(OutputTable {
                key: output.key,
                fields: output.fields,
                declared_at: declared_at.clone(),
            })
        });
        WorkflowDefinition {
            key: WorkflowKey::new(self.key),
            readable_name: self.readable_name,
            description: self.description,
            system: self.system,
            input_fields: self.input_fields,
            outputs: outputs.collect(),
            result_table: self.result_table,
            schedule: self.schedule,
            webhook: self.webhook,
            revision: graph.revision.clone(),
        }
    }
}
