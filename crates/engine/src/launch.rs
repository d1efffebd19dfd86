//! The launch of a run: its row and its place in the audit trail.

use serde_json::json;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::event::Event;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::{ChildTie, Launch, NewRun, RowChange, Step};
use smithers_model::{Epoch, RawJson, Timestamp};

use crate::fork;

/// Returns the first step of a run. It has no events but that of the schedule that launched it: the run starts
/// with [`Fact::TakenUp`].
///
/// [`Fact::TakenUp`]: smithers_model::fact::Fact::TakenUp
pub fn launch(launch: Launch, epoch: Epoch, now: Timestamp) -> Step {
    let audit = launch_record(&launch, now);
    let subflow = launch.config.subflow.as_ref();
    let fork = launch.fork.as_deref();
    let row = RunRow {
        parent: subflow
            .map(|subflow| &subflow.parent_run_id)
            .or(fork.map(|fork| &fork.parent))
            .cloned(),
        tie: subflow.map(|_| ChildTie::Awaited),
        chain: None,
        workflow_name: launch.workflow_key.to_string(),
        run_id: launch.run_id,
        workflow_key: launch.workflow_key,
        workflow_hash: match fork {
            Some(fork) => fork.workflow_hash.clone(),
            None => launch.workflow_hash,
        },
        status: fork.map_or(RunStatus::Running, fork::status),
        system: launch.system,
        created_at: now,
        started_at: None,
        finished_at: None,
        cancel_requested_at: None,
        undo_within_ms: None,
        pause_requested_at: None,
        error: None,
        config: RawJson::of(&launch.config),
        input: launch.input,
        epoch,
        next_seq: 0,
        next_stream_seq: 1,
        next_frame_no: 1,
    };
    let run = NewRun {
        row,
        idempotency_key: launch.idempotency_key,
    };
    let triggered = launch.firing.as_ref().filter(|firing| firing.due.is_some());
    let events = triggered.map(|firing| Event::CronTriggered {
        cron_id: firing.schedule.clone(),
        workflow: run.row.workflow_key.clone(),
    });
    let forked = fork.map(|fork| Event::RunForked {
        parent_run_id: fork.parent.clone(),
        parent_frame_no: fork.frame_no,
        branch_label: fork.label.clone(),
    });
    let events = events.into_iter().chain(forked).collect();
    let copied = fork.map(|fork| fork::rows(fork, &run.row.run_id, now));
    let mut changes = vec![RowChange::InsertRun(Box::new(run)), RowChange::Audit(audit)];
    changes.extend(
        launch
            .firing
            .map(|firing| RowChange::FireSchedule { firing, at: now }),
    );
    changes.extend(copied.into_iter().flatten());
    Step {
        events,
        changes,
        ..Step::default()
    }
}

fn launch_record(launch: &Launch, now: Timestamp) -> AuditRecord {
    let mut detail = json!({ "workflowHash": launch.workflow_hash });
    if let Some(firing) = &launch.firing {
        detail["cronId"] = json!(firing.schedule);
        detail["dueAtMs"] = json!(firing.due.map(|due| due.at));
    }
    let kind = match &launch.fork {
        Some(fork) => {
            detail["forkOf"] = json!(fork.parent);
            detail["frameNo"] = json!(fork.frame_no);
            kind::FORK
        }
        None => kind::LAUNCH,
    };
    AuditRecord {
        subject: Some(launch.workflow_key.to_string()),
        detail: RawJson::of(&detail),
        ..AuditRecord::by(now, &launch.actor, kind, "accepted").about(&launch.run_id)
    }
}
