//! The writer's thread and that of the actors take turns: at any moment one of them runs.

use std::sync::mpsc::{Receiver, Sender, channel};

use smithers_store::writer::{Pace, Turn};

/// The simulation's end: lets the writer go on.
pub(crate) struct Baton {
    go: Sender<Turn>,
    waits: Receiver<()>,
}

/// The writer's end.
pub(crate) struct Held {
    go: Receiver<Turn>,
    waits: Sender<()>,
}

/// Makes both ends.
pub(crate) fn pair() -> (Baton, Held) {
    let (go, goes) = channel();
    let (waits, waiting) = channel();
    let held = Held { go: goes, waits };
    (Baton { go, waits: waiting }, held)
}

impl Baton {
    /// Waits until the writer waits for its first turn.
    pub(crate) fn begin(&self) {
        let _ = self.waits.recv();
    }

    /// Lets the writer go on, and waits until it waits again or has ended.
    pub(crate) fn pass(&self, turn: Turn) {
        if self.go.send(turn).is_ok() {
            // An error means that its thread has ended, which is as good.
            let _ = self.waits.recv();
        }
    }
}

impl Pace for Held {
    fn next(&mut self) -> Turn {
        let _ = self.waits.send(());
        self.go.recv().unwrap_or(Turn::Quit)
    }
}
