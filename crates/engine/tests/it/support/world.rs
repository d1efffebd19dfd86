//! The owner of a run, as simple as can be: accepts, renders, commits, carries out.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use smithers_engine::{ChangedWorkflow, Refusal, RunState, launch};
use smithers_model::approval::{Decision, Precedent};
use smithers_model::audit::Channel;
use smithers_model::command::{Command, Lapse};
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::score::ScoringKey;
use smithers_model::signal::SignalAddress;
use smithers_model::step::Step;
use smithers_model::tree::Tree;
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::{Epoch, NodeKey, RawJson, RunId, Timestamp};

use super::children::Look;
use super::elements::definition;
use super::launch::launch_of;
use super::session::{FRAME_STRIDE, Session, Standing};
use super::store::Store;
use super::text;

/// Rows as a workflow sees them, by node id.
pub(crate) type Rows = BTreeMap<String, Value>;
/// Passes of loops as a workflow sees them, by loop id.
pub(crate) type Passes = BTreeMap<String, u32>;
/// A workflow: rows and passes in, tree out.
pub(crate) type Render = Rc<dyn Fn(&Rows, &Passes) -> Result<Tree, ErrorInfo>>;

/// More steps than any scenario needs for one fact; a run that wants more spins.
const MOST_STEPS: usize = 1_000;
/// More frames than a step can hold.
const MOST_FRAMES: usize = 200;

/// A run with its owner, its session and its store.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) state: RunState,
    pub(crate) store: Store,
    pub(crate) now: Timestamp,
    /// Committed steps.
    pub(crate) steps: Vec<Step>,
    /// Bodies under way, by node.
    pub(crate) in_flight: BTreeMap<NodeKey, u32>,
    /// Abort signals that were fired.
    pub(crate) aborted: Vec<NodeKey>,
    /// When the engine asked to be woken.
    pub(crate) wakes: Vec<Timestamp>,
    /// Who was told of which lapse.
    pub(crate) notices: Vec<(NodeKey, Lapse)>,
    pub(crate) closed: bool,
    /// Ids of the worktrees that were to be made, in order.
    pub(crate) worktrees: Vec<String>,
    /// Why the next one cannot be made.
    pub(crate) worktree_trouble: Option<ErrorInfo>,
    /// What people decided about approvals in other runs, the newest first.
    pub(crate) precedents: Vec<Precedent>,
    /// Children that were to be looked at, in order: of which task, which attempt, and whether they may be started.
    pub(crate) looks: Vec<Look>,
    /// Children that were to be ended.
    pub(crate) ended_children: Vec<RunId>,
    /// Scorers that were asked.
    pub(crate) asked_scorers: Vec<ScoringKey>,
    pub(crate) standing: Standing,
    /// How many frames stood for others.
    pub(crate) stood: usize,
    policy: Arc<ApprovalPolicy>,
    pub(super) session: Option<Session>,
    pub(super) render: Render,
    pub(super) newest_tree: Option<Tree>,
    seen_events: usize,
}

impl World {
    /// Launches a run of a workflow whose tree never changes, and takes it up.
    pub(crate) fn of(tree: Tree) -> Self {
        Self::reactive(move |_| Ok(tree.clone()))
    }

    /// Launches a run of a workflow that looks at its rows, and takes it up.
    pub(crate) fn reactive(render: impl Fn(&Rows) -> Result<Tree, ErrorInfo> + 'static) -> Self {
        Self::looping(move |rows, _| render(rows))
    }

    /// Launches a run of a workflow that looks at its rows and at the passes of its loops, and takes it up.
    pub(crate) fn looping(
        render: impl Fn(&Rows, &Passes) -> Result<Tree, ErrorInfo> + 'static,
    ) -> Self {
        Self::standing(Standing::WithoutCalls, render)
    }

    /// As [`looping`](Self::looping), with a session that says of other frames that they stand.
    pub(crate) fn standing(
        standing: Standing,
        render: impl Fn(&Rows, &Passes) -> Result<Tree, ErrorInfo> + 'static,
    ) -> Self {
        Self::launched(Rc::new(render), None, ApprovalPolicy::default(), standing)
    }

