//! The methods of the gateway, the same for HTTP and WebSocket: read the parameters, ask a handle, shape the answer.
//!
//! The caller has been authorised before a method is called.

mod approvals;
mod changes;
mod control;
mod crons;
mod deletion;
mod devtools;
mod dispatch;
pub(crate) mod error;
mod family;
mod following;
mod fork;
mod gateway;
mod hello;
mod inside;
mod launch;
mod nodes;
pub(crate) mod rewind;
mod runs;
mod scores;
mod signals;
pub(crate) mod story;
mod tokens;
mod travel;
pub(crate) mod webhooks;

use std::sync::Arc;

use serde::Serialize;
use smithers_actors::catalogue::Catalogue;
use smithers_actors::deletion::Deletions;
use smithers_actors::registry::Runs;
use smithers_actors::scheduler::Nudge;
use smithers_actors::session::Caller;
use smithers_model::Timestamp;
use smithers_model::time::Clock;
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::{Payload, RawParams};
use smithers_protocol::method::Method;
use smithers_protocol::params::ListWorkflows;
use smithers_store::writer::WriterHandle;
use smithers_store::{Backend, Reader};
use smithers_vcs::Worktrees;

use crate::rate::RateLimits;
use crate::view::Owner;

pub use dispatch::Dispatcher;

/// Everything the methods need.
#[derive(Clone)]
pub struct Service {
    /// Open runs.
    pub runs: Runs,
    /// Deletion of runs.
    pub deletions: Deletions,
    /// The read path.
    pub backend: Arc<dyn Backend>,
    /// The state of the write path.
    pub writer: WriterHandle,
    /// Rung when a schedule was changed.
    pub schedules: Nudge,
    /// Registered workflows.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When the process started.
    pub started_at: Timestamp,
    /// Name under which this process owns the runs that it executes.
    pub owner_id: Arc<str>,
    /// How often callers may call.
    pub limits: Arc<RateLimits>,
    /// Whether requests that change something are refused.
    pub read_only: bool,
    /// Keeps equal deliveries of webhooks apart.
    pub webhook_turns: Arc<webhooks::Turns>,
    /// Keeps two rewinds of one tree of runs apart.
    pub rewinds: rewind::RewindDesk,
    /// What was told of runs that have ended.
    pub stories: Arc<story::Stories>,
    /// Tells what has changed in worktrees.
    pub worktrees: Arc<Worktrees>,
    /// Folder of the module; what a run records as its root.
    pub root_dir: Arc<str>,
}

