//! A workflow of a loaded module.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use smithers_model::RunId;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::workflow::{BoxFuture, Workflow, WorkflowDefinition, WorkflowSession};

use crate::options::Isolation;
use crate::session::ScriptSession;
use crate::thread::{Lost, Request, Slot, next_ticket};

/// A workflow that lives in the runtimes of its module.
#[derive(Debug)]
pub(crate) struct ScriptWorkflow {
    definition: Arc<WorkflowDefinition>,
    /// Position among the workflows of the module.
    index: usize,
    /// Runtimes of the module; at least one.
    slots: Arc<[Arc<Slot>]>,
    isolation: Isolation,
}

impl ScriptWorkflow {
    pub(crate) fn new(
        definition: WorkflowDefinition,
        index: usize,
        slots: Arc<[Arc<Slot>]>,
        isolation: Isolation,
    ) -> Self {
        Self {
            definition: Arc::new(definition),
            index,
            slots,
            isolation,
        }
    }

    /// The runtime that serves `run_id`, the same one every time.
    fn slot_of(&self, run_id: &RunId) -> Arc<Slot> {
        if self.isolation == Isolation::Run {
            let shared = &self.slots[0];
            return Slot::new(Arc::clone(&shared.graph), Arc::clone(&shared.thread));
        }
        let mut hash = DefaultHasher::new();
        run_id.hash(&mut hash);
        Arc::clone(&self.slots[hash.finish() as usize % self.slots.len()])
    }
}

impl Workflow for ScriptWorkflow {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        &self.definition
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        let slot = Arc::clone(&self.slots[0]);
        let workflow = self.index;
        let ticket = next_ticket();
        let thread = Arc::clone(&slot.thread);
        let checked = thread.ask(ticket, move |reply| Request::CheckInput {
            ticket,
            slot,
            workflow,
            input,
            reply,
        });
        Box::pin(async move {
            checked.await.unwrap_or_else(|Lost { at_fault }| {
                let (code, message) = match at_fault {
                    true => ("INVALID_INPUT", "the validation of the input does not end"),
                    false => (
                        "INTERNAL_ERROR",
                        "the runtime was lost while the input was validated",
                    ),
                };
                Err(ErrorInfo::coded(code, message))
            })
        })
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(ScriptSession::new(self.slot_of(run_id), self.index))
    }
}
