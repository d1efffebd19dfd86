//! Calls of task bodies: started, answered, timed out, aborted.

use std::rc::Rc;
use std::time::Instant;

use smithers_model::NodeKey;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::workflow::CallError;
use tokio::sync::oneshot;

use super::ScriptRuntime;
use super::exception::{Halt, is_out_of_memory, map_stacks, parse};
use super::shared::{Settled, Work};
use super::timers::TimerKey;

/// The answer to a call.
pub(crate) type CallReply = oneshot::Sender<Result<RawJson, CallError>>;

/// A call to start.
pub(crate) struct CallStart {
    /// Names the call, unique in the process.
    pub(crate) id: u64,
    pub(crate) session: u64,
    pub(crate) node: NodeKey,
    pub(crate) attempt: u32,
    pub(crate) callback: u32,
    pub(crate) reply: CallReply,
}

/// A call under way.
pub(super) struct PendingCall {
    pub(super) session: u64,
    node: NodeKey,
    attempt: u32,
    reply: CallReply,
}

impl ScriptRuntime {
    /// Starts the body of a task of the newest frame of its session.
    pub(crate) fn start_call(&mut self, start: CallStart) {
        let CallStart {
            id,
            session,
            node,
            attempt,
            callback,
            reply,
        } = start;
        let work = Rc::new(Work {
            call: Some(id),
            run_id: self
                .sessions
                .get(&session)
                .map(|state| state.run_id.clone()),
            node_id: Some(node.node_id.clone()),
        });
        let name = node.node_id.clone();
        let arguments = (
            id as f64,
            session as f64,
            callback,
            name.as_str(),
            node.iteration,
            attempt,
        );
        self.calls.insert(
            id,
            PendingCall {
                session,
                node,
                attempt,
                reply,
            },
        );
        let started = self
            .engine
            .call::<_, ()>(&work, self.limits.slice, "startCall", arguments);
        if let Err(halt) = started {
            let error = self.error_of(halt, "TASK_TIMEOUT", self.limits.slice);
            self.fail_call(id, error);
        }
        self.after(&work);
    }

    /// Fires the abort signal of a call; whatever it does afterwards is ignored.
    pub(crate) fn abort(&mut self, session: u64, node: &NodeKey, attempt: u32) {
        let found = self.calls.iter().find(|(_, call)| {
            call.session == session && call.node == *node && call.attempt == attempt
        });
        if let Some(&id) = found.map(|(id, _)| id) {
            self.calls.remove(&id);
            self.abort_in_script(id);
        }
    }

    /// Fires the next timer that is due at `now`; false when there is none.
    pub(super) fn fire_next(&mut self, now: Instant) -> bool {
        let due = self.engine.shared.timers.borrow_mut().pop_due(now);
        let Some((key, work)) = due else {
            return false;
        };
        match key {
            TimerKey::Call(id) => {
                self.fail_call(
                    id,
                    ErrorInfo::coded("TASK_TIMEOUT", "the task did not end within its timeoutMs"),
                );
            }
            TimerKey::Script(id) => {
                let fired = self
                    .engine
                    .call::<_, ()>(&work, self.limits.slice, "fireTimer", (id,));
                if let Err(halt) = fired {
                    self.timer_failed(halt, &work);
                }
                self.after(&work);
            }
        }
        true
    }

    /// A timer's callback failed. A thrown error concerns nobody's result; a limit ends the call.
    fn timer_failed(&mut self, halt: Halt, work: &Work) {
        let thrown = matches!(halt, Halt::Thrown(_));
        let error = self.error_of(halt, "TASK_TIMEOUT", self.limits.slice);
        match work.call {
            Some(id) if !thrown => self.fail_call(id, error),
            _ => tracing::warn!(error = %error.message, "a timer of a workflow module failed"),
        }
    }

    /// Ends a call with `error`, which another attempt may avoid.
    fn fail_call(&mut self, id: u64, error: ErrorInfo) {
        if let Some(call) = self.calls.remove(&id) {
            let failed = CallError::Failed {
                error,
                retryable: true,
            };
            // Nobody waits any more when the run was closed meanwhile.
            let _ = call.reply.send(Err(failed));
            self.abort_in_script(id);
        }
    }

    fn abort_in_script(&mut self, id: u64) {
        self.engine
            .shared
            .timers
            .borrow_mut()
            .disarm(TimerKey::Call(id));
        if self.lost.is_some() {
            return;
        }
        let work = Rc::new(Work {
            call: Some(id),
            ..Work::default()
        });
        let aborted =
            self.engine
                .call::<_, ()>(&work, self.limits.slice, "abortCall", (id as f64,));
        if let Err(halt) = aborted {
            self.error_of(halt, "TASK_TIMEOUT", self.limits.slice);
        }
        self.after(&work);
    }

    /// Answers the calls whose end JavaScript has reported.
    pub(super) fn answer_settled(&mut self) {
        let settled = self.engine.shared.settled.take();
        for settled in settled {
            self.answer(settled);
        }
    }

    fn answer(&mut self, settled: Settled) {
        let Some(call) = self.calls.remove(&settled.call) else {
            return;
        };
        let answer = if settled.succeeded {
            Ok(RawJson::trusted(settled.text))
        } else {
            Err(self.call_error(&settled))
        };
        // Nobody waits any more when the run was closed meanwhile.
        let _ = call.reply.send(answer);
    }

    fn call_error(&mut self, settled: &Settled) -> CallError {
        let info = parse(&settled.text)
            .unwrap_or_else(|| ErrorInfo::thrown("Error", settled.text.clone()));
        let error = if is_out_of_memory(&info) {
            self.error_of(Halt::OutOfMemory, "TASK_FAILED", self.limits.slice)
        } else {
            map_stacks(info, &self.graph)
        };
        CallError::Failed {
            error,
            retryable: settled.retryable,
        }
    }

    /// Fails the call that ran into the time limit of a slice.
    pub(super) fn blame(&mut self, work: &Work) {
        let error = self.error_of(Halt::Interrupted, "TASK_TIMEOUT", self.limits.slice);
        match work.call.filter(|id| self.calls.contains_key(id)) {
            Some(id) => {
                // Without its queue the runtime may be in the middle of anything: no abort signal.
                if let Some(call) = self.calls.remove(&id) {
                    let _ = call.reply.send(Err(CallError::Failed {
                        error,
                        retryable: true,
                    }));
                }
            }
            None => tracing::warn!(
                run.id = work.run_id.as_ref().map(tracing::field::display),
                "code of a workflow module was stopped: {}",
                error.message
            ),
        }
    }

    /// The heap was exhausted in a promise that nobody looks at.
    pub(super) fn exhaust(&mut self, work: &Work) {
        let error = self.error_of(Halt::OutOfMemory, "TASK_FAILED", self.limits.slice);
        if let Some(call) = work.call.and_then(|id| self.calls.remove(&id)) {
            let _ = call.reply.send(Err(CallError::Failed {
                error,
                retryable: true,
            }));
        }
    }

    /// Tells everybody who waits for a call that the runtime is gone.
    pub(crate) fn abandon(mut self, message: &str) {
        for (_, call) in self.calls.drain() {
            let lost = CallError::RuntimeLost {
                message: message.to_owned(),
            };
            let _ = call.reply.send(Err(lost));
        }
    }
}
