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
use smithers_model::rows::RunRows;

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
