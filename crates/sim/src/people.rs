//! People around the runs: who launches them, decides for them and ends them, and asks again when that fails.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use smithers_actors::registry::Runs;
use smithers_actors::run::RunError;
use smithers_model::approval::{Approval, Decision};
use smithers_model::run::{Actor, RunAuth, RunConfig, RunStatus};
use smithers_model::step::Launch;
use smithers_model::time::Clock;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};
use smithers_store::Backend;
use tokio::time::sleep;

use crate::clock::SimClock;
use crate::ledger::Ledger;
use crate::mail;
use crate::plan::{End, Leaf, RunPlan};
use crate::travel;
use crate::waits::Wait;
use crate::workflow::{key, leaf_of};

/// Between two tries.
pub(crate) const AGAIN: Duration = Duration::from_millis(7);
/// Looks of an approver after which it looks less often.
const EAGER_LOOKS: u32 = 200;

/// Who looks after run `index`.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) index: usize,
    pub(crate) plan: RunPlan,
    pub(crate) runs: Runs,
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) clock: Arc<SimClock>,
}

/// The id of run `index`.
pub(crate) fn run_id(index: usize) -> RunId {
    format!("r{index}").as_str().into()
}

impl Person {
    /// Begins to look after the run.
    pub(crate) fn begin(self) {
        let (approver, canceller) = (self.clone(), self.clone());
        if let Some((at, pause)) = self.plan.pause {
            actix_rt::spawn(self.clone().pause(at));
            actix_rt::spawn(self.clone().end_pauses(pause));
        }
        mail::begin(&self);
        travel::begin(&self);
        actix_rt::spawn(self.launch());
        actix_rt::spawn(approver.approve());
        if let End::Cancelled(at) = canceller.plan.end {
            actix_rt::spawn(canceller.cancel(at));
        }
    }

    async fn launch(self) {
        if self.ledger.lock().launched.contains(&self.index) {
            return;
        }
        sleep(Duration::from_millis(self.plan.launch_at)).await;
        loop {
            match self.runs.launch(launch(self.index)).await {
                Ok(_) | Err(RunError::Exists(_)) => break,
                Err(_) => sleep(AGAIN).await,
            }
        }
        self.ledger.lock().launched.insert(self.index);
    }

    /// Answers what is asked, often twice.
    async fn approve(self) {
        let mut looks = 0;
        loop {
            let rows = self
                .store
                .reader()
                .and_then(|reader| reader.load_run(&run_id(self.index)));
            let rows = rows.ok().flatten();
            if rows
                .as_ref()
                .is_some_and(|rows| self.is_over(rows.row.status))
            {
                return;
            }
            let asked = rows.into_iter().flat_map(|rows| rows.approvals);
            for open in asked.filter(|approval| self.wants_to_answer(approval)) {
                actix_rt::spawn(self.clone().decide(open.node.clone()));
                self.clone().decide(open.node).await;
            }
            looks += 1;
            sleep(if looks < EAGER_LOOKS {
                AGAIN
            } else {
                AGAIN * 100
            })
            .await;
        }
    }

    /// Returns whether nothing can be asked of anybody any more: who takes a run back has it ask again.
    fn is_over(&self, status: RunStatus) -> bool {
        status.is_terminal() && self.plan.travels.is_empty()
    }

    /// Some are never answered, and some only when it is too late.
    fn wants_to_answer(&self, approval: &Approval) -> bool {
        let is_open = approval.decision.is_none();
        is_open
            && match leaf_of(&self.plan.root, approval.node.node_id.as_str()) {
                Some(Leaf::Waits(Wait::Unanswered(_))) => false,
                Some(Leaf::Waits(Wait::AnsweredLate(..))) => approval.custody.expired_at.is_some(),
                _ => true,
            }
    }

    /// What the plan has people say.
    fn answer(&self, id: &str) -> bool {
        match leaf_of(&self.plan.root, id) {
            Some(Leaf::Asks(approved) | Leaf::Gated(approved)) => approved,
            Some(Leaf::Waits(
                Wait::AnsweredLate(_, approved) | Wait::AnsweredOrNot(_, approved),
            )) => approved,
            _ => false,
        }
    }

    async fn decide(self, node: NodeKey) {
        let id = node.node_id.to_string();
        let approved = self.answer(&id);
        let decision = Decision {
            approved,
            note: None,
            decided_by: somebody().user_id,
            token_id: None,
            value: None,
            request_digest: None,
            decided_at: self.clock.now(),
        };
        let told = self
            .runs
            .decide(&run_id(self.index), node, decision, somebody())
            .await;
        if told.is_ok() {
            let before = self
                .ledger
                .lock()
                .decided
                .insert((self.index, id.clone()), approved);
            if before.is_some() && self.plan.travels.is_empty() {
                let twice = format!("the decision of {id} of run {} was taken twice", self.index);
                self.ledger.lock().broken.push(twice);
            }
        }
    }

    /// Asks for a pause, which comes to nothing where the run only waits.
    async fn pause(self, at: u64) {
        sleep(Duration::from_millis(at)).await;
        let _ = self.runs.pause(&run_id(self.index), somebody()).await;
    }

    /// Lets the run go on whenever it is found paused, also by a life before.
    async fn end_pauses(self, pause: u64) {
        loop {
            let reader = self.store.reader();
            let row = reader.and_then(|reader| reader.run(&run_id(self.index)));
            let status = row.ok().flatten().map(|row| row.status);
            if status.is_some_and(|status| self.is_over(status)) {
                return;
            }
            sleep(Duration::from_millis(pause)).await;
            if status == Some(RunStatus::Paused) {
                let _ = self
                    .runs
                    .resume(&run_id(self.index), somebody(), false)
                    .await;
            }
        }
    }

    async fn cancel(self, at: u64) {
        if self.ledger.lock().cancelled.contains(&self.index) {
            return;
        }
        sleep(Duration::from_millis(at)).await;
        loop {
            match self.runs.cancel(&run_id(self.index), somebody()).await {
                Ok(()) => break,
                Err(RunError::Refused(_)) => return,
                Err(_) => sleep(AGAIN).await,
            }
        }
        self.ledger.lock().cancelled.insert(self.index);
    }
}

/// Who does all that people do.
pub(crate) fn somebody() -> Actor {
    Actor {
        user_id: Some("user:sim".into()),
        role: "operator".into(),
        holds_all: true,
        ..Actor::default()
    }
}

fn launch(index: usize) -> Launch {
    let person = somebody();
    Launch {
        run_id: run_id(index),
        workflow_key: key(index).as_str().into(),
        workflow_hash: None,
        system: false,
        input: RawJson::empty_object(),
        config: RunConfig {
            gateway_system: false,
            gateway_workflow_key: key(index).as_str().into(),
            gateway_triggered_by: person.triggered_by().into(),
            max_concurrency: None,
            root_dir: ".".into(),
            allow_network: false,
            max_output_bytes: 200_000,
            tool_timeout_ms: 60_000,
            auth: RunAuth {
                triggered_by: person.triggered_by().into(),
                scopes: Vec::new(),
                role: person.role.clone(),
                token_id: None,
                created_at: Timestamp(0).to_iso(),
            },
            subflow: None,
            patches: Default::default(),
            started_by: None,
            rerun_of: None,
        },
        actor: person,
        idempotency_key: Some(format!("key-{index}")),
        firing: None,
        fork: None,
    }
}
