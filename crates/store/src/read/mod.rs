//! Reads: one trait per concern, all of them together as [`Reader`]. Every one is bounded and indexed.

mod approval;
mod audit;
mod cache;
mod child;
mod deletion;
mod delivery;
mod deployment;
mod due;
mod effect;
mod event;
mod frame;
mod history;
mod loops;
mod module;
mod node;
mod output;
mod run;
mod schedule;
mod score;
mod signal;
mod wait;

use smithers_model::RunId;
use smithers_model::approval::Approval;
use smithers_model::continuation::Continuation;
use smithers_model::effect::EffectNote;
use smithers_model::loops::LoopRow;
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::output::OutputRow;
use smithers_model::run::RunRow;
use smithers_model::score::Scoring;
use smithers_model::signal::Signal;
use smithers_model::wait::Wait;

pub use approval::{
    ApprovalFilter, ApprovalReader, MOST_PASSED_OVER, PendingApproval, PrecedentFilter,
};
pub use audit::{AuditEntry, AuditReader};
pub use cache::CacheReader;
pub use child::ChildReader;
pub use deletion::DeletionReader;
pub use delivery::DeliveryReader;
pub use deployment::DeploymentReader;
pub use due::DueReader;
pub use effect::EffectReader;
pub use event::EventReader;
pub use frame::FrameReader;
pub use history::{HistoryReader, StoredSnapshot};
pub use loops::LoopReader;
pub use module::ModuleReader;
pub use node::NodeReader;
pub use output::OutputReader;
pub use run::{RunFilter, RunReader};
pub use schedule::ScheduleReader;
pub use score::{ScoreFilter, ScoreReader, ScoreRow};
pub use signal::SignalReader;
pub use wait::WaitReader;

use crate::error::Error;

/// Result of a read.
pub type ReadResult<T> = Result<T, Error>;

/// Everything that can be read.
pub trait Reader:
    RunReader
    + NodeReader
    + LoopReader
    + WaitReader
    + SignalReader
    + ApprovalReader
    + EventReader
    + OutputReader
    + FrameReader
    + HistoryReader
    + DueReader
    + EffectReader
    + ChildReader
    + ModuleReader
    + AuditReader
    + DeploymentReader
    + DeletionReader
    + ScheduleReader
    + DeliveryReader
    + CacheReader
    + ScoreReader
    + Send
{
    /// Returns all that a run needs to go on, from one instant; `None` when there is no such run.
    fn load_run(&self, run: &RunId) -> ReadResult<Option<RunRows>>;
}

/// The rows of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRows {
    /// The run itself.
    pub row: RunRow,
    /// What it is told of the run before it.
    pub continuation: Option<Continuation>,
    /// By node id and iteration.
    pub nodes: Vec<NodeRow>,
    /// By node id, iteration and attempt.
    pub attempts: Vec<AttemptRow>,
    /// By id.
    pub loops: Vec<LoopRow>,
    /// By node id and iteration.
    pub waits: Vec<Wait>,
    /// Effects that are under way or must not be had again, by node id, iteration, attempt and number.
    pub effects: Vec<EffectNote>,
    /// Those that have not ended, by node id, iteration, attempt and scorer.
    pub scorings: Vec<Scoring>,
    /// By number.
    pub signals: Vec<Signal>,
    /// By the time they were asked for, then node id and iteration.
    pub approvals: Vec<Approval>,
    /// In completion order.
    pub outputs: Vec<OutputRow>,
    /// Tokens that calls of agents have read and written in it.
    pub tokens: u64,
}
