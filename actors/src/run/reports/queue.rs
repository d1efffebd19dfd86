//! The attempts of a run that have something to tell, and the bell that tells the run so.
//!
//! However many attempts tell however much, at most one message for each urgency is on its way to the run.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::inbox::{Inbox, News, Urgency};

/// See the module documentation.
pub(super) struct Queue {
    state: Mutex<State>,
    ring: Box<dyn Fn(Urgency) + Send + Sync>,
}

#[derive(Default)]
struct State {
    /// In the order in which they began to wait.
    waiting: VecDeque<Arc<Inbox>>,
    /// What the run was told since it looked last.
    rung: Option<Urgency>,
}

impl Queue {
    /// Calls `ring` when the run should look.
    pub(super) fn new(ring: impl Fn(Urgency) + Send + Sync + 'static) -> Self {
        Self {
            state: Mutex::default(),
            ring: Box::new(ring),
        }
    }

    /// Something waits in `inbox`.
    pub(super) fn announce(&self, inbox: &Arc<Inbox>, News { urgency, is_first }: News) {
        let mut state = self.state.lock();
        if is_first {
            state.waiting.push_back(Arc::clone(inbox));
        }
        let known = state.rung;
        state.rung = known.max(Some(urgency));
        drop(state);
        if known < Some(urgency) {
            (self.ring)(urgency);
        }
    }

    /// The run looks: takes the attempts that wait, the longest first. Whatever comes from now on rings again.
    pub(super) fn look(&self) -> VecDeque<Arc<Inbox>> {
        let mut state = self.state.lock();
        state.rung = None;
        std::mem::take(&mut state.waiting)
    }

    /// Puts back attempts that were not emptied, behind the others.
    pub(super) fn put_back(&self, inboxes: VecDeque<Arc<Inbox>>) {
        self.state.lock().waiting.extend(inboxes);
    }
}
