//! The scenarios, one file each.

mod approvals;
mod catchup;
mod chain;
mod fanout;
mod idle;
mod output;
mod parked;
mod rpc;
mod runs;
mod start;
mod steps;
mod travel;

use anyhow::{Context, Result};

use super::samples::Samples;
use super::stage::Load;

/// One scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Cold start to `/health`, and memory at rest.
    Start,
    /// Chains of tasks.
    Chain,
    /// Short runs.
    Runs,
    /// Runs that compute.
    Steps,
    /// Many readers of one run.
    Fanout,
    /// Decisions of many runs that wait.
    Approvals,
    /// Connecting, and sockets at rest.
    Idle,
    /// Requests over HTTP.
    Rpc,
    /// One reader of a long history.
    Catchup,
    /// Tasks that write while they run.
    Output,
    /// Very many runs that wait for their timers.
    Parked,
    /// Histories, and runs that are taken back.
    Travel,
}

impl Scenario {
    /// All of them, in the order in which they run.
    pub(crate) const ALL: [Self; 12] = [
        Self::Start,
        Self::Chain,
        Self::Runs,
        Self::Steps,
        Self::Fanout,
        Self::Approvals,
        Self::Idle,
        Self::Rpc,
        Self::Catchup,
        Self::Output,
        Self::Parked,
        Self::Travel,
    ];

    /// Returns its name on the command line, with which its figures begin.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Chain => "chain",
            Self::Runs => "runs",
            Self::Steps => "steps",
            Self::Fanout => "fanout",
            Self::Approvals => "approvals",
            Self::Idle => "idle",
            Self::Rpc => "rpc",
            Self::Catchup => "catchup",
            Self::Output => "output",
            Self::Parked => "parked",
            Self::Travel => "travel",
        }
    }

    /// Returns whether it measures commits, so that it matters how they are made.
    pub(crate) fn commits(self) -> bool {
        matches!(
            self,
            Self::Chain | Self::Runs | Self::Steps | Self::Approvals | Self::Output | Self::Travel
        )
    }

    /// Runs it once.
    pub(crate) async fn run(self, load: &Load) -> Result<Samples> {
        let mut samples = Samples::default();
        let run = match self {
            Self::Start => start::run(load, &mut samples).await,
            Self::Chain => chain::run(load, &mut samples).await,
            Self::Runs => runs::run(load, &mut samples).await,
            Self::Steps => steps::run(load, &mut samples).await,
            Self::Fanout => fanout::run(load, &mut samples).await,
            Self::Approvals => approvals::run(load, &mut samples).await,
            Self::Idle => idle::run(load, &mut samples).await,
            Self::Rpc => rpc::run(load, &mut samples).await,
            Self::Catchup => catchup::run(load, &mut samples).await,
            Self::Output => output::run(load, &mut samples).await,
            Self::Parked => parked::run(load, &mut samples).await,
            Self::Travel => travel::run(load, &mut samples).await,
        };
        run.with_context(|| format!("scenario `{}`", self.name()))?;
        Ok(samples)
    }
}
