//! Calls of task bodies: started, answered, timed out, aborted.

use std::rc::Rc;
use std::time::Instant;

use smithers_model::NodeKey;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::workflow::{CallError, TaskCall};
use tokio::sync::oneshot;

use super::ScriptRuntime;
use super::console::Reporting;
use super::exception::{Halt, is_out_of_memory, map_stacks, null, parse};
use super::sessions::Seen;
use super::shared::{Settled, Work};
use super::timers::TimerKey;

/// The answer to a call; none when its session is not open in the runtime.
pub(crate) type CallAnswer = Option<Result<RawJson, CallError>>;

/// A call to start.
pub(crate) struct CallStart {
    /// Names the call, unique in the process.
    pub(crate) id: u64,
    pub(crate) session: u64,
    pub(crate) call: TaskCall,
    /// The rows that the body sees when they are more than those its frame was rendered from.
    pub(crate) rows: Option<Seen>,
    pub(crate) reply: oneshot::Sender<CallAnswer>,
}

/// A call under way.
pub(super) struct PendingCall {
    pub(super) session: u64,
    /// It asks a scorer.
    pub(super) is_scoring: bool,
    pub(super) node: NodeKey,
    pub(super) attempt: u32,
    pub(super) reply: oneshot::Sender<CallAnswer>,
    pub(super) _reporting: Reporting,
}

impl PendingCall {
    fn answer(self, answer: Result<RawJson, CallError>) {
        // Nobody waits any more when the run was closed meanwhile.
        let _ = self.reply.send(Some(answer));
    }

    /// Ends the call with an error that another attempt may avoid.
    fn fail(self, error: ErrorInfo) {
        self.answer(Err(CallError::Failed {
            error,
            retryable: true,
        }));
    }
}

impl ScriptRuntime {
    /// Starts the body of a task of the newest frame of its session.
    pub(crate) fn start_call(&mut self, start: CallStart) {
        let CallStart {
            id,
            session,
            call,
            rows,
            reply,
        } = start;
        let Some(work) = self.work_of(session, id) else {
            let _ = reply.send(None);
            return;
        };
        self.calls.insert(
            id,
            PendingCall {
                session,
                is_scoring: false,
                node: call.node.clone(),
                attempt: call.attempt,
                reply,
                _reporting: Reporting::begin(&self.engine.shared, id, call.reporter.clone()),
            },
        );
        let seen = rows.as_ref().map_or(0, |seen| seen.count);
        let fed = rows.map_or(Ok(()), |seen| self.feed_rows(&work, session, &seen.rows));
        let started = fed.and_then(|()| self.enter(&work, id, session, &call, seen));
        self.entered(&work, id, started);
    }

    /// Enters the body of a task. It sees as many rows as `seen` says, if that is more than its frame did.
    fn enter(
        &mut self,
        work: &Rc<Work>,
        id: u64,
        session: u64,
        call: &TaskCall,
        seen: usize,
    ) -> Result<(), Halt> {
        let arguments = (
            id as f64,
            session as f64,
            // As a whole number it would become a negative one from 2^31 on.
            f64::from(call.callback),
            call.node.node_id.as_str(),
            vec![
                call.node.iteration,
                call.attempt,
                call.failures,
                u32::from(call.asked),
                call.scorings,
            ],
            seen,
            vec![
                call.last_heartbeat.as_ref().map(RawJson::as_str),
                call.given.as_ref().map(RawJson::as_str),
                call.root_dir.as_deref(),
            ],
        );
        let limit = self.limits.slice;
        self.engine.call(work, limit, "startCall", arguments)
    }

    /// What is done on behalf of a call; none when its session is not open.
    pub(super) fn work_of(&self, session: u64, id: u64) -> Option<Rc<Work>> {
        let state = self.sessions.get(&session)?;
        Some(Rc::new(Work {
            call: Some(id),
            run_id: Some(state.run_id.clone()),
        }))
    }

    /// Goes on after the beginning of a call, which may have failed.
    pub(super) fn entered(&mut self, work: &Rc<Work>, id: u64, started: Result<(), Halt>) {
        if let Err(halt) = started {
            let error = self.error_of(halt, "TASK_TIMEOUT", self.limits.slice);
            self.fail_call(id, error);
        }
        self.after(work);
    }

