//! Worktrees of a run: made when its engine asks, taken away at its end when nothing is lost by that.

use std::path::Path;
use std::sync::Arc;

use actix::prelude::*;
use smithers_model::RunId;
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::worktree::WorktreeSpec;
use smithers_vcs::Worktrees;

use super::open::Activity;
use super::{Phase, RunActor};

/// What came of a request for a worktree.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct WorktreeMade {
    /// Life of the in-memory state that asked.
    life: u64,
    worktree: Arc<WorktreeSpec>,
    /// The commit that keeps its files, if that could be made.
    outcome: Result<Option<String>, smithers_vcs::Error>,
}

impl RunActor {
    /// Makes what the engine asks for; the run goes on with the answer.
    pub(super) fn make_worktree(&mut self, worktree: Arc<WorktreeSpec>, ctx: &mut Context<Self>) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        run.activity = Activity::Housing;
        let worktrees = Arc::clone(&self.services.worktrees);
        let (address, life, run_id) = (ctx.address(), self.life, self.run_id.clone());
        ctx.spawn(
            async move {
                let outcome = match worktrees.prepare(&run_id, &worktree).await {
                    Ok(_) => Ok(kept(&worktrees, &run_id, &worktree.path).await),
                    Err(error) => Err(error),
                };
                address.do_send(WorktreeMade {
                    life,
                    worktree,
                    outcome,
                });
            }
            .into_actor(self),
        );
    }

    /// Takes the worktrees of a run that has finished away. One of a run that failed or was cancelled stays, for whoever
    /// wants to see what went wrong.
    pub(super) fn release_worktrees(&self) {
        let Phase::Open(run) = &self.phase else {
            return;
        };
        let held = run.engine.worktrees();
        if held.is_empty() || run.engine.status() != RunStatus::Finished {
            return;
        }
        let (worktrees, run_id) = (Arc::clone(&self.services.worktrees), self.run_id.clone());
        // The run is over, and so is its actor soon; a worktree that is left by a crash now harms nobody.
        actix::spawn(async move {
            for worktree in held {
                let path = &worktree.path;
                match worktrees.release(&run_id, &worktree).await {
                    Ok(true) => tracing::debug!(run.id = %run_id, %path, "worktree removed"),
                    Ok(false) => tracing::info!(run.id = %run_id, %path, "worktree kept"),
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(run.id = %run_id, %path, error, "worktree kept");
                    }
                }
            }
        });
    }
}

/// Keeps the files of a worktree as they are. When that fails, what an attempt has changed there cannot be told; the
/// attempt itself is as good as ever.
pub(super) async fn kept(worktrees: &Worktrees, run_id: &RunId, path: &str) -> Option<String> {
    match worktrees.keep(run_id, Path::new(path)).await {
        Ok(commit) => Some(commit),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(run.id = %run_id, %path, error, "the files of a worktree are not kept");
            None
        }
    }
}

impl Handler<WorktreeMade> for RunActor {
    type Result = ();

    fn handle(&mut self, message: WorktreeMade, ctx: &mut Self::Context) {
        let WorktreeMade {
            life,
            worktree,
            outcome,
        } = message;
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if life != self.life {
            return;
        }
        run.activity = Activity::Idle;
        let outcome = outcome.map_err(|error| (error.to_info(), error.may_pass()));
        self.apply(Fact::WorktreePrepared { worktree, outcome }, None);
        self.advance(ctx);
    }
}
