//! A step: everything one move of a run changes, committed together or not at all.

use std::sync::Arc;

use crate::approval::{Approval, Decision};
use crate::audit::AuditRecord;
use crate::cache::CacheRow;
use crate::command::Command;
use crate::continuation::Continuation;
use crate::effect::{Archival, EndedCalls, ToolCall};
use crate::error::ErrorInfo;
use crate::event::{Event, NumberedEvent};
use crate::frame::{FrameRow, TreeContent};
use crate::history::PackedDelta;
use crate::json::RawJson;
use crate::loops::LoopRow;
use crate::node::{AttemptRow, NodeRow};
use crate::output::OutputRow;
use crate::ownership::Custody;
use crate::rewind::{Branch, Fork, Rewound, TimeTravelRow};
use crate::run::{RunRow, RunStatus};
use crate::schedule::Firing;
use crate::score::{Score, Scoring, ScoringKey};
use crate::signal::Signal;
use crate::wait::Wait;
use crate::{Epoch, NodeKey, RunId, Timestamp, WorkflowKey};

/// What the engine returns: events in order, rows, and what to do after the commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// In the order of the contract.
    pub events: Vec<Event>,
    /// In the order in which they were decided; later ones win.
    pub changes: Vec<RowChange>,
    /// To be carried out after the commit.
    pub commands: Vec<Command>,
}

impl Step {
    /// Nothing happened.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.changes.is_empty() && self.commands.is_empty()
    }
}

/// A change of stored rows; all belong to the run of the step.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange {
    /// A new run; refused when its id exists.
    InsertRun(Box<NewRun>),
    /// The run goes on as a new one, which may begin with copies of its output rows.
    ContinueAs(Box<Successor>),
    /// New values for the run row.
    UpdateRun(RunUpdate),
    /// The newest state of a node.
    PutNode(NodeRow),
    /// The newest state of an attempt.
    PutAttempt(AttemptRow),
    /// The newest state of a loop.
    PutLoop(LoopRow),
    /// An output row; replaces one of the same node and iteration.
    PutOutput(Arc<OutputRow>),
    /// A result is kept for others, in place of an older one of the same key.
    PutCache(Box<CacheRow>),
    /// A kept result was used. Harmless when it is gone.
    TouchCache {
        /// Its key.
        key: String,
        /// When.
        at: Timestamp,
    },
    /// A node begins to wait for a decision.
    RequestApproval(Box<Approval>),
    /// A decision; refused when one exists.
    DecideApproval {
        /// The node that waited.
        node: NodeKey,
        /// The answer.
        decision: Decision,
    },
    /// Somebody's vote about an approval that is not decided; refused when it is.
    CastVote {
        /// The node that waits.
        node: NodeKey,
        /// What they say.
        vote: Decision,
    },
    /// What a node came to is undone: its output row goes, its attempts that failed count as cancelled.
    ForgetResults {
        /// Which node.
        node: NodeKey,
        /// Schema key of its output table; empty when it has none.
        table: String,
    },
    /// What was decided, or still asked, about a node counts no more; the decisions stay on record.
    WithdrawApproval {
        /// Which node.
        node: NodeKey,
    },
    /// Time has changed who answers for an approval that waits.
    PutCustody {
        /// The node that waits.
        node: NodeKey,
        /// Who answers for it now.
        custody: Custody,
    },
    /// What is due in the run's work wakes nobody any more, or does again: the run is paused, or goes on. The
    /// times themselves stay as they are, and those of approvals count on.
    HoldDueTimes(bool),
    /// A node begins to wait for something that is no decision.
    BeginWait(Wait),
    /// It waits no more.
    EndWait(NodeKey),
    /// A signal that came.
    AddSignal(Box<Signal>),
    /// A node takes a signal.
    TakeSignal {
        /// Its number.
        seq: u64,
        /// The node.
        node: NodeKey,
    },
    /// A frame; its tree is stored unless the store has it.
    PutFrame {
        /// The frame.
        frame: FrameRow,
        /// Its content.
        tree: Arc<TreeContent>,
    },
    /// The run does without a child from now on. Harmless when the child does not exist.
    LetChildGo {
        /// The child.
        child: RunId,
        /// What becomes of it.
        tie: ChildTie,
    },
    /// The run is the firing of a schedule; refused when that has moved meanwhile or is gone.
    FireSchedule {
        /// Which.
        firing: Firing,
        /// When it was made.
        at: Timestamp,
    },
    /// The run, one of a chain, begins without what the run before it has handed over.
    ForgetContinuation,
    /// The run, a child, is awaited by its parent again, unless that has ended.
    Reattach {
        /// What it begins again with; without it, its input stays.
        input: Option<RawJson>,
    },
    /// The newest state of an effect. That it begins is committed before it is had.
    PutToolCall(Box<ToolCall>),
    /// What is under way of the effects of an attempt ends with it.
    EndToolCalls(EndedCalls),
    /// The calls of attempts that are undone are put aside.
    ArchiveToolCalls(Archival),
    /// A scorer begins to look at the result of an attempt.
    BeginScoring(Box<Scoring>),
    /// It has ended: with a score, or without a trace but for its event.
    EndScoring {
        /// Which.
        key: ScoringKey,
        /// What came of it.
        score: Option<Box<Score>>,
    },
    /// The run begins as a copy of another.
    PutBranch(Branch),
    /// The run goes back to a frame.
    Rewind(Box<Rewound>),
    /// A row of the trail of rewinds; one that is under way gets its result.
    TimeTravel(TimeTravelRow),
    /// What the step has changed, for the history of the run.
    KeepDelta(PackedDelta),
    /// A row of the audit trail.
    Audit(AuditRecord),
}

