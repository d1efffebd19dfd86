//! Waits: what nodes wait for besides decisions, as stored (workflow-model 9). A wait ends by itself when its time comes,
//! whether or not its run is in memory.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::signal::SignalAddress;
use crate::{NodeKey, Timestamp};

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitKind {
    /// A decision.
    Approval,
    /// A signal.
    Event,
    /// A point in time.
    Timer,
    /// A quota to be restored.
    Quota,
    /// A row that it is bound to.
    Bound,
    /// That a row that it is bound to is again what it was, or somebody who has it begin anew.
    Stale,
}

/// Row of `_smithers_waits`: a node that waits, for as long as it does. Decisions have rows of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Which node.
    pub node: NodeKey,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; none when only somebody outside can end it.
    pub due: Option<Timestamp>,
    /// What for.
    pub cause: WaitCause,
}

/// What a node waits for, with all that is needed to end the wait without its frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum WaitCause {
    /// The time of a timer.
    Timer,
    /// A signal.
    Event {
        /// Its name and correlation.
        #[serde(flatten)]
        address: SignalAddress,
        /// What becomes of the node when none comes in time.
        on_timeout: OnTimeout,
        /// The row says whether a signal came or the time was over.
        tagged: bool,
    },
    /// A quota to be restored.
    Quota,
}

/// What becomes of a node whose signal does not come in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnTimeout {
    /// It fails with `TASK_TIMEOUT`.
    #[default]
    Fail,
    /// It is left out.
    Skip,
    /// It stores `{"kind": "timeout"}`; one that is not tagged fails, because it has no row to store.
    Continue,
}

impl WaitCause {
    /// The kind alone.
    pub fn kind(&self) -> WaitKind {
        match self {
            Self::Timer => WaitKind::Timer,
            Self::Event { .. } => WaitKind::Event,
            Self::Quota => WaitKind::Quota,
        }
    }

    /// The signal that ends it, if one does.
    pub fn address(&self) -> Option<&SignalAddress> {
        match self {
            Self::Event { address, .. } => Some(address),
            Self::Timer | Self::Quota => None,
        }
    }
}

impl WaitKind {
    /// The stored text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Event => "event",
            Self::Timer => "timer",
            Self::Quota => "quota",
            Self::Bound => "bound",
            Self::Stale => "stale",
        }
    }
}

/// The time of a timer as rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerSpec {
    /// When it is due.
    pub due: TimerDue,
    /// The time as the author wrote it.
    pub text: String,
}

/// When a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerDue {
    /// This many milliseconds after it began to wait.
    After(u64),
    /// Then.
    At(Timestamp),
}

/// How the time of a timer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimerType {
    /// From its beginning on.
    Duration,
    /// As a moment.
    Absolute,
}

impl TimerDue {
    /// The moment, for a timer that begins to wait at `now`.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(ms) => now.plus(Duration::from_millis(ms)),
            Self::At(moment) => moment,
        }
    }

    /// How it was given.
    pub fn timer_type(self) -> TimerType {
        match self {
            Self::After(_) => TimerType::Duration,
            Self::At(_) => TimerType::Absolute,
        }
    }
}

/// A wait for a signal as rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSpec {
    /// The signal.
    pub address: SignalAddress,
    /// How long to wait, milliseconds; none waits for ever.
    pub timeout_ms: Option<u64>,
    /// What becomes of the node then.
    pub on_timeout: OnTimeout,
    /// The row says whether a signal came or the time was over.
    pub tagged: bool,
    /// The walk passes over the node while it waits.
    pub wait_async: bool,
    /// Index in the frame's table of callbacks of the function that checks what came; none takes it as it is.
    pub callback: Option<u32>,
}
