//! Deleting runs: the rules that both backends obey, and the digest of a log that is about to go.

use serde_json::json;
use sha2::{Digest, Sha256};
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder, LogDigest, Tombstone};
use smithers_model::event::StoredEvent;
use smithers_model::run::RunStatus;
use smithers_model::{RawJson, RunId};

use crate::read::{ReadResult, Reader};

/// Events read at a time for a digest.
const PAGE: usize = 1000;
/// Children that a refusal names at most.
pub(crate) const NAMED_CHILDREN: usize = 20;

/// Why a run was neither deleted nor held. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeletionRefusal {
    /// There is no such run, or it is deleted already.
    #[error("run not found: {0}")]
    NotFound(RunId),
    /// It has not ended.
    #[error("the run is {}", .0.as_str())]
    Active(RunStatus),
    /// Somebody holds it.
    #[error("the run is held: {}", .0.reason)]
    Held(Hold),
    /// Runs that it started are still there.
    #[error("the run has {} children", .0.len())]
    HasChildren(Vec<RunId>),
    /// Its log has grown since the digest was made.
    #[error("the run has changed meanwhile")]
    Grown,
    /// A rule of the database forbids it, for example a table of the user that refers to the run.
    #[error("{0}")]
    Constraint(String),
}

/// A deletion that is durable: from now on nobody sees the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// What is left of it.
    pub tombstone: Tombstone,
    /// All its rows are gone; those of a large run go in several transactions.
    pub is_finished: bool,
}

/// What a run looks like inside the transaction that is to delete it.
pub(crate) struct Candidate {
    pub(crate) status: RunStatus,
    /// Number of its next event.
    pub(crate) next_seq: u64,
    pub(crate) hold: Option<Hold>,
    pub(crate) children: Vec<RunId>,
}

/// Decides whether `candidate` may be deleted.
pub(crate) fn check(
    order: &DeletionOrder,
    candidate: Option<Candidate>,
) -> Result<(), DeletionRefusal> {
    let Some(candidate) = candidate else {
        return Err(DeletionRefusal::NotFound(order.run_id.clone()));
    };
    if !candidate.status.is_terminal() {
        return Err(DeletionRefusal::Active(candidate.status));
    }
    if let Some(hold) = candidate.hold {
        return Err(DeletionRefusal::Held(hold));
    }
    if !candidate.children.is_empty() {
        return Err(DeletionRefusal::HasChildren(candidate.children));
    }
    if candidate.next_seq != order.log.events {
        return Err(DeletionRefusal::Grown);
    }
    Ok(())
}

/// Returns the audit row of a deletion.
pub(crate) fn deletion_record(order: &DeletionOrder, left: &Tombstone) -> AuditRecord {
    AuditRecord {
        subject: Some(left.workflow_key.to_string()),
        detail: RawJson::of(&json!({
            "status": left.status,
            "counts": left.counts,
            "eventsSha256": left.events_sha256,
            "reason": left.reason,
        })),
        ..AuditRecord::by(order.at, &order.actor, kind::RUN_DELETION, "deleted")
            .about(&order.run_id)
    }
}

/// Returns the audit row of a hold or of its end.
pub(crate) fn hold_record(order: &HoldOrder) -> AuditRecord {
    let outcome = if order.hold { "held" } else { "released" };
    AuditRecord {
        detail: RawJson::of(&json!({ "reason": order.reason })),
        ..AuditRecord::by(order.at, &order.actor, kind::HOLD, outcome).about(&order.run_id)
    }
}

/// Reads the whole log of a run and returns its digest.
///
/// # Errors
/// The log cannot be read.
pub fn log_digest(reader: &dyn Reader, run: &RunId) -> ReadResult<LogDigest> {
    let (mut hasher, mut events, mut after) = (Sha256::new(), 0, None);
    loop {
        let page = reader.events(run, after, PAGE)?;
        page.iter().for_each(|event| hasher.update(line(event)));
        events += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.seq),
            _ => break,
        }
    }
    let sha256 = hex::encode(hasher.finalize());
    Ok(LogDigest { events, sha256 })
}

/// The canonical line of an event; see [`LogDigest`].
fn line(event: &StoredEvent) -> String {
    let row = json!([
        event.seq,
        event.stream_seq,
        event.type_name,
        event.at,
        event.payload.as_str(),
    ]);
    format!("{row}\n")
}