    /// Launches a run with a cap on tasks in flight, and takes it up.
    pub(crate) fn capped(cap: u32, tree: Tree) -> Self {
        let render = Rc::new(move |_: &_, _: &_| Ok(tree.clone()));
        Self::launched(
            render,
            Some(cap),
            ApprovalPolicy::default(),
            Standing::WithoutCalls,
        )
    }

    /// Launches a run under what an operator says of approvals, and takes it up.
    pub(crate) fn under(policy: ApprovalPolicy, tree: Tree) -> Self {
        let render = Rc::new(move |_: &_, _: &_| Ok(tree.clone()));
        Self::launched(render, None, policy, Standing::WithoutCalls)
    }

    fn launched(
        render: Render,
        max_concurrency: Option<u32>,
        policy: ApprovalPolicy,
        standing: Standing,
    ) -> Self {
        let policy = Arc::new(policy);
        let now = Timestamp(1_000);
        let mut store = Store::default();
        store.commit(&launch(launch_of(max_concurrency), Epoch(1), now));
        let mut world = Self {
            state: RunState::load(store.load(), definition(), policy.clone()),
            store,
            now,
            steps: Vec::new(),
            in_flight: BTreeMap::new(),
            aborted: Vec::new(),
            wakes: Vec::new(),
            notices: Vec::new(),
            closed: false,
            worktrees: Vec::new(),
            worktree_trouble: None,
            precedents: Vec::new(),
            looks: Vec::new(),
            ended_children: Vec::new(),
            asked_scorers: Vec::new(),
            standing,
            stood: 0,
            policy,
            session: None,
            render,
            newest_tree: None,
            seen_events: 0,
        };
        world
            .accept(Fact::TakenUp)
            .expect("a launched run is taken up");
        world
    }

    /// Hands a fact to the run and does everything that follows from it.
    pub(crate) fn accept(&mut self, fact: Fact) -> Result<(), Refusal> {
        self.state.accept(fact, self.now)?;
        self.pump();
        Ok(())
    }

    /// Renders and commits until the run rests.
    pub(crate) fn pump(&mut self) {
        for _ in 0..MOST_STEPS {
            for _ in 0..MOST_FRAMES {
                if self.state.render_request().is_some() {
                    self.render_frame();
                } else if !self.look_back() && !self.make_worktree() {
                    break;
                }
            }
            let step = self.state.take_step();
            if step.is_empty() {
                return;
            }
            self.commit(step);
            self.state.continue_step(self.now);
            if self.session.is_none() {
                self.report_losses();
            }
        }
        panic!("the run finds no rest");
    }

    fn commit(&mut self, step: Step) {
        self.store.commit(&step);
        for command in &step.commands {
            self.carry_out(command);
        }
        self.steps.push(step);
    }

    fn carry_out(&mut self, command: &Command) {
        match command {
            Command::StartTask {
                node,
                attempt,
                callback,
                ..
            } => {
                let before = self.in_flight.insert(node.clone(), *attempt);
                assert!(before.is_none(), "{node} runs twice");
                if let Some(session) = &mut self.session {
                    session.started.insert(node.clone());
                    let frame = callback / FRAME_STRIDE;
                    assert_eq!(frame, session.frames, "callback of the newest frame");
                    assert_eq!(session.rendered, session.rows.len(), "it sees every row");
                }
            }
            Command::AbortTask { node, .. } => {
                self.in_flight.remove(node);
                self.aborted.push(node.clone());
            }
            Command::FindChild {
                node,
                attempt,
                child,
                spec,
            } => self.looks.push(Look {
                node: node.clone(),
                attempt: *attempt,
                child: child.clone(),
                may_start: spec.is_some(),
            }),
            Command::Score { key, .. } => self.asked_scorers.push(key.clone()),
            Command::CancelChild { child } => self.ended_children.push(child.clone()),
            Command::WakeAt(due) => self.wakes.push(*due),
            Command::Notify { node, lapse, .. } => self.notices.push((node.clone(), *lapse)),
            Command::Park => {
                assert!(self.in_flight.is_empty(), "parked with tasks in flight");
                self.session = None;
            }
            Command::TakeUpNext { .. } => {}
            Command::ReadBack => self.read_back(),
            Command::Close => self.closed = true,
        }
    }

