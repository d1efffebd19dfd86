//! `listNodeStates` and `getNodeOutput`.

use serde_json::value::RawValue;
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::limits::MAX_NODE_OUTPUT_BYTES;
use smithers_protocol::params::{GetNodeOutput, ListNodeStates, Params};
use smithers_store::Reader;

use super::{Service, encode, error};
use crate::view::{node_output, node_state_row};

impl Service {
    pub(super) async fn list_node_states(&self, params: &Params) -> Result<Payload, RpcError> {
        let ListNodeStates { run_id } = ListNodeStates::read(params)?;
        self.read(move |reader| {
            let id = RunId::from(run_id.as_str());
            if reader.run(&id).map_err(error::of_read)?.is_none() {
                return Err(RpcError::no_such_run(&run_id));
            }
            let nodes = reader.nodes(&id).map_err(error::of_read)?;
            let attempts = reader.attempts(&id).map_err(error::of_read)?;
            let mut approvals = reader.approvals(&id).map_err(error::of_read)?;
            approvals.retain(|approval| approval.request.counts_votes());
            encode(
                &nodes
                    .iter()
                    .map(|node| node_state_row(node, &attempts, &approvals))
                    .collect::<Vec<_>>(),
            )
        })
        .await
    }

    pub(super) async fn get_node_output(&self, params: &Params) -> Result<Payload, RpcError> {
        let request = GetNodeOutput::read(params)?;
        let service = self.clone();
        self.read(move |reader| service.node_output_payload(reader, &request))
            .await
    }

    fn node_output_payload(
        &self,
        reader: &dyn Reader,
        request: &GetNodeOutput,
    ) -> Result<Payload, RpcError> {
        let run_id = RunId::from(request.run_id.as_str());
        let Some(run) = reader.run(&run_id).map_err(error::of_read)? else {
            return Err(RpcError::run_not_found(&request.run_id));
        };
        let key = NodeKey::new(request.node_id.as_str(), request.iteration);
        let Some(node) = reader.node(&run_id, &key).map_err(error::of_read)? else {
            return Err(missing(reader, &run_id, &key)?);
        };
        let no_output = || {
            let message = format!("Node {} has no output", request.node_id);
            RpcError::new(ErrorCode::NodeHasNoOutput, message)
        };
        let table_key = node.output_table.clone().ok_or_else(no_output)?;
        let workflow = self
            .catalogue
            .get(run.workflow_key.as_str())
            .ok_or_else(no_output)?;
        let table = workflow
            .definition()
            .output_table(&table_key)
            .ok_or_else(no_output)?;
        let row = reader
            .output(&run_id, &table_key, &key)
            .map_err(error::of_read)?;
        let raw = row
            .as_ref()
            .map(|row| readable(row.payload.as_str(), request))
            .transpose()?;
        let attempts = reader.attempts_of(&run_id, &key).map_err(error::of_read)?;
        encode(&node_output(&node, table, raw, &attempts))
    }
}

fn readable<'a>(payload: &'a str, request: &GetNodeOutput) -> Result<&'a RawValue, RpcError> {
    if payload.len() > MAX_NODE_OUTPUT_BYTES {
        let message = format!(
            "The output of {} exceeds {MAX_NODE_OUTPUT_BYTES} bytes",
            request.node_id
        );
        return Err(RpcError::new(ErrorCode::PayloadTooLarge, message));
    }
    serde_json::from_str(payload).map_err(|_| {
        let message = format!("The stored output of {} cannot be read", request.node_id);
        RpcError::new(ErrorCode::MalformedOutputRow, message)
    })
}

/// Tells a missing iteration from a missing node.
/// Why a run does not have the node.
pub(super) fn missing(
    reader: &dyn Reader,
    run_id: &RunId,
    key: &NodeKey,
) -> Result<RpcError, RpcError> {
    let nodes = reader.nodes(run_id).map_err(error::of_read)?;
    let known = nodes.iter().any(|node| node.node.node_id == key.node_id);
    Ok(match known {
        true => RpcError::iteration_not_found(key.iteration),
        false => RpcError::node_not_found(key.node_id.as_str()),
    })
}
