//! `frames.list`, `frames.get`, `attempts.list` and `attempts.get`: reading the inside of a run.

use super::Params;
use super::approvals::iteration;
use super::fields::{integer_up_to, limit, positive_integer, present, required_text, text};
use crate::error::RpcError;
use crate::limits;

/// Parameters of `frames.list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFrames {
    /// The run; any text.
    pub run_id: String,
    /// Most rows to answer.
    pub limit: usize,
    /// Only frames after this one; 0 is before the first.
    pub after_frame_no: u64,
}

impl ListFrames {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ListFrames, RpcError> {
        let after_frame_no = match present(params, "afterFrameNo") {
            None => 0,
            Some(value) => integer_up_to(value, limits::MAX_SAFE_INTEGER).ok_or_else(|| {
                RpcError::invalid_input("afterFrameNo must be a non-negative integer.")
            })?,
        };
        Ok(ListFrames {
            run_id: required_text(params, "runId")?,
            limit: limit(params)?.unwrap_or(limits::LIST_FRAMES_DEFAULT),
            after_frame_no,
        })
    }
}

/// Parameters of `frames.get`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFrame {
    /// The run; any text.
    pub run_id: String,
    /// Which frame, from 1; the newest when absent.
    pub frame_no: Option<u64>,
}

impl GetFrame {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<GetFrame, RpcError> {
        Ok(GetFrame {
            run_id: required_text(params, "runId")?,
            frame_no: positive_integer(params, "frameNo")?,
        })
    }
}

/// Parameters of `attempts.list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAttempts {
    /// The run; any text.
    pub run_id: String,
    /// Only attempts of this node and iteration; those of all nodes when absent.
    pub node: Option<(String, u32)>,
}

impl ListAttempts {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ListAttempts, RpcError> {
        let run_id = required_text(params, "runId")?;
        let iteration = iteration(params)?;
        let node = text(params, "nodeId").map(|id| (id, iteration));
        Ok(ListAttempts { run_id, node })
    }
}

/// Parameters of `attempts.get`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAttempt {
    /// The run; any text.
    pub run_id: String,
    /// The node.
    pub node_id: String,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// Which attempt, from 1.
    pub attempt: u64,
}

impl GetAttempt {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<GetAttempt, RpcError> {
        let attempt = positive_integer(params, "attempt")?;
        Ok(GetAttempt {
            run_id: required_text(params, "runId")?,
            node_id: required_text(params, "nodeId")?,
            iteration: iteration(params)?,
            attempt: attempt.ok_or_else(|| RpcError::invalid_request("attempt is required"))?,
        })
    }
}
