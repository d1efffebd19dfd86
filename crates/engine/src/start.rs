//! Starting what the walk found: skip, ask, run inside the step, or dispatch to the outside (workflow-model 7.3.5).

use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::node::AttemptState;
use smithers_model::tree::{TaskBody, TaskSpec};
use smithers_model::wait::WaitKind;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};

use crate::aspect::{Budget, Excess};
use crate::child;
use crate::decision::{self, Verdict};
use crate::effects::Replay;
use crate::frame::Frame;
use crate::lifecycle::TaskFact;
use crate::node::Node;
use crate::state::RunState;

/// What is done with a task whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// The workflow leaves it out.
    Skip,
    /// A row that it is bound to is not there, or not what it was.
    Hold(WaitKind),
    /// Somebody has to be asked first, or has said yes often enough.
    Ask,
    /// Somebody said no, and the author said that this ends it.
    Deny,
    /// Somebody has to say whether it may have its effects again.
    AskAgain,
    /// Somebody said that it may not.
    DenyAgain,
    /// It waits for time or a signal.
    Wait,
    /// It stands for a run of its own.
    Child,
    /// Its body has no outside effect and runs inside the step.
    InStep,
    /// Its body runs outside, after the commit.
    Dispatch { callback: u32 },
}

impl Start {
    /// It takes one of the slots of the run.
    fn needs_slot(self) -> bool {
        matches!(self, Self::Dispatch { .. } | Self::Child)
    }

    /// An attempt begins.
    fn executes(self) -> bool {
        self.needs_slot() || self == Self::InStep
    }
}

impl RunState {
    /// Starts `runnable` tasks while the step has room. Returns true when anything changed.
    /// Tasks that run inside the step are all started before the first of them finishes.
    pub(crate) fn advance(&mut self, frame: &Frame, runnable: &[usize], now: Timestamp) -> bool {
        let slots = self.cap.slots(frame);
        let mut free_slots = slots.saturating_sub(self.running.len());
        let mut started_in_step = Vec::new();
        let mut moved = false;
        for &index in runnable {
            if self.open.is_full() || self.run.status.is_terminal() {
                break;
            }
            let task = frame.task(index);
            let start = self.how_to_start(task);
            if start.needs_slot() && free_slots == 0 {
                continue;
            }
            moved = true;
            let Some(exceeded) = self.afford(task, start, now) else {
                continue;
            };
            self.start(task, start, now);
            let is_under_way = self.running.contains(&task.node);
            free_slots -= usize::from(start.needs_slot() && is_under_way);
            if start == Start::InStep {
                started_in_step.push(task);
            }
            if is_under_way {
                self.tell_of_excess(&task.node, exceeded);
            }
        }
        for task in started_in_step {
            self.run_in_step(task, now);
        }
        moved
    }

    /// Whether the limits around a task let it start, and which of them are exceeded all the same. One that is not
    /// let start is left out, or has failed the run.
    fn afford(&mut self, task: &TaskSpec, start: Start, now: Timestamp) -> Option<Vec<Excess>> {
        if !start.executes() {
            return Some(Vec::new());
        }
        match self.budget(task, now) {
            Budget::Free => return Some(Vec::new()),
            Budget::Exceeded(limits) => return Some(limits),
            Budget::LeaveOut => {
                self.let_go(task, now);
                self.leave_out(task, now);
            }
            Budget::Fail(error) => self.fail(error, now),
        }
        None
    }

    fn start(&mut self, task: &TaskSpec, start: Start, now: Timestamp) {
        if !matches!(start, Start::Hold(_)) {
            self.let_go(task, now);
        }
        match start {
            Start::Child => self.start_child(task, now),
            Start::Dispatch { callback } => {
                if self.is_housed(task, now) {
                    self.dispatch(task, callback, now);
                }
            }
            Start::InStep => {
                let attempt = self.begin_attempt(task, None, now);
                self.begin_effect(task, attempt, now);
            }
            Start::Wait => self.wait(task, now),
            Start::Hold(kind) => self.hold_task(task, kind, now),
            Start::Skip => self.leave_out(task, now),
            Start::Ask => self.ask_about(task, now),
            Start::Deny => self.end_denied(task, now),
            Start::AskAgain => self.ask_about_replay(task, now),
            Start::DenyAgain => self.end_unrepeatable(task, now),
        }
    }

    fn how_to_start(&self, task: &TaskSpec) -> Start {
        if task.skip_if {
            return Start::Skip;
        }
        if let Some(kind) = self.bound_by(task) {
            return Start::Hold(kind);
        }
        match self.replay(&task.node) {
            Replay::Safe => {
                if let Some(start) = self.gate(task) {
                    return start;
                }
            }
            // Its gate was passed before its first attempt.
            Replay::Granted => {}
            Replay::Ask => return Start::AskAgain,
            Replay::Denied => return Start::DenyAgain,
        }
        match task.body {
            TaskBody::Compute(callback) | TaskBody::Answer(callback) => {
                Start::Dispatch { callback }
            }
            TaskBody::Timer(_) | TaskBody::Event(_) => Start::Wait,
            TaskBody::Child(_) => Start::Child,
            TaskBody::Static(_) | TaskBody::Decision => Start::InStep,
        }
    }

