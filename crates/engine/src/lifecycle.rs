//! The life of a node as a status machine. The arms of [`TaskStatus::after`] are the whole diagram.
//!
//! ```text
//!               waits            answered
//!   Pending ────────────► Waiting ───────► Pending        (a timer: Finished, by its time; a
//!     │                                                     signal: Running, then as any attempt)
//!     │  ▲ ▲                 │
//!     │  │ └──interrupted──┐ │ cancelled
//!     │  │                 │ ▼
//!     ├──┼──started────► Running ──succeeded──► Finished
//!     │  │                 │  │
//!     │  └─(Backoff)◄─failed  └─cancelled──► Cancelled
//!     ├──left out──► Skipped
//!     │                    Running ──child waits──► ChildWaits ──child moved──► Running
//!     └──denied────► Failed ◄──failed, no attempt left── Running
//! ```
//!
//! A node that backs off can do all that a pending one can: its frame may have changed meanwhile.
//! A retry on request resets what has ended, and what backs off, to pending.

use smithers_model::Timestamp;
use smithers_model::node::NodeState;
use smithers_model::wait::WaitKind;

/// Where a node stands. What only one status needs lives in its variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskStatus {
    /// Not started, or between two attempts without a delay.
    Pending,
    /// An attempt is under way.
    Running { attempt: u32 },
    /// The last attempt failed; the next one may start at `due`.
    Backoff { due: Timestamp },
    /// Waits for something outside.
    Waiting(WaitKind),
    /// The run that it stands for waits for something outside.
    ChildWaits(WaitKind),
    /// Has its result.
    Finished,
    /// Failed for good.
    Failed,
    /// Left out.
    Skipped,
    /// Ended with its run.
    Cancelled,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskFact {
    /// An attempt begins.
    Started { attempt: u32 },
    /// The attempt under way gave its result.
    Succeeded,
    /// The attempt under way failed; another one is due at `retry_at`, or none is left.
    AttemptFailed { retry_at: Option<Timestamp> },
    /// The attempt under way was cut off and does not count.
    Interrupted,
    /// It begins to wait; a wait for anything but a decision, a quota or a row is an attempt.
    Waits { kind: WaitKind, attempt: u32 },
    /// The run that it stands for begins to wait.
    ChildWaits { kind: WaitKind },
    /// The run that it stands for moves again, or may have.
    ChildMoved { attempt: u32 },
    /// What it waited for is there: the approval was decided, the quota restored.
    Answered,
    /// The decision ends the node.
    Denied,
    /// The workflow or a denial leaves the node out.
    LeftOut,
    /// The run ends without the node.
    Cancelled,
    /// Somebody has the node begin anew.
    Reset,
}

/// A move that the diagram does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IllegalMove {
    /// From where.
    pub(crate) status: TaskStatus,
    /// By what.
    pub(crate) fact: TaskFact,
}

impl TaskStatus {
    /// Returns the status after `fact`. The arms are the whole diagram.
    pub(crate) fn after(self, fact: TaskFact) -> Result<TaskStatus, IllegalMove> {
        use {TaskFact as F, TaskStatus as S, WaitKind as K};
        Ok(match (self, fact) {
            (S::Pending | S::Backoff { .. } | S::Waiting(K::Event), F::Started { attempt }) => {
                S::Running { attempt }
            }
            (S::Running { .. }, F::Succeeded) => S::Finished,
            (
                S::Running { .. },
                F::AttemptFailed {
                    retry_at: Some(due),
                },
            ) => S::Backoff { due },
            (S::Running { .. } | S::Waiting(K::Event), F::AttemptFailed { retry_at: None }) => {
                S::Failed
            }
            (S::Running { .. }, F::Interrupted) => S::Pending,
            (S::Pending | S::Backoff { .. }, F::Waits { kind, .. }) => S::Waiting(kind),
            (S::Running { .. }, F::Waits { kind: K::Quota, .. }) => S::Waiting(K::Quota),
            (S::Waiting(K::Approval | K::Quota | K::Bound | K::Stale), F::Answered) => S::Pending,
            (S::Waiting(K::Timer | K::Event), F::Succeeded) => S::Finished,
            (S::Running { .. }, F::ChildWaits { kind }) => S::ChildWaits(kind),
            (S::ChildWaits(_), F::ChildMoved { attempt }) => S::Running { attempt },
            (S::Pending | S::Backoff { .. }, F::Denied) => S::Failed,
            (S::Pending | S::Backoff { .. } | S::Waiting(K::Event), F::LeftOut) => S::Skipped,
            (S::Running { .. } | S::Waiting(_) | S::ChildWaits(_), F::Cancelled) => S::Cancelled,
            (
                S::Backoff { .. }
                | S::Waiting(K::Approval | K::Bound | K::Stale)
                | S::Finished
                | S::Failed
                | S::Skipped
                | S::Cancelled,
                F::Reset,
            ) => S::Pending,
            (status, fact) => return Err(IllegalMove { status, fact }),
        })
    }

