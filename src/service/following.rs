//! A socket hears of a run from the moment it asks for a command, and only as long as there is reason to.

use smithers_actors::run::RunError;
use smithers_actors::session::{Caller, Connection};
use smithers_model::RunId;

/// A run that the caller's socket follows for the sake of a command.
///
/// It begins before the command is handed over, so that the socket misses no event. When the command comes to
/// nothing, [`settle`](Self::settle) takes it back: the run may not even exist.
pub(super) struct Following {
    run_id: RunId,
    /// The socket, when it did not follow the run before.
    added_to: Option<Connection>,
}

impl Following {
    pub(super) fn begin(caller: &Caller, run_id: &RunId) -> Self {
        let added_to = caller
            .connection
            .clone()
            .filter(|connection| connection.follow(run_id));
        Self {
            run_id: run_id.clone(),
            added_to,
        }
    }

    /// Keeps the run after a command that went through, or may have.
    pub(super) fn settle<T>(self, outcome: &Result<T, RunError>) {
        match outcome {
            Ok(_) | Err(RunError::OutcomeUnknown) => {}
            Err(_) => self.take_back(),
        }
    }

    /// Keeps the run.
    pub(super) fn keep(self) {}

    /// Leaves the socket as it was before.
    pub(super) fn take_back(self) {
        if let Some(connection) = self.added_to {
            connection.unfollow(&self.run_id);
        }
    }
}
