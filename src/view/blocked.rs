//! What a parked run waits for, as its derived state tells it (workflow-model 12).

use smithers_model::approval::Approval;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::wait::{Wait, WaitCause, WaitKind};
use smithers_model::{RunId, Timestamp};
use smithers_protocol::view::{Blocked, BlockedRun, Unhealthy};
use smithers_store::Reader;
use smithers_store::read::{ApprovalFilter, ReadResult};

use crate::view::approval::{required, votes};

/// How late a timer may be before the run counts as unhealthy.
const GRACE_MS: i64 = 30_000;

/// Children of a run that are asked what they wait for.
const MOST_CHILDREN: usize = 100;

/// What a parked run waits for first.
pub(crate) enum BlockedBy {
    /// A decision.
    Approval(Box<Approval>),
    /// A signal or a point in time.
    Wait(Box<Wait>),
    /// Quotas to be restored: how many tasks wait for one, and when the first is.
    Quota(u64, Option<Timestamp>),
    /// Somebody who looks at the rows that hold its tasks; the error of the run names these.
    Rows,
    /// The run of a subflow that waits in turn: its id, and what for.
    Child(RunId, Box<Self>),
}

impl BlockedBy {
    /// Reads what the status of a run says it waits for, itself or in a child; none of a run that is not parked.
    pub(crate) fn read(reader: &dyn Reader, row: &RunRow) -> ReadResult<Option<Self>> {
        match Self::of_itself(reader, row)? {
            None | Some(Self::Quota(0, _)) if is_parked(row.status) => Self::below(reader, row),
            found => Ok(found),
        }
    }

    /// What a child waits for that has the status of its parent.
    fn below(reader: &dyn Reader, row: &RunRow) -> ReadResult<Option<Self>> {
        for child in reader.live_children(&row.run_id, MOST_CHILDREN)? {
            let alike = reader
                .run(&child)?
                .filter(|child| child.status == row.status);
            if let Some(alike) = alike
                && let Some(found) = Self::read(reader, &alike)?
            {
                return Ok(Some(match found {
                    Self::Child(..) => found,
                    own => Self::Child(child, Box::new(own)),
                }));
            }
        }
        Ok(None)
    }

    fn of_itself(reader: &dyn Reader, row: &RunRow) -> ReadResult<Option<Self>> {
        let first = |kind| {
            let wait = reader.next_wait(&row.run_id, kind)?;
            Ok(wait.map(|wait| Self::Wait(Box::new(wait))))
        };
        match row.status {
            RunStatus::WaitingApproval => earliest_approval(reader, &row.run_id),
            RunStatus::WaitingTimer => first(WaitKind::Timer),
            RunStatus::WaitingEvent => Ok(first(WaitKind::Event)?.or_else(|| held(row))),
            RunStatus::WaitingQuota => {
                let waits = reader.waits(&row.run_id)?;
                let quotas = waits.iter().filter(|wait| wait.cause == WaitCause::Quota);
                let first = quotas.clone().filter_map(|wait| wait.due).min();
                Ok(Some(Self::Quota(quotas.count() as u64, first)))
            }
            _ => Ok(None),
        }
    }

    /// As clients see it.
    pub(crate) fn shown(&self) -> Option<BlockedRun<'_>> {
        let (child_run_id, by) = match self {
            Self::Child(child, by) => (Some(child.as_str()), &**by),
            own => (None, own),
        };
        let blocked = by.cause()?;
        Some(BlockedRun {
            blocked,
            child_run_id,
        })
    }

    fn cause(&self) -> Option<Blocked<'_>> {
        Some(match self {
            Self::Child(_, by) => return by.cause(),
            Self::Rows => Blocked::ExternalTrigger,
            Self::Quota(count, reset_at) => Blocked::Quota {
                quota_blocked_count: *count,
                reset_at_ms: reset_at.map(|at| at.0),
            },
            Self::Approval(approval) => Blocked::Approval {
                node_id: approval.node.node_id.as_str(),
                requested_at: approval.requested_at.to_iso(),
                approvals: required(approval).map(|_| approval.votes.len()),
                required_approvals: required(approval),
                votes: votes(approval),
            },
            Self::Wait(wait) => {
                let node_id = wait.node.node_id.as_str();
                match &wait.cause {
                    WaitCause::Timer => Blocked::Timer {
                        node_id,
                        wake_at: wait.due?.to_iso(),
                    },
                    WaitCause::Event { address, .. } => Blocked::Event {
                        node_id,
                        correlation_key: address.correlation().unwrap_or(&address.signal_name),
                    },
                    WaitCause::Quota => return None,
                }
            }
        })
    }

    /// A timer that should have fired.
    pub(crate) fn unhealthy(&self, now: Timestamp) -> Option<Unhealthy> {
        let wait = match self {
            Self::Wait(wait) => wait,
            Self::Child(_, by) => return by.unhealthy(now),
            Self::Approval(_) | Self::Quota(..) | Self::Rows => return None,
        };
        let due = wait.due.filter(|_| wait.cause == WaitCause::Timer)?;
        let overdue_ms = now.0.saturating_sub(due.0);
        (overdue_ms > GRACE_MS).then(|| Unhealthy::TimerOverdue {
            wake_at: due.to_iso(),
            overdue_ms,
        })
    }
}

/// Whether tasks of a run are held by the rows that they are bound to.
fn held(row: &RunRow) -> Option<BlockedBy> {
    let error = row.error.as_ref()?;
    error.has_code("BOUND_STALE").then_some(BlockedBy::Rows)
}

fn is_parked(status: RunStatus) -> bool {
    matches!(
        status,
        RunStatus::WaitingApproval
            | RunStatus::WaitingEvent
            | RunStatus::WaitingTimer
            | RunStatus::WaitingQuota
    )
}

fn earliest_approval(reader: &dyn Reader, run_id: &RunId) -> ReadResult<Option<BlockedBy>> {
    let filter = ApprovalFilter {
        run: Some(run_id.clone()),
        ..ApprovalFilter::all(1)
    };
    let mut pending = reader.pending(&filter)?;
    let first = pending.pop();
    Ok(first.map(|pending| BlockedBy::Approval(Box::new(pending.approval))))
}

#[cfg(test)]
mod tests {
    use smithers_model::NodeKey;

    use super::*;

    fn timer(due: i64) -> BlockedBy {
        BlockedBy::Wait(Box::new(Wait {
            node: NodeKey::new("pause", 0),
            since: Timestamp(0),
            due: Some(Timestamp(due)),
            cause: WaitCause::Timer,
        }))
    }

    #[test]
    fn a_timer_is_overdue_after_its_grace() {
        let text = serde_json::to_string(&timer(1_000).shown()).unwrap();
        assert_eq!(
            text,
            r#"{"kind":"timer","nodeId":"pause","wakeAt":"1970-01-01T00:00:01.000Z"}"#
        );
        assert_eq!(timer(1_000).unhealthy(Timestamp(31_000)), None);
        let late = timer(1_000).unhealthy(Timestamp(31_001));
        assert!(matches!(
            late,
            Some(Unhealthy::TimerOverdue {
                overdue_ms: 30_001,
                ..
            })
        ));
    }
}
