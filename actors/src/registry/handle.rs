//! What the edge and the scheduler hold: requests to runs as async methods with domain errors.

use std::sync::Arc;

use actix::Addr;
use smithers_model::approval::Decision;
use smithers_model::rewind::TimeTravelRow;
use smithers_model::run::Actor as Person;
use smithers_model::signal::SignalAddress;
use smithers_model::step::Launch;
use smithers_model::workflow::Workflow;
use smithers_model::{NodeKey, RawJson, RunId};
use tokio::sync::oneshot;

use super::map::RunMap;
use super::{ForgetAll, Redeliver, RunRegistry, StopAll};
use crate::run::{
    CheckedBy, Receipt, Retry, RewindOrder, Rewinding, RunError, RunRequest, SignalKept,
    SignalMessage, Verdict,
};

/// Handle to all runs; cheap to clone.
///
/// A request is handed over before its answer is awaited: dropping the future does not take it back.
#[derive(Clone)]
pub struct Runs {
    map: Arc<RunMap>,
    registry: Addr<RunRegistry>,
}

impl Runs {
    pub(super) fn new(map: Arc<RunMap>, registry: Addr<RunRegistry>) -> Self {
        Self { map, registry }
    }

    /// Creates a run. Returns once it is durable, before it has done anything; with a known idempotency key,
    /// the id of the run that the first launch made.
    pub async fn launch(&self, launch: Launch) -> Result<RunId, RunError> {
        self.begin(launch, None).await
    }

    /// As [`launch`](Self::launch), of the workflow that validated the input: a reload of the module in between
    /// does not matter to the run.
    pub async fn launch_of(
        &self,
        launch: Launch,
        workflow: Arc<dyn Workflow>,
    ) -> Result<RunId, RunError> {
        self.begin(launch, Some(CheckedBy(workflow))).await
    }

    async fn begin(
        &self,
        launch: Launch,
        checked_by: Option<CheckedBy>,
    ) -> Result<RunId, RunError> {
        let run_id = launch.run_id.clone();
        self.ask(&run_id, |receipt| RunRequest::Launch {
            launch: Box::new(launch),
            checked_by,
            receipt,
        })
        .await
    }

    /// Decides an approval. Returns once the decision is durable.
    pub async fn decide(
        &self,
        run_id: &RunId,
        node: NodeKey,
        decision: Decision,
        actor: Person,
    ) -> Result<(), RunError> {
        self.ask(run_id, |receipt| RunRequest::Decide {
            verdict: Box::new(Verdict {
                node,
                decision,
                actor,
            }),
            receipt,
        })
        .await
    }

    /// Stops a run where it is. Returns once the wish is durable; what is under way may still have to end.
    pub async fn pause(&self, run_id: &RunId, actor: Person) -> Result<(), RunError> {
        self.ask(run_id, |receipt| RunRequest::Pause {
            actor: Box::new(actor),
            receipt,
        })
        .await
    }

    /// Has a task of a run at rest done again, and lets the run go on. Returns what was reset once that is durable.
    pub async fn retry_task(&self, run_id: &RunId, retry: Retry) -> Result<Vec<NodeKey>, RunError> {
        self.ask(run_id, |receipt| RunRequest::RetryTask {
            retry: Box::new(retry),
            receipt,
        })
        .await
    }

    /// Takes a run back to a frame and lets it go on from there. Returns what went once that is durable.
    pub async fn rewind(&self, run_id: &RunId, order: RewindOrder) -> Result<Rewinding, RunError> {
        self.ask(run_id, |receipt| RunRequest::Rewind {
            order: Box::new(order),
            receipt,
        })
        .await
    }

    /// Fails a run whose rewind was cut off with the process that tried it, before anything else happens to it.
    pub(crate) fn rewind_interrupted(&self, row: TimeTravelRow) {
        let row = Box::new(row);
        self.deliver(row.run_id.clone(), RunRequest::RewindInterrupted { row });
    }

