//! `getRun`, `listRuns`, and the snapshot of a gap.

use smithers_model::node::NodeState;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::{RunId, WorkflowKey};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::limits::{LIST_MAX, LIST_RUNS_DEFAULT};
use smithers_protocol::params::{GetRun, ListRuns, Params};
use smithers_protocol::view::{GapSnapshot, RunRecord};
use smithers_store::Reader;
use smithers_store::read::RunFilter;

use super::{Service, encode, error};
use crate::view::{BlockedBy, Owner, RunShown, run_record};

/// Rows of a list that is read and written in less time than a way to another thread is worth: as many as a
/// client gets that names no number.
const SHORT_LIST: usize = LIST_RUNS_DEFAULT;

impl Service {
    pub(super) async fn get_run(&self, params: &Params) -> Result<Payload, RpcError> {
        let GetRun { run_id } = GetRun::read(params)?;
        let payload = self.run_payload(&run_id).await?;
        payload.ok_or_else(|| RpcError::no_such_run(&run_id))
    }

    /// The record of a run, `None` when there is no such run.
    pub(crate) async fn run_payload(&self, run_id: &str) -> Result<Option<Payload>, RpcError> {
        let (id, owner) = (RunId::from(run_id), self.owner());
        self.read_briefly(move |reader| with_record(reader, &id, &owner, |record| encode(&record)))
            .await
    }

    /// The snapshot of a gap: the record without `system` and `startedBy`.
    pub(crate) async fn gap_snapshot(&self, run_id: &RunId) -> Result<Option<Payload>, RpcError> {
        let (id, owner) = (run_id.clone(), self.owner());
        self.read(move |reader| {
            with_record(reader, &id, &owner, |record| {
                encode(&GapSnapshot::from(record))
            })
        })
        .await
    }

    pub(super) async fn list_runs(&self, params: &Params) -> Result<Payload, RpcError> {
        self.runs_payload(ListRuns::read(params)?).await
    }

    /// Run rows, the newest first.
    pub(crate) async fn runs_payload(&self, list: ListRuns) -> Result<Payload, RpcError> {
        let Some(filter) = filter_of(list) else {
            return encode(&[(); 0]);
        };
        let owner = self.owner();
        let is_short = filter.limit <= SHORT_LIST && filter.offset == 0;
        let query = move |reader: &dyn Reader| {
            let rows = reader.runs(&filter).map_err(error::of_read)?;
            let shown: Vec<RunShown<'_>> =
                rows.iter().map(|row| RunShown::new(row, &owner)).collect();
            encode(&shown.iter().map(RunShown::row).collect::<Vec<_>>())
        };
        match is_short {
            true => self.read_briefly(query).await,
            false => self.read(query).await,
        }
    }
}

/// `None` when no run can match: an unknown status.
fn filter_of(list: ListRuns) -> Option<RunFilter> {
    let status = match list.status.as_deref() {
        None => None,
        Some(text) => Some(RunStatus::from_text(text)?),
    };
    Some(RunFilter {
        status,
        // A run that goes on as another one is listed among those that are running.
        or_status: (status == Some(RunStatus::Running)).then_some(RunStatus::Continued),
        workflow: list.workflow.as_deref().map(WorkflowKey::from),
        parent: list.parent_run_id.map(RunId::new),
        include_system: list.include_system,
        limit: list.limit.min(LIST_MAX),
        offset: usize::try_from(list.offset).unwrap_or(usize::MAX),
    })
}

pub(super) fn with_record<T>(
    reader: &dyn Reader,
    run_id: &RunId,
    owner: &Owner,
    shape: impl FnOnce(RunRecord<'_>) -> Result<T, RpcError>,
) -> Result<Option<T>, RpcError> {
    let Some(row) = reader.run(run_id).map_err(error::of_read)? else {
        return Ok(None);
    };
    let counts = reader.state_counts(run_id).map_err(error::of_read)?;
    let failed = failed_keys(reader, &row, counts.get(&NodeState::Failed).copied())?;
    let blocked = BlockedBy::read(reader, &row).map_err(error::of_read)?;
    let shown = RunShown::new(&row, owner);
    shape(run_record(&shown, &counts, &failed, blocked.as_ref())).map(Some)
}

/// Tasks that failed in a run that finished all the same.
fn failed_keys(
    reader: &dyn Reader,
    row: &RunRow,
    failed: Option<u64>,
) -> Result<Vec<String>, RpcError> {
    if row.status != RunStatus::Finished || failed.is_none() {
        return Ok(Vec::new());
    }
    let nodes = reader.nodes(&row.run_id).map_err(error::of_read)?;
    let failed = nodes.iter().filter(|node| node.state == NodeState::Failed);
    Ok(failed.map(|node| node.node.to_string()).collect())
}
