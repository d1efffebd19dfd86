//! What a runtime and the functions it gives to JavaScript share. Lives on one thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use smithers_model::RunId;

use super::console::Reporters;
use super::timers::Timers;
use super::walk::Path;

/// On whose behalf code runs. Timers remember it, so what a call starts is charged to that call.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// The call, when it is a call.
    pub(crate) call: Option<u64>,
    /// The run; none while a module loads.
    pub(crate) run_id: Option<RunId>,
}

/// The end of a call, as JavaScript reported it.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) call: u64,
    pub(crate) succeeded: bool,
    /// The output, or the error, as JSON.
    pub(crate) text: String,
    pub(crate) retryable: bool,
}

/// Mailbox from JavaScript to the runtime.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Whose code is running.
    pub(crate) work: RefCell<Rc<Work>>,
    /// Calls that ended and were not looked at yet.
    pub(crate) settled: RefCell<Vec<Settled>>,
    /// Who takes what calls under way write.
    pub(crate) reporters: Reporters,
    /// Timers of user code and time limits of calls.
    pub(crate) timers: RefCell<Timers<Rc<Work>>>,
    /// Code has reached for something that may differ the next time: the clock, chance, files, its own state.
    pub(crate) touched: Cell<bool>,
    /// Where in its tree the frame being rendered has come to.
    pub(crate) path: RefCell<Path>,
    /// A rejection that nobody handled looks like an exhausted heap.
    pub(crate) heap_suspected: Cell<bool>,
}

impl Shared {
    /// Whose code is running.
    pub(crate) fn work(&self) -> Rc<Work> {
        Rc::clone(&self.work.borrow())
    }
}
