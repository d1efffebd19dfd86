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

/// The workflows of a module and where they run.
#[derive(Debug)]
struct Parts {
    /// The registered ones come first.
    definitions: Vec<Arc<WorkflowDefinition>>,
    /// How many are registered.
    registered: usize,
    /// Runtimes of the module; at least one.
    slots: Arc<[Arc<Slot>]>,
    isolation: Isolation,
}

/// A workflow that lives in the runtimes of its module.
#[derive(Debug)]
pub(crate) struct ScriptWorkflow {
    module: Arc<Parts>,
    /// Position among the workflows of the module.
    index: usize,
}

impl ScriptWorkflow {
    /// Returns the `registered` workflows of a module; they run the `others` as subflows.
    pub(crate) fn all(
        registered: Vec<WorkflowDefinition>,
        others: Vec<WorkflowDefinition>,
        slots: Arc<[Arc<Slot>]>,
        isolation: Isolation,
    ) -> Vec<Arc<dyn Workflow>> {
        let count = registered.len();
        let definitions = registered.into_iter().chain(others).map(Arc::new);
        let module = Arc::new(Parts {
            definitions: definitions.collect(),
            registered: count,
            slots,
            isolation,
        });
        (0..count)
            .map(|index| -> Arc<dyn Workflow> {
                let module = Arc::clone(&module);
                Arc::new(Self { module, index })
            })
            .collect()
    }

    /// The runtime that serves `run_id`, the same one every time.
    fn slot_of(&self, run_id: &RunId) -> Arc<Slot> {
        if self.module.isolation == Isolation::Run {
            let shared = &self.module.slots[0];
            return Slot::new(Arc::clone(&shared.graph), Arc::clone(&shared.thread));
        }
        let mut hash = DefaultHasher::new();
        run_id.hash(&mut hash);
        Arc::clone(&self.module.slots[hash.finish() as usize % self.module.slots.len()])
    }
}

impl Workflow for ScriptWorkflow {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        &self.module.definitions[self.index]
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        let slot = Arc::clone(&self.module.slots[0]);
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

    fn part(&self, index: u32) -> Option<Arc<dyn Workflow>> {
        let index = usize::try_from(index).ok()?;
        self.module.definitions.get(index)?;
        let module = Arc::clone(&self.module);
        Some(Arc::new(Self { module, index }))
    }

    fn parts(&self) -> Vec<Arc<WorkflowDefinition>> {
        self.module.definitions[self.module.registered..].to_vec()
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(ScriptSession::new(self.slot_of(run_id), self.index))
    }
}
