//! `runs.fork`: a new run begins as a copy of another one as it was at a frame (workflow-model 14.3).

use smithers_actors::run::past;
use smithers_actors::session::Caller;
use smithers_model::rewind::Fork;
use smithers_model::run::RunRow;
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{ForkRun, Params};
use smithers_store::Reader;

use super::launch::again;
use super::{Service, error};

impl Service {
    /// Makes the copy, paused unless it is to start; the answer is that of a launch.
    pub(super) async fn fork_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = ForkRun::read(params)?;
        let asked = request.clone();
        let (row, mut fork) = self.read(move |reader| source(reader, &asked)).await?;
        if request.accept_workflow_change {
            let served = self.catalogue.get(row.workflow_key.as_str());
            let hash = served.map(|workflow| workflow.definition().revision.hash.clone());
            fork.workflow_hash = hash.filter(|hash| !hash.is_empty()).or(fork.workflow_hash);
        }
        let mut launch = again(&row, request.new_run_id);
        launch.input.extend(request.input);
        self.launch_as(caller, launch, |launch| launch.fork = Some(Box::new(fork)))
            .await
    }
}

/// The run to copy, and what of it the copy begins with, as of one instant.
fn source(reader: &dyn Reader, request: &ForkRun) -> Result<(RunRow, Fork), RpcError> {
    let id = RunId::from(request.run_id.as_str());
    let rows = reader.load_run(&id).map_err(error::of_read)?;
    let rows = rows.ok_or_else(|| RpcError::no_such_run(&request.run_id))?;
    if rows.row.tie.is_some() {
        return Err(RpcError::invalid_request(
            "a run that a subflow has started cannot be copied alone; copy the run at the top",
        ));
    }
    let newest = rows.row.next_frame_no.saturating_sub(1);
    if request.frame_no > newest {
        return Err(RpcError::new(
            ErrorCode::FrameOutOfRange,
            format!("frameNo must be between 0 and {newest}."),
        ));
    }
    let past = past(reader, &id, request.frame_no).map_err(error::of_read)?;
    let past = past.ok_or_else(|| {
        RpcError::new(
            ErrorCode::RewindFailed,
            "the history of the run does not reach back to its beginning",
        )
    })?;
    let reset = request.reset.iter();
    let reset: Vec<NodeKey> = reset
        .map(|(id, iteration)| NodeKey::new(id.as_str(), *iteration))
        .collect();
    let is_unknown = |node: &&NodeKey| !past.snapshot.nodes.contains_key(*node);
    if let Some(unknown) = reset.iter().find(is_unknown) {
        let (node, run) = (unknown.node_id.as_str(), request.run_id.as_str());
        return Err(RpcError::no_such_node(run, node, unknown.iteration));
    }
    let fork = Fork {
        parent: id,
        frame_no: request.frame_no,
        label: request.label.clone(),
        description: request.description.clone(),
        starts: request.start,
        workflow_hash: rows.row.workflow_hash.clone(),
        reset,
        past,
        nodes: rows.nodes,
        outputs: rows.outputs,
        approvals: rows.approvals,
        signals: rows.signals,
    };
    Ok((rows.row, fork))
}