    /// The body of `id` gives its row.
    pub(crate) fn finish(&mut self, id: &str) {
        self.finish_with(id, json!({ "v": id }));
    }

    /// The body of `id` gives `output`.
    pub(crate) fn finish_with(&mut self, id: &str, output: Value) {
        let (node, attempt) = self.end_body(id);
        let output = RawJson::of(&output);
        self.accept(Fact::TaskSucceeded {
            node,
            attempt,
            output,
        })
        .expect("the body was under way");
    }

    /// The body of `id` throws.
    pub(crate) fn fail(&mut self, id: &str, message: &str) {
        self.fail_with(id, ErrorInfo::thrown("Error", message));
    }

    /// The body of `id` ends with `error`.
    pub(crate) fn fail_with(&mut self, id: &str, error: ErrorInfo) {
        let (node, attempt) = self.end_body(id);
        // A function would give the same wrong output once more; its body says so.
        let retryable = !error.has_code("INVALID_OUTPUT");
        self.accept(Fact::TaskFailed {
            node,
            attempt,
            error,
            retryable,
        })
        .expect("the body was under way");
    }

    /// The runtime of every body is lost through somebody else's fault.
    pub(crate) fn lose_runtime(&mut self) {
        self.session = None;
        self.report_losses();
        self.pump();
    }

    /// Without a session no body is under way, also none that was just to be started.
    fn report_losses(&mut self) {
        for (node, attempt) in std::mem::take(&mut self.in_flight) {
            let lost = Fact::AttemptLost { node, attempt };
            self.state
                .accept(lost, self.now)
                .expect("the body was under way");
        }
    }

    fn end_body(&mut self, id: &str) -> (NodeKey, u32) {
        let node = text::key(id);
        let attempt = self.in_flight.remove(&node);
        (
            node,
            attempt.unwrap_or_else(|| panic!("{id} is not under way")),
        )
    }

    /// Somebody with every right decides `id`.
    pub(crate) fn decide(&mut self, id: &str, approved: bool) -> Result<(), Refusal> {
        self.decide_as(id, answer(approved), operator())
    }

    /// `actor` decides `id`.
    pub(crate) fn decide_as(
        &mut self,
        id: &str,
        decision: Decision,
        actor: Actor,
    ) -> Result<(), Refusal> {
        self.accept(Fact::ApprovalDecided {
            node: text::key(id),
            decision,
            actor,
        })
    }

    /// Somebody sends a signal.
    pub(crate) fn signal(
        &mut self,
        name: &str,
        correlation: Option<&str>,
        payload: Value,
    ) -> Result<(), Refusal> {
        self.accept(Fact::SignalReceived {
            address: SignalAddress {
                signal_name: name.into(),
                correlation_id: correlation.map(str::to_owned),
            },
            payload: RawJson::of(&payload),
            actor: operator(),
        })
    }

    pub(crate) fn cancel(&mut self) -> Result<(), Refusal> {
        self.accept(Fact::CancelRequested { actor: operator() })
    }

    pub(crate) fn pause(&mut self) -> Result<(), Refusal> {
        self.accept(Fact::PauseRequested { actor: operator() })
    }

    pub(crate) fn resume(&mut self) -> Result<(), Refusal> {
        self.accept(Fact::ResumeRequested {
            actor: operator(),
            accept_change: false,
        })
    }

    /// Somebody has `id` done again. A run at rest has no session.
    pub(crate) fn retry(&mut self, id: &str, dependents: bool) -> Result<(), Refusal> {
        if self.status() != RunStatus::Running {
            self.session = None;
        }
        self.accept(Fact::RetryRequested {
            node: text::key(id),
            dependents,
            actor: operator(),
            accept_change: false,
        })
    }

