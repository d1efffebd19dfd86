//! A place for one runtime of a module on a script thread. The runtime is made when it is needed.

use std::sync::Arc;

use super::handle::{Thread, next_ticket};
use super::worker::Control;
use crate::graph::ModuleGraph;

/// Names a runtime; the runtime goes when the slot is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Unique in the process.
    pub(crate) id: u64,
    /// What is loaded in it.
    pub(crate) graph: Arc<ModuleGraph>,
    /// Where it runs.
    pub(crate) thread: Arc<Thread>,
}

impl Slot {
    pub(crate) fn new(graph: Arc<ModuleGraph>, thread: Arc<Thread>) -> Arc<Self> {
        Arc::new(Self {
            id: next_ticket(),
            graph,
            thread,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.thread.tell(Control::Drop { slot: self.id });
    }
}
