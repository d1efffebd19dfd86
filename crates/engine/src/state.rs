//! The state of a run and its doors: facts go in, steps come out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use smithers_model::approval::{Approval, Precedent};
use smithers_model::effect::EffectNote;
use smithers_model::fact::Fact;
use smithers_model::frame::Trigger;
use smithers_model::loops::LoopRow;
use smithers_model::node::{AttemptRow, AttemptState};
use smithers_model::output::OutputRow;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::patch::Decided;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::score::{Scoring, ScoringKey};
use smithers_model::step::Step;
use smithers_model::wait::Wait;
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::worktree::WorktreeSpec;
use smithers_model::{LoopId, NodeKey, RawJson, RunId, Timestamp};

use crate::aspect::Usage;
use crate::bind::Bonds;
use crate::cap::Cap;
use crate::frame::Frame;
use crate::identity::ChangedWorkflow;
use crate::inbox::Inbox;
use crate::lifecycle::{TaskFact, TaskStatus};
use crate::node::Node;
use crate::open_step::OpenStep;
use crate::refusal::Refusal;
use crate::standing::Standings;
use crate::worktree::Site;

/// A run in memory. Everything in it but the frame can be read back from the run's rows.
#[derive(Clone, Debug)]
pub struct RunState {
    /// The run row as it will be once the open step is committed.
    pub(crate) run: RunRow,
    /// Cap on compute tasks in flight.
    pub(crate) cap: Cap,
    /// `ctx.auth`.
    pub(crate) auth: Option<RawJson>,
    /// Most bytes of output that are kept of an attempt.
    pub(crate) output_limit: u64,
    /// User id of the launcher, or `gateway`; none when the stored configuration is damaged.
    pub(crate) launcher: Option<String>,
    /// What the operator says of all approvals.
    pub(crate) policy: Arc<ApprovalPolicy>,
    /// What becomes of the run when its workflow has changed.
    pub(crate) on_change: ChangedWorkflow,
    /// What is known of the workflow.
    pub(crate) definition: Arc<WorkflowDefinition>,
    /// Every node that the run has come to know, mounted or not.
    pub(crate) nodes: BTreeMap<NodeKey, Node>,
    /// Every loop that was ever mounted.
    pub(crate) loops: BTreeMap<LoopId, LoopRow>,
    /// Every approval that was requested.
    pub(crate) approvals: BTreeMap<NodeKey, Approval>,
    /// What nodes wait for besides decisions.
    pub(crate) waits: BTreeMap<NodeKey, Wait>,
    /// Signals that came.
    pub(crate) inbox: Inbox,
    /// Output rows in completion order.
    pub(crate) rows: Vec<Arc<OutputRow>>,
    /// How many of them the session has got.
    pub(crate) rows_given: usize,
    /// How many of them the newest frame was rendered from.
    pub(crate) rows_rendered: usize,
    /// The newest frame; none until the run is taken up or goes on.
    pub(crate) frame: Option<Arc<Frame>>,
    /// Where the elements of the newest frame stand.
    pub(crate) standings: Standings,
    /// Frames to be rendered before anything else is decided, by trigger.
    pub(crate) renders: VecDeque<Option<Trigger>>,
    /// Sets of mounted nodes that a stability check has found complete.
    pub(crate) checked_sets: BTreeSet<Vec<NodeKey>>,
    /// Nodes with an attempt under way.
    pub(crate) running: BTreeSet<NodeKey>,
    /// Subflows whose child is to be looked at.
    pub(crate) children_to_find: BTreeSet<NodeKey>,
    /// Rows that came from the run before: table and node.
    pub(crate) carried: BTreeSet<(String, NodeKey)>,
    /// What was decided about patches.
    pub(crate) patches: Decided,
    /// `ctx.continuation`.
    pub(crate) continuation: Option<RawJson>,
    /// Approvals that another module asked for than the run goes on with, and that were not looked at since.
    pub(crate) foreign_questions: BTreeSet<NodeKey>,
    /// Approvals of which it is to be read what people decided before, with how many decisions are enough.
    pub(crate) precedents_wanted: BTreeMap<NodeKey, u32>,
    /// What was read of approvals that are about to be given or asked for.
    pub(crate) precedents: BTreeMap<NodeKey, Vec<Precedent>>,
    /// What is known of worktrees around tasks.
    pub(crate) sites: BTreeMap<Arc<WorktreeSpec>, Site>,
    /// Effects that are under way, or must not be had again.
    pub(crate) effects: BTreeMap<NodeKey, Vec<EffectNote>>,
    /// Scorings under way.
    pub(crate) scorings: BTreeMap<ScoringKey, Scoring>,
    /// Rows that tasks are bound to.
    pub(crate) bonds: Bonds,
    /// What the run has used of its limits.
    pub(crate) usage: Usage,
    /// What is to be committed next.
    pub(crate) open: OpenStep,
}

