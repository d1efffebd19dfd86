//! What becomes of the children of a run, as its owner would find out.

use serde_json::Value;
use smithers_engine::Refusal;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::wait::WaitKind;
use smithers_model::{NodeKey, RawJson, RunId};

use super::World;

/// A child that was to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) node: NodeKey,
    pub(crate) attempt: u32,
    pub(crate) child: RunId,
    pub(crate) may_start: bool,
}

impl World {
    /// The child that was looked at last gives `output`.
    pub(crate) fn child_gives(&mut self, output: Value) {
        let Look { node, attempt, .. } = self.last_look();
        let output = RawJson::of(&output);
        self.accept(Fact::TaskSucceeded {
            node,
            attempt,
            output,
        })
        .expect("the child was looked at");
    }

    /// The child that was looked at last has failed.
    pub(crate) fn child_fails(&mut self) {
        let Look { node, attempt, .. } = self.last_look();
        self.accept(Fact::TaskFailed {
            node,
            attempt,
            error: ErrorInfo::coded("WORKFLOW_EXECUTION_FAILED", "Child run failed"),
            retryable: true,
        })
        .expect("the child was looked at");
    }

    /// The child that was looked at last waits.
    pub(crate) fn child_waits(&mut self, kind: WaitKind) {
        let Look { node, attempt, .. } = self.last_look();
        self.accept(Fact::ChildWaits {
            node,
            attempt,
            kind,
        })
        .expect("the child was looked at");
    }

    /// The child that was looked at last moves.
    pub(crate) fn child_moves(&mut self) -> Result<(), Refusal> {
        let Look { node, child, .. } = self.last_look();
        self.accept(Fact::ChildMoved { node, child })
    }

    fn last_look(&self) -> Look {
        self.looks.last().expect("a child was looked at").clone()
    }
}
