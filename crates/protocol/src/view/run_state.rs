//! The derived state of a run: what it waits for, and whether something is wrong.

use serde::Serialize;

use super::VoteRow;

/// The derived state of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunState<'a> {
    /// The run.
    pub run_id: &'a str,
    /// When the state was derived.
    pub computed_at: String,
    /// The state, such as `succeeded` or `waiting-approval`.
    pub state: &'static str,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<BlockedRun<'a>>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy: Option<Unhealthy>,
}

impl RunState<'_> {
    /// Returns the derived state of a run whose status is `status` and that shows signs of life; `unknown` for a status that
    /// is not a public one.
    pub fn of_status(status: &str) -> &'static str {
        match status {
            "finished" | "continued" => "succeeded",
            "failed" => "failed",
            "cancelled" => "cancelled",
            "paused" => "paused",
            "waiting-approval" => "waiting-approval",
            "waiting-timer" => "waiting-timer",
            "waiting-event" => "waiting-event",
            "waiting-quota" => "waiting-quota",
            "running" => "running",
            _ => "unknown",
        }
    }
}

/// What a run waits for, and in which run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockedRun<'a> {
    /// What.
    #[serde(flatten)]
    pub blocked: Blocked<'a>,
    /// The run below that waits, when it is not the run itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_run_id: Option<&'a str>,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Blocked<'a> {
    /// A decision; the earliest that was asked for.
    Approval {
        /// The node that waits.
        node_id: &'a str,
        /// When it asked.
        requested_at: String,
        /// How many have said yes so far; left out where one answer decides.
        #[serde(skip_serializing_if = "Option::is_none")]
        approvals: Option<usize>,
        /// How many have to; left out where one answer decides.
        #[serde(skip_serializing_if = "Option::is_none")]
        required_approvals: Option<u32>,
        /// What people said so far, the oldest first; left out where one answer decides.
        #[serde(skip_serializing_if = "Option::is_none")]
        votes: Option<Vec<VoteRow<'a>>>,
    },
    /// A point in time.
    Timer {
        /// The node that waits.
        node_id: &'a str,
        /// When it goes on.
        wake_at: String,
    },
    /// A signal.
    Event {
        /// The node that waits.
        node_id: &'a str,
        /// The correlation, or the name of the signal.
        correlation_key: &'a str,
    },
    /// The run to be taken up again after a decision.
    ApprovalDecidedResumeRequired {
        /// The node that was decided.
        node_id: &'a str,
    },
    /// Something outside that is not recorded.
    ExternalTrigger,
    /// A quota to be restored.
    Quota {
        /// How many tasks wait for it.
        quota_blocked_count: u64,
        /// When it is restored.
        #[serde(skip_serializing_if = "Option::is_none")]
        reset_at_ms: Option<i64>,
    },
}

/// What is wrong with a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Unhealthy {
    /// A timer should have fired.
    TimerOverdue {
        /// When.
        wake_at: String,
        /// How long ago.
        overdue_ms: i64,
    },
    /// The process that executes the run shows no sign of life.
    EngineHeartbeatStale {
        /// The last one.
        last_heartbeat_at: String,
    },
    /// A sandbox does not answer.
    SandboxUnreachable,
}
