//! `rewindRun`, read in two parts: what comes before the run is looked up, and what comes after.

use serde_json::Value;

use super::Params;
use super::fields::{flag, text};
use super::ids::check_run_id;
use crate::error::{ErrorCode, RpcError};

/// Largest number of a frame.
const MAX_FRAME_NO: f64 = 2_147_483_647.0;

/// Parameters of `rewindRun`.
#[derive(Debug, Clone, PartialEq)]
pub struct RewindRun {
    /// The run; not empty, its form is checked by [`check`](Self::check).
    pub run_id: String,
    frame_no: f64,
    is_confirmed: bool,
    /// Effects that cannot be undone do not stand in the way.
    pub force: bool,
    /// Effects outside are left as they are, also those that could be undone.
    pub no_revert: bool,
    /// It may go on with a workflow that has changed since.
    pub accept_workflow_change: bool,
}

impl RewindRun {
    /// Reads the parameters.
    ///
    /// # Errors
    /// There is no run id or no number of a frame.
    pub fn read(params: &Params) -> Result<RewindRun, RpcError> {
        let run_id = text(params, "runId").filter(|id| !id.is_empty());
        let Some(run_id) = run_id else {
            check_run_id("")?;
            return Err(RpcError::invalid_request("runId is required"));
        };
        let frame_no = params.get("frameNo").and_then(Value::as_f64);
        let frame_no = frame_no
            .ok_or_else(|| RpcError::new(ErrorCode::InvalidFrameNo, "frameNo is required"))?;
        Ok(RewindRun {
            run_id,
            frame_no,
            is_confirmed: flag(params, "confirm") == Some(true),
            force: flag(params, "force").unwrap_or(false),
            no_revert: flag(params, "noRevert").unwrap_or(false),
            accept_workflow_change: flag(params, "acceptWorkflowChange").unwrap_or(false),
        })
    }

    /// Checks the form of what was given, in the order of the contract, and returns the number of the frame.
    ///
    /// # Errors
    /// The id or the number has no good form, or nobody has confirmed that what comes after the frame goes.
    pub fn check(&self) -> Result<u32, RpcError> {
        check_run_id(&self.run_id)?;
        let frame_no = self.frame_no;
        if frame_no.fract() != 0.0 || !(0.0..=MAX_FRAME_NO).contains(&frame_no) {
            return Err(RpcError::new(
                ErrorCode::InvalidFrameNo,
                "frameNo must be a non-negative i32 integer.",
            ));
        }
        if !self.is_confirmed {
            return Err(RpcError::new(
                ErrorCode::ConfirmationRequired,
                "jumpToFrame is destructive; pass confirm: true to proceed.",
            ));
        }
        Ok(frame_no as u32)
    }

    /// The frame as the trail has it: -1 where the number is none.
    pub fn frame_in_trail(&self) -> i64 {
        let is_frame =
            self.frame_no.fract() == 0.0 && (0.0..=MAX_FRAME_NO).contains(&self.frame_no);
        if is_frame { self.frame_no as i64 } else { -1 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code_of(params: Value) -> &'static str {
        let params = params.as_object().cloned().unwrap_or_default();
        let checked = RewindRun::read(&params).and_then(|read| read.check());
        checked.map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    #[test]
    fn mistakes_are_told_in_the_order_of_the_contract() {
        let cases = [
            (json!({}), "InvalidRunId"),
            (json!({"runId": "r", "confirm": true}), "InvalidFrameNo"),
            (json!({"runId": "R!", "frameNo": 1.5}), "InvalidRunId"),
            (
                json!({"runId": "r", "frameNo": 1.5, "confirm": true}),
                "InvalidFrameNo",
            ),
            (
                json!({"runId": "r", "frameNo": -1, "confirm": true}),
                "InvalidFrameNo",
            ),
            (
                json!({"runId": "r", "frameNo": 2_147_483_648_u64, "confirm": true}),
                "InvalidFrameNo",
            ),
            (json!({"runId": "r", "frameNo": 1}), "ConfirmationRequired"),
            (
                json!({"runId": "r", "frameNo": 1, "confirm": "true"}),
                "ConfirmationRequired",
            ),
            (json!({"runId": "r", "frameNo": 0, "confirm": true}), "ok"),
        ];
        for (params, code) in cases {
            assert_eq!(code_of(params.clone()), code, "{params}");
        }
    }
}
