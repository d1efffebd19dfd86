//! Broadcast events: the name and the payload of each.
//!
//! Every payload names the run. Which events lack an iteration is a matter of history and kept.

use serde::Serialize;
use serde_json::value::RawValue;

/// A broadcast event: its name, and as a serialisable value its payload.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BroadcastEvent<'a> {
    #[serde(skip)]
    name: &'static str,
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cron_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_approvals: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_children: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_child_keys: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    jump: Option<Jump<'a>>,
}

/// From where to where a run was taken back, and by whom.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Jump<'a> {
    /// The newest frame until then.
    pub from_frame_no: u64,
    /// The newest frame from then on.
    pub to_frame_no: u64,
    /// When, milliseconds since 1970.
    pub timestamp_ms: i64,
    /// User id of who asked.
    pub caller: &'a str,
}

impl<'a> BroadcastEvent<'a> {
    /// Returns the name of the event.
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn node(name: &'static str, run_id: &'a str, node_id: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent {
            name,
            run_id,
            node_id: Some(node_id),
            ..BroadcastEvent::default()
        }
    }

    fn node_state(
        name: &'static str,
        state: &'static str,
        run_id: &'a str,
        node_id: &'a str,
    ) -> BroadcastEvent<'a> {
        BroadcastEvent {
            state: Some(state),
            ..BroadcastEvent::node(name, run_id, node_id)
        }
    }

    /// A node is known and has not begun.
    pub fn node_pending(run_id: &'a str, node_id: &'a str, iteration: u32) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node_state("node.pending", "pending", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            ..event
        }
    }

    /// An attempt of a node has begun.
    pub fn node_started(run_id: &'a str, node_id: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent::node_state("node.started", "in-progress", run_id, node_id)
    }

    /// A node has its output.
    pub fn node_finished(run_id: &'a str, node_id: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent::node_state("node.finished", "finished", run_id, node_id)
    }

    /// A node, or an attempt that will be repeated, failed; `error` is the serialised error without stack traces.
    pub fn node_failed(
        run_id: &'a str,
        node_id: &'a str,
        error: &'a RawValue,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node_state("node.failed", "failed", run_id, node_id);
        BroadcastEvent {
            error: Some(error),
            ..event
        }
    }

    /// A node is passed over.
    pub fn node_skipped(run_id: &'a str, node_id: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent::node_state("node.skipped", "skipped", run_id, node_id)
    }

    /// A node ended with its run.
    pub fn node_cancelled(run_id: &'a str, node_id: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent::node_state("node.cancelled", "cancelled", run_id, node_id)
    }

    /// A failed node gets another attempt; `attempt` is the coming one.
    pub fn node_retrying(run_id: &'a str, node_id: &'a str, attempt: u32) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node_state("node.retrying", "in-progress", run_id, node_id);
        BroadcastEvent {
            attempt: Some(attempt),
            ..event
        }
    }

    /// A node waits for a decision.
    pub fn node_waiting_approval(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node_state("node.waiting_approval", "waiting", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            ..event
        }
    }

    /// A node waits for a point in time.
    pub fn node_waiting_timer(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node_state("node.waiting_timer", "waiting", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            ..event
        }
    }

    /// A task wrote something; `stream` tells where to.
    pub fn task_output(
        run_id: &'a str,
        node_id: &'a str,
        output: &'a str,
        stream: &'a str,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("task.output", run_id, node_id);
        BroadcastEvent {
            output: Some(output),
            stream: Some(stream),
            ..event
        }
    }

    /// A task shows a sign of life.
    pub fn task_heartbeat(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
        attempt: u32,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("task.heartbeat", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            attempt: Some(attempt),
            ..event
        }
    }

    /// A run was taken back to a frame.
    pub fn time_travel_jumped(run_id: &'a str, jump: Jump<'a>) -> BroadcastEvent<'a> {
        BroadcastEvent {
            name: "run.time_travel_jumped",
            run_id,
            jump: Some(jump),
            ..BroadcastEvent::default()
        }
    }

    /// An agent tells what it does; `told` is what it runs on, and what it said in its own form.
    pub fn agent_event(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
        attempt: u32,
        told: (&'a str, &'a RawValue),
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("agent.event", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            attempt: Some(attempt),
            engine: Some(told.0),
            event: Some(told.1),
            ..event
        }
    }

    /// A decision is asked for.
    pub fn approval_requested(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("approval.requested", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            ..event
        }
    }

    /// A decision was made.
    pub fn approval_decided(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
        approved: bool,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("approval.decided", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            approved: Some(approved),
            ..event
        }
    }

    /// One of several people has answered; `count` is how many have said yes of how many who have to. Only runs with
    /// approvals that take several people have this event.
    pub fn approval_voted(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
        vote: (bool, Option<&'a str>),
        count: (u32, u32),
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("approval.voted", run_id, node_id);
        let ((approved, decided_by), (approvals, required)) = (vote, count);
        BroadcastEvent {
            iteration: Some(iteration),
            approved: Some(approved),
            decided_by,
            approvals: Some(approvals),
            required_approvals: Some(required),
            ..event
        }
    }

    /// An approval was given without a person.
    pub fn approval_auto_approved(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
    ) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::node("approval.auto_approved", run_id, node_id);
        BroadcastEvent {
            iteration: Some(iteration),
            ..event
        }
    }

    fn run_completed(run_id: &'a str, status: &'static str) -> BroadcastEvent<'a> {
        BroadcastEvent {
            name: "run.completed",
            run_id,
            status: Some(status),
            ..BroadcastEvent::default()
        }
    }

    /// A run finished; `failed` names the tasks that were allowed to fail and did, as `<node>::<iteration>`.
    pub fn run_finished(run_id: &'a str, failed: &'a [String]) -> BroadcastEvent<'a> {
        let event = BroadcastEvent::run_completed(run_id, "finished");
        if failed.is_empty() {
            return event;
        }
        BroadcastEvent {
            failed_children: Some(failed.len()),
            failed_child_keys: Some(failed),
            ..event
        }
    }

    /// A run failed; `error` is the serialised error without stack traces.
    pub fn run_failed(run_id: &'a str, error: &'a RawValue) -> BroadcastEvent<'a> {
        BroadcastEvent {
            error: Some(error),
            ..BroadcastEvent::run_completed(run_id, "failed")
        }
    }

    /// A schedule launched the run.
    pub fn cron_triggered(
        run_id: &'a str,
        cron_id: &'a str,
        workflow: &'a str,
    ) -> BroadcastEvent<'a> {
        BroadcastEvent {
            name: "cron.triggered",
            run_id,
            cron_id: Some(cron_id),
            workflow: Some(workflow),
            ..BroadcastEvent::default()
        }
    }

    /// A run was cancelled.
    pub fn run_cancelled(run_id: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent::run_completed(run_id, "cancelled")
    }

    /// A run goes on as run `next`.
    pub fn run_continued(run_id: &'a str, next: &'a str) -> BroadcastEvent<'a> {
        BroadcastEvent {
            next_run_id: Some(next),
            ..BroadcastEvent::run_completed(run_id, "continued")
        }
    }
}
