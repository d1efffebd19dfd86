//! The rules that decide, before anything is written, whether a step may be applied. Both backends obey
//! these functions, so that they refuse the same steps for the same reasons.

use smithers_model::approval::ApprovalStatus;
use smithers_model::schedule::{Firing, Schedule};
use smithers_model::step::{NewRun, RowChange, StepWrite};
use smithers_model::{NodeKey, RunId, ScheduleId, Timestamp, WorkflowKey};

use crate::commit::{Refusal, RunHead};

/// What a step is checked against: the state inside the open transaction.
pub(crate) trait Current {
    /// Why it cannot be read.
    type Error;

    /// Numbers of a run; `None` when it does not exist.
    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Self::Error>;

    /// When the run of this id was deleted; `None` when none was.
    fn deleted_at(&self, run: &RunId) -> Result<Option<Timestamp>, Self::Error>;

    /// State of an approval; `None` when nobody was asked.
    fn approval(&self, run: &RunId, node: &NodeKey) -> Result<Option<ApprovalStatus>, Self::Error>;

    /// A schedule; `None` when there is none of this id.
    fn schedule(&self, id: &ScheduleId) -> Result<Option<Schedule>, Self::Error>;

    /// Run of an earlier launch.
    fn launch(&self, workflow: &WorkflowKey, key: &str) -> Result<Option<RunId>, Self::Error>;
}

/// Returns the numbers of the run after the step, or why the step is refused.
pub(crate) fn check<C: Current>(
    step: &StepWrite,
    current: &C,
) -> Result<Result<RunHead, Refusal>, C::Error> {
    let verdict = match new_run(step) {
        Some(run) => check_launch(step, run, current)?,
        None => check_fence(step, current)?,
    };
    if let Err(refusal) = verdict.and_then(|()| check_numbers(step)) {
        return Ok(Err(refusal));
    }
    if let Err(refusal) = check_successor(step, current)? {
        return Ok(Err(refusal));
    }
    if let Err(refusal) = check_decisions(step, current)? {
        return Ok(Err(refusal));
    }
    if let Err(refusal) = check_firings(step, current)? {
        return Ok(Err(refusal));
    }
    Ok(Ok(head_after(step)))
}

/// A firing is made once, of a schedule that is there.
fn check_firings<C: Current>(
    step: &StepWrite,
    current: &C,
) -> Result<Result<(), Refusal>, C::Error> {
    for change in &step.changes {
        let RowChange::FireSchedule { firing, .. } = change else {
            continue;
        };
        let stored = current.schedule(&firing.schedule)?;
        if !stored.is_some_and(|stored| is_to_come(firing, &stored)) {
            let id = firing.schedule.clone();
            return Ok(Err(Refusal::ScheduleMoved { id }));
        }
    }
    Ok(Ok(()))
}

fn is_to_come(firing: &Firing, stored: &Schedule) -> bool {
    firing
        .due
        .is_none_or(|due| stored.enabled && stored.next_run_at == Some(due.expected))
}

/// The run that the step inserts.
pub(crate) fn new_run(step: &StepWrite) -> Option<&NewRun> {
    step.changes.iter().find_map(|change| match change {
        RowChange::InsertRun(run) => Some(&**run),
        _ => None,
    })
}

/// A launch that was made before comes first: the same launch again is not a conflict of ids.
fn check_launch<C: Current>(
    step: &StepWrite,
    run: &NewRun,
    current: &C,
) -> Result<Result<(), Refusal>, C::Error> {
    if let Some(key) = &run.idempotency_key
        && let Some(run_id) = current.launch(&run.row.workflow_key, key)?
    {
        return Ok(Err(Refusal::LaunchKeyTaken { run_id }));
    }
    if current.head(&step.run_id)?.is_some() {
        let run_id = step.run_id.clone();
        return Ok(Err(Refusal::RunExists { run_id }));
    }
    if let Some(deleted_at) = current.deleted_at(&step.run_id)? {
        let run_id = step.run_id.clone();
        return Ok(Err(Refusal::RunDeleted { run_id, deleted_at }));
    }
    let fits =
        run.row.run_id == step.run_id && (step.expected_seq, step.expected_stream_seq) == (0, 1);
    Ok(if fits {
        Ok(())
    } else {
        Err(Refusal::constraint(
            "a new run begins with event 0 and stream number 1, under its own id",
        ))
    })
}

