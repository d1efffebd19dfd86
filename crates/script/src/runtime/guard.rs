//! Time limits inside the engine: a deadline that its interrupt handler looks at.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::Runtime;

/// The deadline of the code that is running.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    deadline: Cell<Option<Instant>>,
    tripped: Cell<bool>,
}

impl Guard {
    /// Makes a guard and installs it in `runtime`.
    pub(crate) fn install(runtime: &Runtime) -> Rc<Self> {
        let guard = Rc::new(Self::default());
        let watched = Rc::clone(&guard);
        runtime.set_interrupt_handler(Some(Box::new(move || watched.poll())));
        guard
    }

    /// Gives the code that runs next `limit` of time.
    pub(crate) fn arm(&self, limit: Duration) {
        self.deadline.set(Some(Instant::now() + limit));
        self.tripped.set(false);
    }

    /// Ends the limit.
    pub(crate) fn disarm(&self) {
        self.deadline.set(None);
    }

    fn overdue(&self) -> bool {
        self.deadline
            .get()
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Whether code was interrupted since the guard was armed.
    pub(crate) fn tripped(&self) -> bool {
        self.tripped.get()
    }

    /// Looks at the deadline, as the engine does now and then.
    pub(crate) fn poll(&self) -> bool {
        if self.overdue() {
            self.tripped.set(true);
        }
        self.tripped.get()
    }
}
