//! `pauseRun`, `resumeRun`, `retryTask` and `cancelRun`: people steer a run.

use smithers_actors::run::{Retry, RunError};
use smithers_actors::session::Caller;
use smithers_engine::Refusal;
use smithers_model::run::RunStatus;
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{CancelRun, Params, PauseRun, ResumeRun, RetryTask};
use smithers_protocol::view::{CancelAnswer, PauseAnswer, ResumeAnswer, RetryAnswer};

use super::following::Following;
use super::{Service, encode, error};

impl Service {
    /// Asks a run to pause. The answer means that the wish is durable: nothing starts from then on.
    pub(super) async fn pause_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let PauseRun { run_id } = PauseRun::read(params)?;
        let id = RunId::from(run_id.as_str());
        // A run that does not execute is not opened to be told so.
        match self.status_of(&id).await? {
            None => return Err(RpcError::run_to_stop_not_found()),
            Some(RunStatus::Running) => {}
            Some(_) => return Err(RpcError::run_not_executing()),
        }
        match self.runs.pause(&id, caller.actor()).await {
            Ok(()) => encode(&PauseAnswer::pausing(&run_id)),
            Err(RunError::NotFound(_)) => Err(RpcError::run_to_stop_not_found()),
            Err(refused) => Err(error::of_run(refused, &run_id, None)),
        }
    }

    /// Lets a run go on: a paused one ends its pause, any other one is taken up if it was not.
    pub(super) async fn resume_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let ResumeRun {
            run_id,
            accept_workflow_change,
        } = ResumeRun::read(params)?;
        let id = RunId::from(run_id.as_str());
        let status = self
            .status_of(&id)
            .await?
            .ok_or_else(|| RpcError::no_such_run(&run_id))?;
        if status.is_terminal() {
            return encode(&ResumeAnswer::already_terminal(&run_id));
        }
        let following = Following::begin(caller, &id);
        let resumed = self
            .runs
            .resume(&id, caller.actor(), accept_workflow_change)
            .await;
        following.settle(&resumed);
        match resumed {
            Ok(()) => encode(&ResumeAnswer::requested(&run_id)),
            // It ended while it was asked.
            Err(RunError::Refused(Refusal::NotActive { .. })) => {
                encode(&ResumeAnswer::already_terminal(&run_id))
            }
            Err(refused) => Err(error::of_run(refused, &run_id, None)),
        }
    }

    /// Has a task of a run at rest done again, with what came after it. The answer means that this is durable.
    pub(super) async fn retry_task(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = RetryTask::read(params)?;
        let id = RunId::from(request.run_id.as_str());
        let node = NodeKey::new(request.node_id.as_str(), request.iteration);
        let following = Following::begin(caller, &id);
        let retry = Retry {
            node: node.clone(),
            dependents: request.reset_dependents,
            accept_change: request.accept_workflow_change,
            actor: caller.actor(),
        };
        let retried = self.runs.retry_task(&id, retry).await;
        following.settle(&retried);
        let reset =
            retried.map_err(|refused| error::of_run(refused, &request.run_id, Some(&node)))?;
        encode(&RetryAnswer::requested(
            &request.run_id,
            &request.node_id,
            request.iteration,
            reset.iter().map(|node| node.node_id.as_str()).collect(),
        ))
    }

    /// Ends a run, whatever it does or waits for.
    pub(super) async fn cancel_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let CancelRun { run_id } = CancelRun::read(params)?;
        let id = RunId::from(run_id.as_str());
        match self.runs.cancel(&id, caller.actor()).await {
            Ok(()) => match self.status_of(&id).await? {
                Some(status) if !status.is_terminal() => encode(&CancelAnswer::undoing(&run_id)),
                _ => encode(&CancelAnswer::cancelled(&run_id)),
            },
            Err(RunError::Refused(Refusal::AlreadyCancelled)) => {
                encode(&CancelAnswer::was_cancelled(&run_id))
            }
            Err(RunError::NotFound(_)) => Err(RpcError::run_to_stop_not_found()),
            Err(refused) => Err(error::of_run(refused, &run_id, None)),
        }
    }

    async fn status_of(&self, run_id: &RunId) -> Result<Option<RunStatus>, RpcError> {
        let id = run_id.clone();
        let row = self
            .read_briefly(move |reader| reader.run(&id).map_err(error::of_read))
            .await?;
        Ok(row.map(|row| row.status))
    }
}
