//! A child run that has ended and whose parent needs it again: it goes on where it stopped, or from its start
//! (workflow-model 13.6, 14.3).

use smithers_model::fact::Revival;
use smithers_model::loops::LoopState;
use smithers_model::run::RunStatus;
use smithers_model::step::{ChildTie, RowChange};
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::lifecycle::TaskStatus;
use crate::refusal::Refusal;
use crate::retry_task::is_touched;
use crate::state::RunState;

impl RunState {
    /// Lets the run go on for its parent. One that has not ended only belongs to its parent again.
    ///
    /// # Errors
    /// The run has ended and its parent has not taken note of that yet.
    pub(crate) fn revive(&mut self, from: Revival, now: Timestamp) -> Result<(), Refusal> {
        if self.run.status == RunStatus::Continued {
            // Another run is in its place, for good.
            return Err(Refusal::NotActive {
                status: self.run.status,
            });
        }
        let is_over = self.run.status.is_terminal();
        if is_over && self.run.tie == Some(ChildTie::Awaited) {
            return Err(Refusal::Illegal {
                fact: "a revival",
                reason: "the parent has not seen how the run ended",
            });
        }
        match from {
            Revival::FromStart(input) if is_over => self.start_again(input, now),
            Revival::WhereItStopped | Revival::FromStart(_) => self.reattach(None),
        }
        if is_over {
            self.follow_workflow(now);
            self.undo_failures(now);
            self.begin_cut_off_again(now);
            self.open_exhausted_loops(now);
            self.reopen(now);
        }
        Ok(())
    }

    fn reattach(&mut self, input: Option<RawJson>) {
        self.run.tie = Some(ChildTie::Awaited);
        self.open.change(RowChange::Reattach { input });
    }

    /// Undoes whatever the run has come to.
    fn start_again(&mut self, input: RawJson, now: Timestamp) {
        self.run.input = input.clone();
        self.reattach(Some(input));
        self.forget_continuation();
        let touched = self.nodes.iter().filter(|(_, node)| is_touched(node));
        let touched: Vec<NodeKey> = touched.map(|(key, _)| key.clone()).collect();
        for key in touched {
            self.undo(&key, false, now);
        }
        let loops: Vec<_> = self.loops.keys().cloned().collect();
        for id in loops {
            self.put_loop(&id, 0, LoopState::Going, now);
        }
    }

    fn undo_failures(&mut self, now: Timestamp) {
        let failed = self.nodes.iter();
        let failed = failed.filter(|(_, node)| node.status == TaskStatus::Failed);
        let failed: Vec<NodeKey> = failed.map(|(key, _)| key.clone()).collect();
        for key in failed {
            self.undo(&key, true, now);
        }
    }
}