/// How a child run is tied to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildTie {
    /// The parent waits for its end.
    Awaited,
    /// The parent has its result.
    Taken,
    /// The parent has ended, so it must end too.
    Unwanted,
    /// The parent has undone the task: when it comes to it again, the child begins from its start.
    Undone,
}

impl ChildTie {
    /// The tie as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Taken => "taken",
            Self::Unwanted => "unwanted",
            Self::Undone => "undone",
        }
    }

    /// Reads the stored form.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Awaited, Self::Taken, Self::Unwanted, Self::Undone]
            .into_iter()
            .find(|tie| tie.as_str() == text)
    }
}

/// A run that goes on in place of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Successor {
    /// Its row.
    pub row: RunRow,
    /// It begins with copies of the output rows.
    pub keeps_rows: bool,
    /// What it is told of the run before it.
    pub told: Continuation,
    /// Where its loops begin.
    pub loops: Vec<LoopRow>,
    /// The signals that nobody has taken in the run before it, in order.
    pub signals: Vec<Signal>,
    /// The beginning of its history: what it begins with.
    pub baseline: PackedDelta,
}

/// A run to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its row.
    pub row: RunRow,
    /// A second launch of the workflow with the same key is the same launch.
    pub idempotency_key: Option<String>,
}

/// Values of the run row that change; `None` keeps the stored one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunUpdate {
    /// New status.
    pub status: Option<RunStatus>,
    /// Name given by the first frame.
    pub workflow_name: Option<String>,
    /// Hash of the module graph that it goes on with.
    pub workflow_hash: Option<String>,
    /// Configuration, with what was decided about patches.
    pub config: Option<RawJson>,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When its end was asked for.
    pub cancel_requested_at: Option<Timestamp>,
    /// How long what it did may take to be undone, milliseconds; an inner `None` when nothing is undone any more.
    pub undo_within_ms: Option<Option<u64>>,
    /// When its pause was asked for; an inner `None` takes the request back.
    pub pause_requested_at: Option<Option<Timestamp>>,
    /// Why it failed.
    pub error: Option<ErrorInfo>,
    /// The run goes on after its end, or after it was held: its end, its error and the request for its end are
    /// taken back, before other values are set.
    pub reopened: bool,
    /// Number of the next frame.
    pub next_frame_no: Option<u64>,
}

impl RunUpdate {
    /// The run goes on: nothing of its end is kept, also not of one in the same step.
    pub fn reopen(&mut self) {
        self.reopened = true;
        self.finished_at = None;
        self.cancel_requested_at = None;
        self.error = None;
    }
}

/// A step with its numbers, as the writer commits it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepWrite {
    /// The run.
    pub run_id: RunId,
    /// Generation of the process that decided it; an older one than the run row's is refused.
    pub epoch: Epoch,
    /// Number that the first event must get; the store refuses the step when the run row says otherwise.
    pub expected_seq: u64,
    /// The same for stream numbers.
    pub expected_stream_seq: u64,
    /// Events with consecutive numbers from the expected ones.
    pub events: Vec<NumberedEvent>,
    /// Row changes.
    pub changes: Vec<RowChange>,
}

impl StepWrite {
    /// Rough size in memory, for the writer's bound on a batch.
    pub fn size_hint(&self) -> usize {
        let events: usize = self
            .events
            .iter()
            .map(|e| 64 + e.payload.as_str().len())
            .sum();
        let changes: usize = self.changes.iter().map(RowChange::size_hint).sum();
        events + changes
    }
}

impl RowChange {
    fn size_hint(&self) -> usize {
        match self {
            Self::InsertRun(run) => 512 + run.row.input.as_str().len(),
            Self::ContinueAs(next) => {
                let (row, told) = (&next.row, &next.told);
                512 + row.input.as_str().len()
                    + row.config.as_str().len()
                    + told.payload.as_str().len()
                    + next.signals.iter().map(Signal::weight).sum::<usize>()
            }
            Self::AddSignal(signal) => 256 + signal.payload.as_str().len(),
            Self::PutCache(row) => 384 + row.payload.as_str().len(),
            Self::PutOutput(row) => 96 + row.payload.as_str().len(),
            Self::PutToolCall(call) => {
                let texts = [&call.input, &call.output, &call.error];
                let texts = texts.iter().filter_map(|text| text.as_ref());
                256 + texts.map(|text| text.as_str().len()).sum::<usize>()
            }
            Self::EndScoring { score, .. } => 256 + score.as_ref().map_or(0, |score| score.bytes()),
            Self::PutFrame { tree, .. } => 128 + tree.xml.len(),
            Self::KeepDelta(delta) => 64 + delta.bytes.len(),
            _ => 256,
        }
    }
}

/// Numbers that the writer gave to a committed step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Position of the first event in the gateway's log.
    pub first_position: u64,
    /// State version of the first visible event; later ones follow without holes.
    pub first_state_version: u64,
}

/// A launch that the edge has checked: the workflow exists, the input fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Id of the run to be.
    pub run_id: RunId,
    /// Key of the workflow.
    pub workflow_key: WorkflowKey,
    /// Hash of the module graph.
    pub workflow_hash: Option<String>,
    /// Hidden from default listings.
    pub system: bool,
    /// Input as validated.
    pub input: crate::RawJson,
    /// Launch configuration.
    pub config: crate::run::RunConfig,
    /// Who launches.
    pub actor: crate::run::Actor,
    /// A second launch with the same key is the same launch.
    pub idempotency_key: Option<String>,
    /// The schedule whose firing this is.
    pub firing: Option<Firing>,
    /// The run that it begins as a copy of.
    pub fork: Option<Box<Fork>>,
}
