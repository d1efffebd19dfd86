//! Commands: what the engine asks for. They are carried out only after their step is committed.

use std::sync::Arc;

use crate::ownership::OnExpire;
use crate::party::Party;
use crate::score::ScoringKey;
use crate::tree::ChildSpec;
use crate::worktree::WorktreeSpec;
use crate::{NodeKey, RawJson, RunId, Timestamp};

/// Something to do outside, after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the body of a compute task.
    StartTask {
        /// Which task.
        node: NodeKey,
        /// From 1.
        attempt: u32,
        /// Attempts of this node that failed before.
        failures: u32,
        /// Index in the callback table of the newest frame.
        callback: u32,
        /// What an earlier attempt told last with a heartbeat.
        last_heartbeat: Option<RawJson>,
        /// What it is given beside its frame: the signal or the answer that its node waited for.
        given: Option<RawJson>,
        /// The worktree that it works in; it is there.
        worktree: Option<Arc<WorktreeSpec>>,
        /// A result that was kept is taken instead, when there is one.
        cached: bool,
        /// How many scorings follow when it ends well.
        scorings: u32,
    },
    /// Ask a scorer of a task for its score; the result of the attempt is stored.
    Score {
        /// Which.
        key: ScoringKey,
        /// How long the attempt took, milliseconds.
        latency_ms: u64,
    },
    /// Fire the abort signal of a task under way.
    AbortTask {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
    },
    /// Start the run of a subflow, or look at it when it exists; how it stands comes back as a fact.
    FindChild {
        /// The task that stands for it.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// Its id.
        child: RunId,
        /// What to start. Without it, a run that does not exist counts as lost.
        spec: Option<Box<ChildSpec>>,
    },
    /// End the run of a subflow; harmless when it has ended.
    CancelChild {
        /// Its id.
        child: RunId,
    },
    /// Come back with `TimeReached` at this time.
    WakeAt(Timestamp),
    /// Tell people that the time of an approval is over.
    Notify {
        /// Which node waits.
        node: NodeKey,
        /// Whose time.
        lapse: Lapse,
        /// Who is to act now, if anybody is named.
        responsible: Option<Party>,
    },
    /// Nothing can happen until a fact comes from outside: release the workflow session.
    Park,
    /// Take up the run that goes on in place of this one.
    TakeUpNext {
        /// Its id.
        next: RunId,
    },
    /// The rows of the run are not what is in memory any more: it goes on from them.
    ReadBack,
    /// The run is over.
    Close,
}

/// Which time of an approval is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// The owner's.
    Escalated,
    /// Everybody's.
    Expired(OnExpire),
}
