//! `runs.fork`, `runs.diff` and `runs.timeline`: runs at their frames.

use serde_json::Value;

use super::Params;
use super::fields::{flag, integer_up_to, object, present, required_text, text};
use super::ids::check_new_run_id;
use crate::error::{ErrorCode, RpcError};

/// Largest number of a frame.
const MAX_FRAME_NO: u64 = 2_147_483_647;
/// Most nodes that a fork resets by name.
const MAX_RESET: usize = 1_000;
/// Most characters of the label of a fork.
const MAX_LABEL: usize = 256;
/// Most characters of its description.
const MAX_DESCRIPTION: usize = 4_096;

/// Parameters of `runs.fork`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForkRun {
    /// The run to copy; any text.
    pub run_id: String,
    /// As it was when this frame was stored; 0 is its beginning.
    pub frame_no: u64,
    /// Id that the copy shall have; well-formed.
    pub new_run_id: Option<String>,
    /// What the copy is called.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Fields of the input that differ from those of the run.
    pub input: Params,
    /// Nodes that begin anew, each an id and an iteration.
    pub reset: Vec<(String, u32)>,
    /// It goes on at once.
    pub start: bool,
    /// It goes on with the workflow as it is now.
    pub accept_workflow_change: bool,
}

impl ForkRun {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ForkRun, RpcError> {
        let new_run_id = text(params, "newRunId");
        new_run_id.as_deref().map_or(Ok(()), check_new_run_id)?;
        let run_id = required_text(params, "runId")?;
        Ok(ForkRun {
            run_id,
            frame_no: frame(params, "frameNo")?
                .ok_or_else(|| RpcError::new(ErrorCode::InvalidFrameNo, "frameNo is required"))?,
            new_run_id,
            label: bounded(params, "label", MAX_LABEL)?,
            description: bounded(params, "description", MAX_DESCRIPTION)?,
            input: object(params, "input"),
            reset: reset(params)?,
            start: flag(params, "start").unwrap_or(false),
            accept_workflow_change: flag(params, "acceptWorkflowChange").unwrap_or(false),
        })
    }
}

fn bounded(params: &Params, key: &str, most: usize) -> Result<Option<String>, RpcError> {
    let given = text(params, key);
    match given
        .as_ref()
        .is_some_and(|text| text.chars().count() > most)
    {
        true => Err(RpcError::invalid_request(format!(
            "{key} has more than {most} characters"
        ))),
        false => Ok(given),
    }
}

/// `id` stands for iteration 0, `id::2` for another.
fn reset(params: &Params) -> Result<Vec<(String, u32)>, RpcError> {
    let wrong = || {
        RpcError::invalid_request(format!(
            "resetNodes must be a list of at most {MAX_RESET} node ids, with `::<iteration>` where it is not 0"
        ))
    };
    let Some(value) = present(params, "resetNodes") else {
        return Ok(Vec::new());
    };
    let nodes = value.as_array().filter(|nodes| nodes.len() <= MAX_RESET);
    let nodes = nodes.ok_or_else(wrong)?.iter();
    let read = nodes.map(|node| {
        let text = node.as_str().filter(|text| !text.is_empty())?;
        match text.rsplit_once("::") {
            Some((id, iteration)) => Some((id.to_owned(), iteration.parse().ok()?)),
            None => Some((text.to_owned(), 0)),
        }
    });
    read.map(|node| node.ok_or_else(wrong)).collect()
}

/// Parameters of `runs.diff`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffRuns {
    /// One run, and the frame at which it is looked at; as it is now without one.
    pub left: (String, Option<u64>),
    /// The other.
    pub right: (String, Option<u64>),
}

impl DiffRuns {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<DiffRuns, RpcError> {
        let side = |run: &str, number: &str| -> Result<_, RpcError> {
            Ok((required_text(params, run)?, frame(params, number)?))
        };
        Ok(DiffRuns {
            left: side("leftRunId", "leftFrameNo")?,
            right: side("rightRunId", "rightFrameNo")?,
        })
    }
}

/// Parameters of `runs.timeline`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The run; any text.
    pub run_id: String,
}

impl Timeline {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<Timeline, RpcError> {
        Ok(Timeline {
            run_id: required_text(params, "runId")?,
        })
    }
}

fn frame(params: &Params, key: &str) -> Result<Option<u64>, RpcError> {
    let read = |value: &Value| {
        integer_up_to(value, MAX_FRAME_NO).ok_or_else(|| {
            RpcError::new(
                ErrorCode::InvalidFrameNo,
                format!("{key} must be a non-negative i32 integer."),
            )
        })
    };
    present(params, key).map(read).transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fork(params: Value) -> Result<ForkRun, RpcError> {
        ForkRun::read(params.as_object().unwrap())
    }

    #[test]
    fn nodes_are_named_with_their_iteration() {
        let read =
            fork(json!({"runId": "r", "frameNo": 3, "resetNodes": ["a", "b::2", "c::d::1"]}));
        let reset = read.unwrap().reset;
        assert_eq!(
            reset,
            [("a".into(), 0), ("b".into(), 2), ("c::d".into(), 1)]
        );
        for wrong in [json!("a"), json!([""]), json!(["a::x"]), json!([7])] {
            let params = json!({"runId": "r", "frameNo": 3, "resetNodes": wrong});
            assert!(fork(params).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fork_needs_a_run_and_a_frame() {
        assert!(fork(json!({"frameNo": 1})).is_err());
        for wrong in [json!(null), json!(-1), json!(1.5), json!("1")] {
            let error = fork(json!({"runId": "r", "frameNo": wrong})).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidFrameNo, "{wrong}");
        }
        let long = "x".repeat(257);
        assert!(fork(json!({"runId": "r", "frameNo": 1, "label": long})).is_err());
    }
}