    /// Fires the abort signal of a call; whatever it does afterwards is ignored.
    pub(crate) fn abort(&mut self, session: u64, node: &NodeKey, attempt: u32) {
        let found = self.calls.iter().find(|(_, call)| {
            !call.is_scoring
                && call.session == session
                && call.node == *node
                && call.attempt == attempt
        });
        if let Some(&id) = found.map(|(id, _)| id) {
            self.calls.remove(&id);
            self.abort_in_script(id, "TASK_ABORTED", "the task was aborted");
        } else {
            self.forget_asked(session, node, attempt);
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
                let is_scoring = self.calls.get(&id).is_some_and(|call| call.is_scoring);
                let late = match is_scoring {
                    true => "the scorer did not answer in time",
                    false => "the task did not end within its timeoutMs",
                };
                self.fail_call(id, ErrorInfo::coded("TASK_TIMEOUT", late));
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

    /// Ends a call with `error`, which another attempt may avoid, and fires its abort signal.
    fn fail_call(&mut self, id: u64, error: ErrorInfo) {
        if let Some(call) = self.calls.remove(&id) {
            let code = error.code.as_deref().unwrap_or("TASK_ABORTED").to_owned();
            let message = error.message.clone();
            call.fail(error);
            self.abort_in_script(id, &code, &message);
        }
    }

    fn abort_in_script(&mut self, id: u64, code: &str, message: &str) {
        let call = TimerKey::Call(id);
        self.engine.shared.timers.borrow_mut().disarm(call);
        if self.lost.is_some() {
            return;
        }
        let work = Rc::new(Work {
            call: Some(id),
            ..Work::default()
        });
        let limit = self.limits.slice;
        let aborted =
            self.engine
                .call::<_, ()>(&work, limit, "abortCall", (id as f64, code, message));
        if let Err(halt) = aborted {
            self.error_of(halt, "TASK_TIMEOUT", limit);
        }
        self.after(&work);
    }

    /// Answers the calls whose end JavaScript has reported.
    pub(super) fn answer_settled(&mut self) {
        for settled in self.engine.shared.settled.take() {
            let Some(call) = self.calls.remove(&settled.call) else {
                continue;
            };
            call.answer(match settled.succeeded {
                true => Ok(RawJson::trusted(settled.text)),
                false => Err(self.call_error(settled)),
            });
        }
    }

    fn call_error(&mut self, settled: Settled) -> CallError {
        let Settled {
            text, retryable, ..
        } = settled;
        let info = parse(&text).unwrap_or_else(|| ErrorInfo::thrown("Error", text));
        let exhausted = is_out_of_memory(&info) || (info == null() && self.engine.heap_is_full());
        let error = if exhausted {
            self.error_of(Halt::OutOfMemory, "TASK_FAILED", self.limits.slice)
        } else {
            map_stacks(info, &self.graph)
        };
        CallError::Failed { error, retryable }
    }

    /// Fails the call that ran into the time limit of a slice.
    pub(super) fn blame(&mut self, work: &Work) {
        let error = self.error_of(Halt::Interrupted, "TASK_TIMEOUT", self.limits.slice);
        match work.call {
            Some(id) if self.calls.contains_key(&id) => self.fail_call(id, error),
            _ => {
                let run = work.run_id.as_ref().map(tracing::field::display);
                tracing::warn!(
                    run.id = run,
                    "code of a workflow module was stopped: {}",
                    error.message
                );
            }
        }
    }

    /// The heap was exhausted in a promise that nobody looks at.
    pub(super) fn exhaust(&mut self, work: &Work) {
        let error = self.error_of(Halt::OutOfMemory, "TASK_FAILED", self.limits.slice);
        if let Some(id) = work.call {
            self.fail_call(id, error);
        }
    }

    /// Tells everybody who waits for a call that the runtime is gone.
    pub(crate) fn abandon(mut self, message: &str) {
        for (_, call) in self.calls.drain() {
            call.answer(Err(CallError::RuntimeLost {
                message: message.to_owned(),
            }));
        }
    }
}