    /// Gives a run a signal. Returns once it is kept, whatever becomes of the run.
    pub async fn signal(
        &self,
        run_id: &RunId,
        address: SignalAddress,
        payload: RawJson,
        actor: Person,
    ) -> Result<SignalKept, RunError> {
        self.ask(run_id, |receipt| RunRequest::Signal {
            message: Box::new(SignalMessage {
                address,
                payload,
                actor,
            }),
            receipt,
        })
        .await
    }

    /// Ends a run. Returns once its end is durable.
    pub async fn cancel(&self, run_id: &RunId, actor: Person) -> Result<(), RunError> {
        self.ask(run_id, |receipt| RunRequest::Cancel {
            actor: Box::new(actor),
            receipt,
        })
        .await
    }

    /// Lets a run go on with whatever is to be done; harmless when there is nothing.
    pub async fn take_up(&self, run_id: &RunId) -> Result<(), RunError> {
        self.ask(run_id, |receipt| RunRequest::TakeUp {
            receipt: Some(receipt),
        })
        .await
    }

    /// Lets a run go on because `actor` asks; a paused one ends its pause. With `accept_change`, also one whose
    /// workflow has changed since it last went on. Returns once that is recorded.
    pub async fn resume(
        &self,
        run_id: &RunId,
        actor: Person,
        accept_change: bool,
    ) -> Result<(), RunError> {
        self.ask(run_id, |receipt| RunRequest::Resume {
            actor: Box::new(actor),
            accept_change,
            receipt,
        })
        .await
    }

    /// Asks a run to look at what has become due, without waiting for it.
    pub fn check_due(&self, run_id: RunId) {
        self.deliver(run_id, RunRequest::CheckDue);
    }

    /// Asks a run to look at the run of one of its subflows, without waiting for it.
    pub fn child_moved(&self, run_id: RunId, node: NodeKey, child: RunId) {
        self.deliver(run_id, RunRequest::ChildMoved { node, child });
    }

    /// All runs drop their state because the database is being reopened.
    pub fn forget_all(&self) {
        self.registry.do_send(ForgetAll);
    }

    /// A run was deleted: its actor, if it is open, drops its state and ends.
    pub fn forget(&self, run_id: &RunId) {
        self.map.forget(run_id);
    }

    /// Refuses requests from now on; what was taken before is still carried out and answered.
    pub fn stop_accepting(&self) {
        self.map.stop_accepting();
    }

    /// Ends all run actors where they stand. Their rows carry on at the next start.
    pub fn stop(&self) {
        self.stop_accepting();
        self.registry.do_send(StopAll);
    }

    /// Whether a run is open.
    pub fn is_open(&self, run_id: &RunId) -> bool {
        self.map.has(run_id)
    }

    /// Lets the actor of a run go without a word, as no fault that is known does.
    #[cfg(test)]
    pub(crate) fn lose(&self, run_id: &RunId) {
        self.map.lose(run_id);
    }

    /// How many runs are open.
    pub fn open_runs(&self) -> usize {
        self.map.len()
    }

    async fn ask<T>(
        &self,
        run_id: &RunId,
        request: impl FnOnce(Receipt<T>) -> RunRequest,
    ) -> Result<T, RunError> {
        let (receipt, answer) = oneshot::channel();
        self.deliver(run_id.clone(), request(receipt));
        // The run's actor went without answering: it panicked, and what it did last may have been stored.
        answer.await.unwrap_or(Err(RunError::OutcomeUnknown))
    }

    fn deliver(&self, run_id: RunId, request: RunRequest) {
        if !self.map.is_accepting() {
            return request.refuse(RunError::Degraded(
                "the gateway is stopping; nothing was changed, try again in a moment".into(),
            ));
        }
        if let Err(request) = self.map.try_send(&run_id, request) {
            self.registry.do_send(Redeliver { run_id, request });
        }
    }
}