impl RunState {
    /// Applies a fact and moves the run as far as it goes; what changed is in the open step.
    /// A refused fact has changed nothing.
    pub fn accept(&mut self, fact: Fact, now: Timestamp) -> Result<(), Refusal> {
        self.check_identity(&fact, now);
        match fact {
            Fact::TakenUp => self.take_up(now),
            Fact::Rendered(tree) => self.rendered(tree, now),
            Fact::FrameStands => self.frame_stands(now),
            Fact::RenderFailed(error) => self.render_failed(error, now),
            // Nothing can start because of it, so there is nothing to decide.
            Fact::TaskReported {
                node,
                attempt,
                report,
            } => return self.task_reported(&node, attempt, report, now),
            Fact::TaskSucceeded {
                node,
                attempt,
                output,
            } => self.task_succeeded(&node, attempt, &output, now),
            Fact::Scored { key, outcome } => return self.scored(&key, outcome, now),
            Fact::ScoringsCutOff => {
                self.cut_off_scorings(now);
                return Ok(());
            }
            Fact::ResultToKeep {
                node,
                attempt,
                fill,
            } => return self.result_to_keep(&node, attempt, fill),
            Fact::FilesKept {
                node,
                attempt,
                commit,
            } => return self.files_kept(&node, attempt, commit),
            Fact::CacheHit { node, attempt, hit } => self.cache_hit(&node, attempt, *hit, now),
            Fact::TaskFailed {
                node,
                attempt,
                error,
                retryable,
            } => self.task_failed(&node, attempt, error, retryable, now),
            Fact::AttemptLost { node, attempt } => self.attempt_lost(&node, attempt, now),
            Fact::ChildWaits {
                node,
                attempt,
                kind,
            } => self.child_waits(&node, attempt, kind, now),
            Fact::ChildMoved { node, child } => self.child_moved(&node, &child, now),
            Fact::Revived { from } => self.revive(from, now),
            Fact::TimeReached => self.time_reached(now),
            Fact::ApprovalDecided {
                node,
                decision,
                actor,
            } => self.decide_approval(node, decision, &actor, now),
            Fact::WorktreePrepared { worktree, outcome } => {
                self.worktree_prepared(worktree, outcome)
            }
            Fact::PrecedentsRead { node, found } => self.precedents_read(node, found),
            Fact::SignalReceived {
                address,
                payload,
                actor,
            } => self.take_in(address, payload, &actor, now),
            Fact::ResumeRequested {
                actor,
                accept_change,
            } => self.resume(&actor, accept_change, now),
            Fact::PauseRequested { actor } => self.pause(&actor, now),
            Fact::RetryRequested {
                node,
                dependents,
                actor,
                accept_change,
            } => self.retry_task(&node, dependents, &actor, accept_change, now),
            Fact::RewindRequested(request) => self.rewind(*request, now),
            Fact::RewindInterrupted(row) => self.rewind_interrupted(*row, now),
            Fact::CancelRequested { actor } => self.cancel(&actor, now),
            Fact::StepRefused(error) => self.step_refused(error, now),
        }?;
        self.settle(now);
        self.forget_precedents();
        Ok(())
    }

