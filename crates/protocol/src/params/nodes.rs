//! `getNodeOutput` and `listNodeStates`.

use serde_json::Value;

use super::Params;
use super::fields::{number, required_text};
use super::ids::{check_node_id, check_run_id};
use crate::error::{ErrorCode, RpcError};
use crate::limits;

/// Parameters of `getNodeOutput`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetNodeOutput {
    /// The run; well-formed.
    pub run_id: String,
    /// The node; well-formed.
    pub node_id: String,
    /// The iteration, from 0; it must be given.
    pub iteration: u32,
}

impl GetNodeOutput {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<GetNodeOutput, RpcError> {
        let text = |key: &str| {
            params
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let run_id = text("runId");
        check_run_id(&run_id)?;
        let node_id = text("nodeId");
        check_node_id(&node_id)?;
        Ok(GetNodeOutput {
            run_id,
            node_id,
            iteration: iteration(params)?,
        })
    }
}

/// Returns the iteration; numeric text is accepted.
fn iteration(params: &Params) -> Result<u32, RpcError> {
    iteration_of(params.get("iteration").unwrap_or(&Value::Null))
}

/// Reads an iteration; numeric text is accepted.
pub(super) fn iteration_of(value: &Value) -> Result<u32, RpcError> {
    let value = number(value);
    let in_range = value.filter(|number| {
        number.fract() == 0.0 && (0.0..=limits::MAX_ITERATION as f64).contains(number)
    });
    in_range.map(|number| number as u32).ok_or_else(|| {
        RpcError::new(
            ErrorCode::InvalidIteration,
            "iteration must be a non-negative 32-bit integer.",
        )
    })
}

/// Parameters of `listNodeStates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListNodeStates {
    /// The run.
    pub run_id: String,
}

impl ListNodeStates {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ListNodeStates, RpcError> {
        Ok(ListNodeStates {
            run_id: required_text(params, "runId")?,
        })
    }
}