    /// The state as stored. A node that backs off is stored as pending; its newest attempt says until when.
    pub(crate) fn stored(self) -> NodeState {
        match self {
            Self::Pending | Self::Backoff { .. } => NodeState::Pending,
            Self::Running { .. } => NodeState::InProgress,
            Self::Waiting(WaitKind::Approval) | Self::ChildWaits(WaitKind::Approval) => {
                NodeState::WaitingApproval
            }
            Self::Waiting(WaitKind::Event) | Self::ChildWaits(WaitKind::Event) => {
                NodeState::WaitingEvent
            }
            Self::Waiting(WaitKind::Timer) | Self::ChildWaits(WaitKind::Timer) => {
                NodeState::WaitingTimer
            }
            Self::Waiting(WaitKind::Quota) | Self::ChildWaits(WaitKind::Quota) => {
                NodeState::WaitingQuota
            }
            Self::Waiting(WaitKind::Bound) | Self::ChildWaits(WaitKind::Bound) => {
                NodeState::WaitingBound
            }
            Self::Waiting(WaitKind::Stale) | Self::ChildWaits(WaitKind::Stale) => {
                NodeState::BoundStale
            }
            Self::Finished => NodeState::Finished,
            Self::Failed => NodeState::Failed,
            Self::Skipped => NodeState::Skipped,
            Self::Cancelled => NodeState::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TaskFact as F;
    use super::TaskStatus as S;
    use super::*;

    const SOON: Timestamp = Timestamp(9);

    #[test]
    fn the_diagram_has_these_moves_and_no_others() {
        let statuses = [
            ("pending", S::Pending),
            ("running", S::Running { attempt: 1 }),
            ("backoff", S::Backoff { due: SOON }),
            ("asking", S::Waiting(WaitKind::Approval)),
            ("listening", S::Waiting(WaitKind::Event)),
            ("timed", S::Waiting(WaitKind::Timer)),
            ("throttled", S::Waiting(WaitKind::Quota)),
            ("bound", S::Waiting(WaitKind::Bound)),
            ("stale", S::Waiting(WaitKind::Stale)),
            ("child waits", S::ChildWaits(WaitKind::Event)),
            ("finished", S::Finished),
            ("failed", S::Failed),
            ("skipped", S::Skipped),
            ("cancelled", S::Cancelled),
        ];
        let facts = [
            ("started", F::Started { attempt: 1 }),
            ("succeeded", F::Succeeded),
            (
                "failed+retry",
                F::AttemptFailed {
                    retry_at: Some(SOON),
                },
            ),
            ("failed", F::AttemptFailed { retry_at: None }),
            ("interrupted", F::Interrupted),
            (
                "waits:approval",
                F::Waits {
                    kind: WaitKind::Approval,
                    attempt: 1,
                },
            ),
            (
                "waits:event",
                F::Waits {
                    kind: WaitKind::Event,
                    attempt: 1,
                },
            ),
            (
                "waits:timer",
                F::Waits {
                    kind: WaitKind::Timer,
                    attempt: 1,
                },
            ),
            (
                "waits:quota",
                F::Waits {
                    kind: WaitKind::Quota,
                    attempt: 1,
                },
            ),
            (
                "waits:bound",
                F::Waits {
                    kind: WaitKind::Bound,
                    attempt: 1,
                },
            ),
            (
                "waits:stale",
                F::Waits {
                    kind: WaitKind::Stale,
                    attempt: 1,
                },
            ),
            (
                "child waits",
                F::ChildWaits {
                    kind: WaitKind::Event,
                },
            ),
            ("child moved", F::ChildMoved { attempt: 1 }),
            ("answered", F::Answered),
            ("denied", F::Denied),
            ("left out", F::LeftOut),
            ("cancelled", F::Cancelled),
            ("reset", F::Reset),
        ];
        let name = |status: S| statuses.iter().find(|(_, s)| *s == status).unwrap().0;
        let moves: Vec<String> = statuses
            .iter()
            .flat_map(|from| facts.iter().map(move |fact| (from, fact)))
            .filter_map(|(from, fact)| {
                let to = from.1.after(fact.1).ok()?;
                Some(format!("{} --{}--> {}", from.0, fact.0, name(to)))
            })
            .collect();
        assert_eq!(
            moves,
            [
                "pending --started--> running",
                "pending --waits:approval--> asking",
                "pending --waits:event--> listening",
                "pending --waits:timer--> timed",
                "pending --waits:quota--> throttled",
                "pending --waits:bound--> bound",
                "pending --waits:stale--> stale",
                "pending --denied--> failed",
                "pending --left out--> skipped",
                "running --succeeded--> finished",
                "running --failed+retry--> backoff",
                "running --failed--> failed",
                "running --interrupted--> pending",
                "running --waits:quota--> throttled",
                "running --child waits--> child waits",
                "running --cancelled--> cancelled",
                "backoff --started--> running",
                "backoff --waits:approval--> asking",
                "backoff --waits:event--> listening",
                "backoff --waits:timer--> timed",
                "backoff --waits:quota--> throttled",
                "backoff --waits:bound--> bound",
                "backoff --waits:stale--> stale",
                "backoff --denied--> failed",
                "backoff --left out--> skipped",
                "backoff --reset--> pending",
                "asking --answered--> pending",
                "asking --cancelled--> cancelled",
                "asking --reset--> pending",
                "listening --started--> running",
                "listening --succeeded--> finished",
                "listening --failed--> failed",
                "listening --left out--> skipped",
                "listening --cancelled--> cancelled",
                "timed --succeeded--> finished",
                "timed --cancelled--> cancelled",
                "throttled --answered--> pending",
                "throttled --cancelled--> cancelled",
                "bound --answered--> pending",
                "bound --cancelled--> cancelled",
                "bound --reset--> pending",
                "stale --answered--> pending",
                "stale --cancelled--> cancelled",
                "stale --reset--> pending",
                "child waits --child moved--> running",
                "child waits --cancelled--> cancelled",
                "finished --reset--> pending",
                "failed --reset--> pending",
                "skipped --reset--> pending",
                "cancelled --reset--> pending",
            ]
        );
    }
}