fn check_fence<C: Current>(step: &StepWrite, current: &C) -> Result<Result<(), Refusal>, C::Error> {
    let held = current.head(&step.run_id)?;
    let continues = held.is_some_and(|held| {
        held.epoch <= step.epoch
            && held.next_seq == step.expected_seq
            && held.next_stream_seq == step.expected_stream_seq
    });
    Ok(if continues {
        Ok(())
    } else {
        Err(Refusal::Fenced {
            run_id: step.run_id.clone(),
            held,
        })
    })
}

/// Events carry consecutive numbers from the expected ones, in both counts.
fn check_numbers(step: &StepWrite) -> Result<(), Refusal> {
    let mut stream_seq = step.expected_stream_seq;
    for (event, seq) in step.events.iter().zip(step.expected_seq..) {
        let in_stream = event.stream_seq.is_none_or(|number| number == stream_seq);
        if event.seq != seq || !in_stream {
            return Err(Refusal::constraint(format!(
                "event {} does not follow event numbers {seq} and {stream_seq}",
                event.seq
            )));
        }
        stream_seq += u64::from(event.stream_seq.is_some());
    }
    Ok(())
}

/// The id of a run that goes on in place of another is free.
fn check_successor<C: Current>(
    step: &StepWrite,
    current: &C,
) -> Result<Result<(), Refusal>, C::Error> {
    for change in &step.changes {
        let RowChange::ContinueAs(next) = change else {
            continue;
        };
        let id = &next.row.run_id;
        if current.head(id)?.is_some() || current.deleted_at(id)?.is_some() {
            let message = format!(
                "the run cannot continue as `{id}`: there is, or was, another run of that id"
            );
            return Ok(Err(Refusal::constraint(message)));
        }
    }
    Ok(Ok(()))
}

/// An approval is decided once, and takes votes until then. The step may ask (again) and decide in one go.
fn check_decisions<C: Current>(
    step: &StepWrite,
    current: &C,
) -> Result<Result<(), Refusal>, C::Error> {
    for (index, change) in step.changes.iter().enumerate() {
        let (RowChange::DecideApproval { node, .. } | RowChange::CastVote { node, .. }) = change
        else {
            continue;
        };
        let status = match status_within(&step.changes[..index], node) {
            Some(status) => Some(status),
            None => current.approval(&step.run_id, node)?,
        };
        match status {
            Some(ApprovalStatus::Requested) => {}
            Some(status) => {
                let node = node.clone();
                return Ok(Err(Refusal::AlreadyDecided { node, status }));
            }
            None => {
                let message = format!("nobody was asked to decide `{node}`");
                return Ok(Err(Refusal::constraint(message)));
            }
        }
    }
    Ok(Ok(()))
}

/// State of an approval as the step itself has left it so far.
fn status_within(changes: &[RowChange], wanted: &NodeKey) -> Option<ApprovalStatus> {
    changes.iter().rev().find_map(|change| match change {
        RowChange::RequestApproval(approval) if approval.node == *wanted => {
            Some(ApprovalStatus::Requested)
        }
        RowChange::DecideApproval { node, decision } if node == wanted => {
            Some(if decision.approved {
                ApprovalStatus::Approved
            } else {
                ApprovalStatus::Denied
            })
        }
        _ => None,
    })
}

fn head_after(step: &StepWrite) -> RunHead {
    let visible = step
        .events
        .iter()
        .filter(|event| event.stream_seq.is_some())
        .count();
    RunHead {
        epoch: step.epoch,
        next_seq: step.expected_seq + step.events.len() as u64,
        next_stream_seq: step.expected_stream_seq + visible as u64,
    }
}