    /// Goes on where a full step had to stop. Harmless when there is nothing to go on with.
    pub fn continue_step(&mut self, now: Timestamp) {
        self.settle(now);
    }

    /// Ends the open step and returns it: what is to be committed now, empty when nothing is.
    /// From here on the state assumes that the step commits.
    pub fn take_step(&mut self) -> Step {
        self.open.take()
    }

    /// Returns true when something has changed that is not committed.
    pub fn has_open_changes(&self) -> bool {
        self.open.has_changes()
    }

    /// Returns true when the open step is to be committed before the run goes on (64 transitions or 256 KiB).
    pub fn step_is_full(&self) -> bool {
        self.open.is_full()
    }

    /// The run.
    pub fn run_id(&self) -> &RunId {
        &self.run.run_id
    }

    /// The run row as it is with the open step. Its counters of events are those of the load.
    pub fn row(&self) -> &RunRow {
        &self.run
    }

    /// Status of the run, with the open step.
    pub fn status(&self) -> RunStatus {
        self.run.status
    }

    /// When the next retry, escalation, expiry or end of a wait is due; the owner comes back then with
    /// [`Fact::TimeReached`]. No retry is due in a paused run, and no wait ends.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.run.status.is_terminal() {
            return None;
        }
        let is_held = self.run.status == RunStatus::Paused;
        let retries = self.nodes.values().filter_map(|node| match node.status {
            TaskStatus::Backoff { due } if !is_held => Some(due),
            _ => None,
        });
        let lapses = self.approvals.values().filter_map(Approval::next_due);
        let waits = self.waits.values().filter(|_| !is_held);
        let waits = waits.filter_map(|wait| wait.due);
        let end = self.run.ends_at();
        retries.chain(lapses).chain(waits).chain(end).min()
    }

    /// Attempts under way, by node.
    pub fn in_flight(&self) -> impl Iterator<Item = (&NodeKey, u32)> {
        self.running
            .iter()
            .filter_map(|key| Some((key, self.nodes.get(key)?.last_attempt)))
    }

    /// Refuses when the run is over.
    pub(crate) fn must_be_active(&self) -> Result<(), Refusal> {
        match self.run.status {
            status if status.is_terminal() => Err(Refusal::NotActive { status }),
            _ => Ok(()),
        }
    }

    /// Moves a node that the run knows, and stores it.
    pub(crate) fn move_node(&mut self, key: &NodeKey, fact: TaskFact, now: Timestamp) {
        let node = self
            .nodes
            .get_mut(key)
            .expect("moves are offered for nodes that the run knows");
        node.apply(fact, now);
        self.standings.touch(key);
        self.open.put_node(node.row(key));
        self.open.transition();
    }

    /// Takes back the due time of a node that backs off: what happens to it now is not its next attempt.
    pub(crate) fn forget_due(&mut self, key: &NodeKey) {
        let backs_off = |node: &&Node| matches!(node.status, TaskStatus::Backoff { .. });
        if let Some(node) = self.nodes.get(key).filter(backs_off) {
            self.open.put_attempt(AttemptRow {
                retry_at: None,
                ..node.attempt_row(key, AttemptState::Failed)
            });
        }
    }

    /// Stores the newest attempt of a node as being in `state` and returns its number.
    pub(crate) fn put_attempt(&mut self, key: &NodeKey, state: AttemptState) -> u32 {
        let node = self
            .nodes
            .get(key)
            .expect("attempts are made by nodes that the run knows");
        self.open.put_attempt(node.attempt_row(key, state));
        let (attempt, at) = (node.last_attempt, node.updated_at());
        self.end_effects(key, attempt, state, at);
        attempt
    }
}
