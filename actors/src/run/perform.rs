//! Carries out the commands of a committed step.

use std::sync::Arc;

use actix::prelude::*;
use smithers_model::NodeKey;
use smithers_model::command::Command;
use smithers_model::fact::Fact;
use smithers_model::report::Reporter;
use smithers_model::workflow::{CallError, CallPurpose, TaskCall};

use super::child::ChildSearch;
use super::messages::{RunRequest, TaskEnded};
use super::open::Activity;
use super::worktrees::kept;
use super::{Phase, RunActor};
use crate::registry::Redeliver;

impl RunActor {
    /// Carries out `commands` in order. Their step is committed.
    pub(super) fn perform(&mut self, commands: Vec<Command>, ctx: &mut Context<Self>) {
        for command in commands {
            match command {
                Command::StartTask {
                    node,
                    attempt,
                    failures,
                    callback,
                    last_heartbeat,
                    given,
                    worktree,
                    cached,
                    scorings,
                } => {
                    let call = TaskCall {
                        node,
                        attempt,
                        failures,
                        callback,
                        last_heartbeat,
                        given,
                        root_dir: worktree.map(|worktree| worktree.path.clone()),
                        asked: false,
                        scorings,
                        purpose: CallPurpose::Body,
                        reporter: Reporter::deaf(),
                    };
                    match cached {
                        true => self.look_up(call, ctx),
                        false => self.start_task(call, ctx),
                    }
                }
                Command::Score { key, latency_ms } => self.ask_scorer(key, latency_ms, ctx),
                Command::AbortTask { node, attempt } => self.abort_task(&node, attempt),
                Command::FindChild {
                    node,
                    attempt,
                    child,
                    spec,
                } => {
                    let search = ChildSearch {
                        node,
                        attempt,
                        child,
                        spec,
                    };
                    self.find_child(search, ctx);
                }
                Command::CancelChild { child } => self.cancel_child(child),
                Command::TakeUpNext { next } => self.registry.do_send(Redeliver {
                    run_id: next,
                    request: RunRequest::TakeUp { receipt: None },
                }),
                Command::WakeAt(due) => self.services.scheduler.nudge(due),
                Command::Notify {
                    node,
                    lapse,
                    responsible,
                } => self.notify(&node, lapse, responsible.as_ref()),
                Command::ReadBack => return self.read_back(ctx),
                // Component state and closures are dropped always, whether or not somebody watches.
                Command::Park => self.drop_session(),
                Command::Close => {
                    self.release_worktrees();
                    self.drop_session();
                }
            }
        }
    }

    pub(super) fn start_task(&mut self, call: TaskCall, ctx: &mut Context<Self>) {
        let (node, attempt) = (call.node.clone(), call.attempt);
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let (address, life, session_no) = (ctx.address(), self.life, run.session_no);
        let Some(session) = &mut run.session else {
            // The engine dispatches from the newest frame only, so its session is there; should it not be,
            // the attempt counts as lost and is made again.
            let message = "the session of the frame is gone".to_owned();
            let result = Err(CallError::RuntimeLost { message });
            return address.do_send(TaskEnded {
                life,
                session: session_no,
                node,
                attempt,
                result,
                files: None,
            });
        };
        tracing::debug!(run.id = %self.run_id, node.id = %node.node_id, attempt, "task started");
        let limit = run.engine.output_limit();
        let reporter = run.reports.open(&node, attempt, limit);
        let around = call.root_dir.clone().map(|folder| {
            let worktrees = Arc::clone(&self.services.worktrees);
            (worktrees, self.run_id.clone(), folder)
        });
        let body = session.call(TaskCall { reporter, ..call });
        ctx.spawn(
            async move {
                let result = body.await;
                let files = match (&result, around) {
                    (Err(CallError::RuntimeLost { .. }), _) | (_, None) => None,
                    (_, Some((worktrees, run_id, folder))) => {
                        kept(&worktrees, &run_id, &folder).await
                    }
                };
                let ended = TaskEnded {
                    life,
                    session: session_no,
                    node,
                    attempt,
                    result,
                    files,
                };
                #[cfg(feature = "simulated")]
                if crate::simulated::is_echoed() {
                    crate::simulated::echo(address.clone(), ended.clone());
                }
                address.do_send(ended);
            }
            .into_actor(self),
        );
    }

    /// Releases component state and callbacks, once no scorer needs them; the next frame opens a new session.
    pub(super) fn drop_session(&mut self) {
        if let Phase::Open(run) = &mut self.phase {
            run.scorings.outlast(run.session.take());
        }
    }

    /// Releases the session that lost its runtime. All its calls report the loss, one after the other: by then
    /// a newer session may have taken its place, or it renders already in the runtime that follows.
    fn lose_session(&mut self, session_no: u64) {
        if let Phase::Open(run) = &mut self.phase
            && run.session_no == session_no
            && !matches!(run.activity, Activity::Rendering)
        {
            run.session = None;
        }
    }

    pub(super) fn abort_task(&mut self, node: &NodeKey, attempt: u32) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        run.reports.forget(node, attempt);
        if let Some(session) = &mut run.session {
            session.abort(node, attempt);
        }
    }
}

impl Handler<TaskEnded> for RunActor {
    type Result = ();

    fn handle(&mut self, message: TaskEnded, ctx: &mut Self::Context) {
        let TaskEnded {
            life,
            session,
            node,
            attempt,
            result,
            files,
        } = message;
        if life != self.life {
            tracing::debug!(run.id = %self.run_id, node.id = %node.node_id, attempt, "late result dropped");
            return;
        }
        if let Phase::Open(run) = &mut self.phase {
            self.facts.extend(run.reports.close(&node, attempt));
        }
        self.facts.extend(files.map(|commit| Fact::FilesKept {
            node: node.clone(),
            attempt,
            commit,
        }));
        let fact = match result {
            Ok(mut output) => {
                // The run goes on with what its rows will say.
                let boundary = self.services.backend.boundary();
                let is_changed = boundary.output(&self.run_id, &mut output);
                self.keep_for_others(&node, attempt, is_changed);
                Fact::TaskSucceeded {
                    node,
                    attempt,
                    output,
                }
            }
            Err(CallError::Failed { error, retryable }) => Fact::TaskFailed {
                node,
                attempt,
                error,
                retryable,
            },
            Err(CallError::RuntimeLost { message }) => {
                tracing::warn!(run.id = %self.run_id, node.id = %node.node_id, attempt, %message, "runtime lost");
                self.lose_session(session);
                Fact::AttemptLost { node, attempt }
            }
        };
        self.facts.push_back(fact);
        self.advance(ctx);
    }
}
