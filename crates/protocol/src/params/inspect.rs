//! `listRunDescendants`, `whatHappened`, `getNodeDiff` and `getRunDiff`.

use serde_json::Value;

use super::Params;
use super::fields::{limit, present, required_text, text};
use super::ids::{check_node_id, check_run_id};
use super::nodes::iteration_of;
use crate::error::{ErrorCode, RpcError};
use crate::limits;

/// Most characters of the id in `getRunDiff`.
const LONGEST_ID: usize = 256;

/// Parameters of `listRunDescendants`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRunDescendants {
    /// The run; any text.
    pub run_id: String,
    /// Most runs to answer, itself among them.
    pub limit: usize,
}

impl ListRunDescendants {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ListRunDescendants, RpcError> {
        Ok(ListRunDescendants {
            run_id: required_text(params, "runId")?,
            limit: limit(params)?.unwrap_or(limits::LIST_MAX),
        })
    }
}

/// Parameters of `whatHappened`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatHappened {
    /// The run; well-formed.
    pub run_id: String,
    /// One of its nodes, well-formed, with its iteration when one was given.
    pub node: Option<(String, Option<u32>)>,
}

impl WhatHappened {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<WhatHappened, RpcError> {
        let run_id = checked_run_id(params)?;
        let Some(node_id) = text(params, "nodeId") else {
            let node = None;
            return Ok(WhatHappened { run_id, node });
        };
        check_node_id(&node_id)?;
        let iteration = present(params, "iteration").map(iteration_of).transpose()?;
        let node = Some((node_id, iteration));
        Ok(WhatHappened { run_id, node })
    }
}

/// Parameters of `getNodeDiff`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetNodeDiff {
    /// The run; well-formed.
    pub run_id: String,
    /// The node; well-formed.
    pub node_id: String,
    /// The iteration, from 0; it must be given, and be a number.
    pub iteration: u32,
}

impl GetNodeDiff {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<GetNodeDiff, RpcError> {
        let run_id = checked_run_id(params)?;
        let node_id = text(params, "nodeId").unwrap_or_default();
        check_node_id(&node_id)?;
        let iteration = params.get("iteration").filter(|value| value.is_number());
        let iteration = iteration.and_then(|value| iteration_of(value).ok());
        let iteration = iteration.ok_or_else(|| {
            let message = "iteration must be an i32 non-negative integer.";
            RpcError::new(ErrorCode::InvalidIteration, message)
        })?;
        Ok(GetNodeDiff {
            run_id,
            node_id,
            iteration,
        })
    }
}

/// Parameters of `getRunDiff`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRunDiff {
    /// The run; any text that is not too long.
    pub run_id: String,
}

impl GetRunDiff {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<GetRunDiff, RpcError> {
        let run_id = params.get("runId").and_then(Value::as_str);
        let is_fit = |text: &&str| (1..=LONGEST_ID).contains(&text.chars().count());
        let run_id = run_id.filter(is_fit).ok_or_else(|| {
            let message = format!("runId must be a text of 1 to {LONGEST_ID} characters");
            RpcError::new(ErrorCode::BadRequest, message)
        })?;
        let run_id = run_id.to_owned();
        Ok(GetRunDiff { run_id })
    }
}

fn checked_run_id(params: &Params) -> Result<String, RpcError> {
    let run_id = text(params, "runId").unwrap_or_default();
    check_run_id(&run_id)?;
    Ok(run_id)
}
