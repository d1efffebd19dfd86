//! The workflows that this gateway serves, by key.

use std::collections::BTreeMap;
use std::sync::Arc;

use smithers_model::WorkflowKey;
use smithers_model::workflow::{Workflow, WorkflowDefinition};

/// Registered workflows, sorted by key. Built once at start; runs look their workflow up when they open.
#[derive(Default)]
pub struct Catalogue {
    workflows: BTreeMap<WorkflowKey, Arc<dyn Workflow>>,
}

impl Catalogue {
    /// Registers `workflow` under its key. Returns the workflow that had the key before.
    pub fn insert(&mut self, workflow: Arc<dyn Workflow>) -> Option<Arc<dyn Workflow>> {
        self.workflows
            .insert(workflow.definition().key.clone(), workflow)
    }

    /// Returns the workflow registered under `key`.
    pub fn get(&self, key: &str) -> Option<&Arc<dyn Workflow>> {
        self.workflows.get(key)
    }

    /// Returns what is known of every workflow, sorted by key.
    pub fn definitions(&self) -> impl Iterator<Item = &Arc<WorkflowDefinition>> {
        self.workflows
            .values()
            .map(|workflow| workflow.definition())
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.workflows.keys()).finish()
    }
}