    /// What an approval says of a task that has one; none when it may start.
    fn gate(&self, task: &TaskSpec) -> Option<Start> {
        task.approval.as_ref()?;
        let approval = self.approvals.get(&task.node);
        match approval.and_then(|approval| approval.decision.as_ref()) {
            None => Some(Start::Ask),
            Some(decision) if decision::verdict(task, decision) == Verdict::End => {
                Some(Start::Deny)
            }
            Some(_) => None,
        }
    }

    /// The node of `task`; approvals and waits become known only when their turn comes.
    pub(crate) fn know(&mut self, task: &TaskSpec, now: Timestamp) {
        self.nodes
            .entry(task.node.clone())
            .or_insert_with(|| Node::new(task, now))
            .describe(task);
    }

    /// Begins an attempt, of a subflow the one that stands for `child`.
    pub(crate) fn begin_attempt(
        &mut self,
        task: &TaskSpec,
        child: Option<RunId>,
        now: Timestamp,
    ) -> u32 {
        self.know(task, now);
        let attempt = self.nodes[&task.node].last_attempt + 1;
        self.move_node(&task.node, TaskFact::Started { attempt }, now);
        let files = self.files_before(task);
        if let Some(node) = self.nodes.get_mut(&task.node) {
            node.meta = child.as_ref().map(child::meta);
            node.child.clone_from(&child);
            node.files = files;
        }
        self.put_attempt(&task.node, AttemptState::InProgress);
        self.running.insert(task.node.clone());
        self.open.event(Event::NodeStarted {
            node: task.node.clone(),
            attempt,
            child_run_id: child,
        });
        attempt
    }

    fn dispatch(&mut self, task: &TaskSpec, callback: u32, now: Timestamp) {
        let attempt = self.begin_attempt(task, None, now);
        self.begin_effect(task, attempt, now);
        let scorings = self.choose_scorers(task, attempt);
        let node = &self.nodes[&task.node];
        self.open.command(Command::StartTask {
            node: task.node.clone(),
            attempt,
            failures: node.failures,
            callback,
            last_heartbeat: node.told.clone(),
            given: self.answer_of(&task.node),
            worktree: task.worktree.clone(),
            cached: task.cached,
            scorings,
        });
    }

    /// What a person answered to a HumanTask.
    fn answer_of(&self, node: &NodeKey) -> Option<RawJson> {
        let approval = self.approvals.get(node)?;
        approval.request.answer_schema.as_ref()?;
        decision::human_answer(approval.decision.as_ref()?).ok()
    }

    /// Gives a started task its result. The run may have failed meanwhile through one beside it.
    fn run_in_step(&mut self, task: &TaskSpec, now: Timestamp) {
        if !self.running.contains(&task.node) {
            return;
        }
        match self.value_in_step(task) {
            Ok(output) => self.succeed(&task.node, &output, now),
            Err(error) => self.fail_attempt(&task.node, error, false, now),
        }
    }

    fn value_in_step(&self, task: &TaskSpec) -> Result<RawJson, ErrorInfo> {
        let missing = || {
            let message = format!("Task {} has no value to store", task.node.node_id);
            ErrorInfo::coded("INVALID_OUTPUT", message)
        };
        match &task.body {
            TaskBody::Static(value) => value.clone().ok_or_else(missing)?,
            TaskBody::Decision => {
                let approval = self.approvals.get(&task.node).ok_or_else(missing)?;
                let decision = approval.decision.as_ref().ok_or_else(missing)?;
                let payload = decision::payload(approval.request.mode, decision);
                Ok(RawJson::of(&payload))
            }
            TaskBody::Compute(_)
            | TaskBody::Answer(_)
            | TaskBody::Child(_)
            | TaskBody::Timer(_)
            | TaskBody::Event(_) => Err(missing()),
        }
    }

    /// Records that the workflow leaves `task` out.
    pub(crate) fn leave_out(&mut self, task: &TaskSpec, now: Timestamp) {
        self.know(task, now);
        self.forget_due(&task.node);
        self.move_node(&task.node, TaskFact::LeftOut, now);
        self.open.event(Event::NodeSkipped {
            node: task.node.clone(),
        });
    }

    fn ask_about(&mut self, task: &TaskSpec, now: Timestamp) {
        let Some(spec) = &task.approval else {
            return;
        };
        if self.wants_precedents(&task.node, &spec.request) {
            return;
        }
        self.know(task, now);
        if !self.approve_by_itself(&task.node, &spec.request, now) {
            self.ask(&task.node, &spec.request, now);
        }
    }

    /// Ends a denied node. It never ran, so it has no event of its own unless it is left out.
    fn end_denied(&mut self, task: &TaskSpec, now: Timestamp) {
        if task.continue_on_fail && !self.is_guarded(&task.node) {
            self.leave_out(task, now);
        } else {
            self.know(task, now);
            self.forget_due(&task.node);
            self.move_node(&task.node, TaskFact::Denied, now);
            self.fail_node(&task.node, now);
        }
    }
}
