//! How a child stands, as its rows tell.

use smithers_engine::WORKFLOW_MISMATCH;
use smithers_model::error::ErrorInfo;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::ChildTie;
use smithers_model::wait::WaitKind;
use smithers_model::workflow::Workflow;
use smithers_model::{RawJson, RunId};
use smithers_store::{Backend, Reader};

use super::subflow_of;

/// How a child stands, for the run that waits for it.
#[derive(Debug)]
pub(super) enum Seen {
    /// It has given its result.
    Ended(RawJson),
    /// It has failed, or cannot be started.
    Failed { error: ErrorInfo, retryable: bool },
    /// It waits for something outside.
    Waits(WaitKind),
    /// It goes on, and tells when it moves.
    GoesOn,
    /// It does not exist and could not be started; it is to be tried again.
    Lost,
}

/// How a child stands, and what is to be done about that.
#[derive(Debug)]
pub(super) enum Stands {
    /// It does not exist.
    Nowhere,
    /// Its parent has undone its task: it begins again. Which workflow it runs.
    Undone(Option<u32>),
    /// An earlier attempt has taken note of its end: it goes on from there.
    Stopped,
    /// It does not go on with a workflow that has changed, though its parent does.
    Held,
    /// Nothing.
    Seen(Seen),
}

pub(super) fn refused(code: &str, message: &str) -> Seen {
    Seen::Failed {
        error: ErrorInfo::coded(code, message.to_owned()),
        retryable: false,
    }
}

/// Reads how a child stands, and which run that is: the newest one that goes on in its place, if any does.
pub(super) fn stands(
    backend: &dyn Backend,
    child: &RunId,
    workflow: &dyn Workflow,
) -> Result<(RunId, Stands), smithers_store::Error> {
    // Of one instant: a run that continued between two reads would look like one that ended without a result.
    let reader = backend.snapshot()?;
    let newest = reader.last_of_chain(child)?;
    let newest = newest.unwrap_or_else(|| child.clone());
    let Some(row) = reader.run(&newest)? else {
        return Ok((newest, Stands::Nowhere));
    };
    let stands = match (row.tie, row.status.is_terminal()) {
        // The run that went on in its place is gone.
        _ if row.status == RunStatus::Continued => Stands::Seen(failure(&row)),
        (Some(ChildTie::Undone), _) => Stands::Undone(part_of(&row)),
        (Some(ChildTie::Taken), false) => Stands::Stopped,
        (Some(ChildTie::Taken | ChildTie::Unwanted), true) if row.status != RunStatus::Finished => {
            Stands::Stopped
        }
        // One that its parent has done without is being ended, and tells when it has.
        (Some(ChildTie::Unwanted), false) => Stands::Seen(Seen::GoesOn),
        _ if is_held(&row) => Stands::Held,
        _ => Stands::Seen(seen(&*reader, &row, workflow)?),
    };
    Ok((newest, stands))
}

/// Whether it waits for somebody to accept another version of its workflow.
fn is_held(row: &RunRow) -> bool {
    let held = |error: &ErrorInfo| error.has_code(WORKFLOW_MISMATCH);
    row.status == RunStatus::Paused && row.error.as_ref().is_some_and(held)
}

fn part_of(row: &RunRow) -> Option<u32> {
    subflow_of(row).map(|subflow| subflow.part)
}

fn seen(
    reader: &dyn Reader,
    row: &RunRow,
    workflow: &dyn Workflow,
) -> Result<Seen, smithers_store::Error> {
    Ok(match row.status {
        RunStatus::Running => Seen::GoesOn,
        RunStatus::WaitingApproval => Seen::Waits(WaitKind::Approval),
        RunStatus::WaitingTimer => Seen::Waits(WaitKind::Timer),
        RunStatus::WaitingQuota => Seen::Waits(WaitKind::Quota),
        RunStatus::WaitingEvent | RunStatus::Paused => Seen::Waits(WaitKind::Event),
        RunStatus::Failed | RunStatus::Cancelled | RunStatus::Continued => failure(row),
        RunStatus::Finished => {
            let part = part_of(row).and_then(|part| workflow.part(part));
            let table = part.and_then(|part| part.definition().result_table.clone());
            let outputs = match &table {
                Some(_) => reader.outputs(&row.run_id)?,
                None => Vec::new(),
            };
            let rows = outputs
                .into_iter()
                .filter(|row| Some(&row.table) == table.as_ref());
            Seen::Ended(value(rows.map(|row| row.payload).collect()))
        }
    })
}

/// The value of a child: nothing, its one row, or all of them.
fn value(rows: Vec<RawJson>) -> RawJson {
    match rows.as_slice() {
        [] => RawJson::of(&()),
        [row] => row.clone(),
        rows => {
            let texts: Vec<&str> = rows.iter().map(RawJson::as_str).collect();
            RawJson::trusted(format!("[{}]", texts.join(",")))
        }
    }
}

fn failure(row: &RunRow) -> Seen {
    let (what, retryable) = match row.status {
        RunStatus::Cancelled => ("was cancelled", false),
        RunStatus::Continued => ("continued as a run that is gone", false),
        _ => ("failed", !row.error.as_ref().is_some_and(is_denial)),
    };
    let message = format!("Child run {} {what}", row.run_id);
    let mut error = ErrorInfo::coded("WORKFLOW_EXECUTION_FAILED", message);
    error.cause = row.error.clone().map(Box::new);
    Seen::Failed { error, retryable }
}

/// Whether a denied approval is behind the error, here or in a child below.
fn is_denial(error: &ErrorInfo) -> bool {
    error.name == "ApprovalDenied" || error.cause.as_deref().is_some_and(is_denial)
}