impl Service {
    /// Calls `method`. A stream is opened by the session, not here.
    pub async fn call(
        &self,
        caller: &Caller,
        method: Method,
        params: &RawParams,
    ) -> Result<Payload, RpcError> {
        self.limits.method(&caller.identity, method)?;
        self.refuse_change(method)?;
        let params = params.object_or_empty();
        match method {
            Method::LaunchRun => self.launch_run(caller, params).await,
            Method::ResumeRun => self.resume_run(caller, &params).await,
            Method::PauseRun => self.pause_run(caller, &params).await,
            Method::RetryTask => self.retry_task(caller, &params).await,
            Method::RerunRun => self.rerun(caller, &params).await,
            Method::CancelRun => self.cancel_run(caller, &params).await,
            Method::ForkRun => self.fork_run(caller, &params).await,
            Method::DiffRuns => self.diff_runs(&params).await,
            Method::Timeline => self.timeline(&params).await,
            Method::RewindRun => self.rewind_run(caller, &params).await,
            Method::DeleteRun => self.delete_run(caller, &params).await,
            Method::HoldRun => self.hold_run(caller, &params).await,
            Method::GetRun => self.get_run(&params).await,
            Method::ListRuns => self.list_runs(&params).await,
            Method::ListNodeStates => self.list_node_states(&params).await,
            Method::GetNodeOutput => self.get_node_output(&params).await,
            Method::ListRunTokenUsage => self.list_run_token_usage(&params).await,
            Method::ListScores => self.list_scores(&params).await,
            Method::ListScoresForRuns => self.list_scores_for_runs(&params).await,
            Method::GetScoreDetail => self.get_score_detail(&params).await,
            Method::GetDevToolsSnapshot => self.get_devtools_snapshot(caller, &params).await,
            Method::WhatHappened => self.what_happened(&params).await,
            Method::ListRunDescendants => self.list_run_descendants(&params).await,
            Method::GetNodeDiff => self.get_node_diff(&params).await,
            Method::GetRunDiff => self.get_run_diff(&params).await,
            Method::ListFrames => self.list_frames(&params).await,
            Method::GetFrame => self.get_frame(&params).await,
            Method::ListAttempts => self.list_attempts(&params).await,
            Method::GetAttempt => self.get_attempt(&params).await,
            Method::ListApprovals => self.list_approvals(&params).await,
            Method::SubmitApproval => self.submit_approval(caller, &params).await,
            Method::SubmitSignal => self.submit_signal(caller, &params).await,
            Method::CronList => self.cron_list(&params).await,
            Method::CronCreate => self.cron_create(caller, &params).await,
            Method::CronDelete => self.cron_delete(caller, &params).await,
            Method::CronRun => self.cron_run(caller, &params).await,
            Method::ListWorkflows => self.workflows_payload(ListWorkflows::read(&params)),
            Method::Health => self.health().await,
            // The method table lets nothing else through; a new row without an arm ends here.
            other => Err(RpcError::new(
                ErrorCode::MethodNotAvailable,
                format!("Method {} is not served here", other.name()),
            )),
        }
    }

    /// Refuses what would change something, when this gateway only shows what is stored.
    fn refuse_change(&self, method: Method) -> Result<(), RpcError> {
        let changes = matches!(
            method,
            Method::LaunchRun
                | Method::ResumeRun
                | Method::PauseRun
                | Method::RetryTask
                | Method::RerunRun
                | Method::CancelRun
                | Method::RewindRun
                | Method::ForkRun
                | Method::DeleteRun
                | Method::HoldRun
                | Method::SubmitApproval
                | Method::SubmitSignal
                | Method::CronCreate
                | Method::CronDelete
                | Method::CronRun
        );
        if !self.read_only || !changes {
            return Ok(());
        }
        let message = format!(
            "Method {} is not served: this gateway is read-only",
            method.name()
        );
        Err(RpcError::new(ErrorCode::MethodNotAvailable, message))
    }

    fn owner(&self) -> Owner {
        let runs = self.runs.clone();
        Owner {
            id: self.owner_id.clone(),
            epoch: self.backend.epoch(),
            since: self.started_at,
            has_open: Arc::new(move |run| runs.is_open(run)),
            alive_at: self.clock.now(),
        }
    }

    /// Reads off the HTTP worker's thread. The reader sees one instant, with everything that was acknowledged
    /// before.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Reader) -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, RpcError> {
        let backend = self.backend.clone();
        let reading = move || {
            let reader = backend.snapshot().map_err(error::of_read)?;
            query(&*reader)
        };
        actix_web::rt::task::spawn_blocking(reading)
            .await
            .unwrap_or_else(|panic| {
                tracing::error!(error = %panic, "a read panicked");
                Err(RpcError::internal())
            })
    }

    /// As [`read`](Self::read), for a question of a few indexed rows: it is answered where it is asked, because
    /// the way to another thread and back costs more than the answer. One that turns out to be long is asked
    /// again off the thread.
    async fn read_briefly<T: Send + 'static>(
        &self,
        query: impl Fn(&dyn Reader) -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, RpcError> {
        if let Some(reader) = self.backend.glimpse() {
            let answer = query(&*reader);
            if !reader.gave_up() {
                return answer;
            }
        }
        self.read(query).await
    }
}

/// Serialises an answer.
fn encode<T: Serialize + ?Sized>(view: &T) -> Result<Payload, RpcError> {
    Payload::encode(view).map_err(|error| {
        tracing::error!(%error, "an answer could not be serialised");
        RpcError::internal()
    })
}
