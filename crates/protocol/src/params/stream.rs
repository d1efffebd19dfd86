//! `streamRunEvents`.

use super::Params;
use super::fields::{integer_up_to, text};
use crate::error::{ErrorCode, RpcError};
use crate::limits;

/// Parameters of `streamRunEvents`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRunEvents {
    /// The run.
    pub run_id: String,
    /// Replay what came after this number; without it only what comes from now on is sent.
    pub after_seq: Option<u64>,
}

impl StreamRunEvents {
    /// Reads the parameters. A number that is present must be one: null is refused as well.
    pub fn read(params: &Params) -> Result<StreamRunEvents, RpcError> {
        let run_id = text(params, "runId")
            .ok_or_else(|| RpcError::new(ErrorCode::InvalidRunId, "runId is required"))?;
        let after_seq = params
            .get("afterSeq")
            .map(|value| {
                integer_up_to(value, limits::MAX_SAFE_INTEGER).ok_or_else(|| {
                    RpcError::new(
                        ErrorCode::SeqOutOfRange,
                        "afterSeq must be a non-negative integer",
                    )
                })
            })
            .transpose()?;
        Ok(StreamRunEvents { run_id, after_seq })
    }
}

/// Checks that a client does not ask for what comes after a number that was never given out.
pub fn check_after_seq(after_seq: Option<u64>, current_seq: u64) -> Result<(), RpcError> {
    match after_seq {
        Some(after) if after > current_seq => {
            let message = format!("afterSeq {after} is newer than current seq {current_seq}");
            Err(RpcError::new(ErrorCode::SeqOutOfRange, message))
        }
        _ => Ok(()),
    }
}
