//! `pauseRun`, `resumeRun` and `cancelRun`: people steer a run.

use smithers_actors::run::RunError;
use smithers_actors::session::Caller;
use smithers_engine::Refusal;
use smithers_model::RunId;
use smithers_model::run::RunStatus;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{CancelRun, Params, PauseRun, ResumeRun};
use smithers_protocol::view::{CancelAnswer, PauseAnswer, ResumeAnswer};

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
        let ResumeRun { run_id } = ResumeRun::read(params)?;
        let id = RunId::from(run_id.as_str());
        let status = self
            .status_of(&id)
            .await?
            .ok_or_else(|| RpcError::no_such_run(&run_id))?;
        if status.is_terminal() {
            return encode(&ResumeAnswer::already_terminal(&run_id));
        }
        let following = Following::begin(caller, &id);
        let resumed = self.runs.resume(&id, caller.actor()).await;
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

    /// Ends a run, whatever it does or waits for.
    pub(super) async fn cancel_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let CancelRun { run_id } = CancelRun::read(params)?;
        match self
            .runs
            .cancel(&RunId::from(run_id.as_str()), caller.actor())
            .await
        {
            Ok(()) => encode(&CancelAnswer::cancelled(&run_id)),
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