    pub(crate) fn take_up(&mut self) -> Result<(), Refusal> {
        self.accept(Fact::TakenUp)
    }

    /// Time passes, and the engine is woken when something is due in the rows, as the scheduler does it.
    pub(crate) fn wait_ms(&mut self, ms: i64) {
        self.now = Timestamp(self.now.0 + ms);
        self.wakes.retain(|due| *due > self.now);
        if self.store.next_due().is_some_and(|due| due <= self.now) {
            self.accept(Fact::TimeReached)
                .expect("an active run is woken");
        }
    }

    /// The process dies and another one reads the run back. Nothing is taken up yet.
    pub(crate) fn crash(&mut self) {
        self.state = RunState::load(self.store.load(), definition(), self.policy.clone());
        self.in_flight.clear();
        self.wakes.clear();
        self.session = None;
    }

    /// The gateway is restarted with a module whose hash is `hash`, and does `on_change` with runs of another one.
    pub(crate) fn restart_serving(&mut self, hash: &str, on_change: ChangedWorkflow) {
        self.crash();
        let mut served = WorkflowDefinition::clone(&definition());
        served.revision.hash = hash.into();
        let rows = self.store.load();
        self.state = RunState::load(rows, Arc::new(served), self.policy.clone())
            .with_changed_workflow(on_change);
    }

    /// The gateway is restarted with other rules for approvals.
    pub(crate) fn restart_under(&mut self, policy: ApprovalPolicy) {
        self.policy = Arc::new(policy);
        self.crash();
    }

    /// The events since the last call, in short.
    pub(crate) fn events(&mut self) -> Vec<String> {
        let new = &self.store.events[self.seen_events..];
        self.seen_events = self.store.events.len();
        new.iter().map(text::event).collect()
    }

    /// What the newest frame mounts.
    pub(crate) fn tree(&self) -> Option<&Tree> {
        self.newest_tree.as_ref()
    }

    pub(crate) fn status(&self) -> RunStatus {
        self.state.status()
    }

    /// The stored states of the nodes, in short.
    pub(crate) fn nodes(&self) -> String {
        let nodes: Vec<String> = self
            .store
            .nodes
            .values()
            .map(|row| format!("{}={}", text::name(&row.node), row.state.as_str()))
            .collect();
        nodes.join(" ")
    }

    /// The stored states of the attempts, in short.
    pub(crate) fn attempts(&self) -> String {
        let attempts: Vec<String> = self
            .store
            .attempts
            .values()
            .map(|row| {
                format!(
                    "{}#{}={}",
                    text::name(&row.node),
                    row.attempt,
                    row.state.as_str()
                )
            })
            .collect();
        attempts.join(" ")
    }

    /// The stored loops, in short.
    pub(crate) fn loops(&self) -> String {
        let rows = self.store.loops.values();
        let shown = rows.map(|row| format!("{}#{}={}", row.id, row.iteration, row.state.as_str()));
        shown.collect::<Vec<_>>().join(" ")
    }

    /// The stored row of a node.
    pub(crate) fn row(&self, id: &str) -> Option<Value> {
        let rows = &self.store.outputs;
        let row = rows.iter().find(|row| row.node == text::key(id))?;
        Some(row.payload.value())
    }
}

/// Somebody who holds every scope.
pub(crate) fn operator() -> Actor {
    Actor {
        user_id: Some("user:op".into()),
        token_id: Some("tok".into()),
        role: "operator".into(),
        scopes: Vec::new(),
        holds_all: true,
        channel: Channel::Http,
    }
}

/// A yes or a no, without words.
pub(crate) fn answer(approved: bool) -> Decision {
    Decision {
        approved,
        note: None,
        decided_by: Some("user:op".into()),
        token_id: Some("tok".into()),
        value: None,
        request_digest: None,
        decided_at: Timestamp(0),
    }
}
