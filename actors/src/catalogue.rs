//! The workflows that this gateway serves, by key.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use smithers_model::WorkflowKey;
use smithers_model::workflow::{Workflow, WorkflowDefinition};

/// Registered workflows, sorted by key. A run looks its workflow up when it opens and keeps what it found until it
/// closes, so a replacement concerns those that open later.
#[derive(Default)]
pub struct Catalogue {
    workflows: RwLock<BTreeMap<WorkflowKey, Arc<dyn Workflow>>>,
}

impl Catalogue {
    /// Registers `workflow` under its key. Returns the workflow that had the key before.
    pub fn insert(&mut self, workflow: Arc<dyn Workflow>) -> Option<Arc<dyn Workflow>> {
        let key = workflow.definition().key.clone();
        self.workflows.get_mut().insert(key, workflow)
    }

    /// Serves `workflows` from now on, and no other.
    pub fn replace(&self, workflows: impl IntoIterator<Item = Arc<dyn Workflow>>) {
        let keyed = workflows.into_iter();
        let keyed = keyed.map(|workflow| (workflow.definition().key.clone(), workflow));
        // What was served before is dropped behind the lock.
        let _before = std::mem::replace(&mut *self.workflows.write(), keyed.collect());
    }

    /// Returns the workflow registered under `key`.
    pub fn get(&self, key: &str) -> Option<Arc<dyn Workflow>> {
        self.workflows.read().get(key).cloned()
    }

    /// Returns what is known of every workflow, sorted by key.
    pub fn definitions(&self) -> Vec<Arc<WorkflowDefinition>> {
        let workflows = self.workflows.read();
        workflows
            .values()
            .map(|workflow| Arc::clone(workflow.definition()))
            .collect()
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.workflows.read().keys()).finish()
    }
}
