//! `getDevToolsSnapshot` and `streamDevTools` (gateway-protocol 9).

use serde_json::Value;

use super::Params;
use super::fields::{integer_up_to, present, text};
use super::ids::check_run_id;
use crate::error::{ErrorCode, RpcError};
use crate::limits;

/// Greatest number of a frame that can be asked for.
const MOST: u64 = 2_147_483_647;

/// Parameters of `getDevToolsSnapshot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetDevToolsSnapshot {
    /// The run.
    pub run_id: String,
    /// Which frame; the newest when absent.
    pub frame_no: Option<u64>,
}

impl GetDevToolsSnapshot {
    /// Reads the parameters; what the run does not have is told later.
    pub fn read(params: &Params) -> Result<GetDevToolsSnapshot, RpcError> {
        let run_id = checked_run_id(params)?;
        let frame_no = present(params, "frameNo")
            .map(|value| integer(value).ok_or_else(frame_is_no_number))
            .transpose()?;
        Ok(GetDevToolsSnapshot { run_id, frame_no })
    }
}

/// Numbers may stand in a query as texts.
fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok().filter(|number| *number <= MOST),
        value => integer_up_to(value, MOST),
    }
}

fn frame_is_no_number() -> RpcError {
    let message = format!("frameNo must be an integer between 0 and {MOST}.");
    RpcError::new(ErrorCode::FrameOutOfRange, message)
}

/// Parameters of `streamDevTools`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamDevTools {
    /// The run.
    pub run_id: String,
    /// Tell what came after this frame.
    pub after: Option<After>,
}

/// The frame that a client has seen last, and the name under which it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// The frame.
    pub seq: u64,
    name: &'static str,
}

impl StreamDevTools {
    /// Reads the parameters. A number that is present must be one: null is refused as well.
    pub fn read(params: &Params) -> Result<StreamDevTools, RpcError> {
        let run_id = checked_run_id(params)?;
        let (from, after) = (seq(params, "fromSeq")?, seq(params, "afterSeq")?);
        if let (Some(from), Some(after)) = (from, after)
            && from.seq != after.seq
        {
            return Err(RpcError::new(
                ErrorCode::SeqOutOfRange,
                "fromSeq and afterSeq must match when both are provided",
            ));
        }
        let after = from.or(after);
        Ok(StreamDevTools { run_id, after })
    }
}

impl After {
    /// Refuses a frame that the run does not have yet.
    pub fn check(self, newest: u64) -> Result<(), RpcError> {
        if self.seq <= newest {
            return Ok(());
        }
        let (name, seq) = (self.name, self.seq);
        let message = format!("{name} {seq} is newer than current seq {newest}");
        Err(RpcError::new(ErrorCode::SeqOutOfRange, message))
    }
}

fn seq(params: &Params, name: &'static str) -> Result<Option<After>, RpcError> {
    let Some(value) = params.get(name) else {
        return Ok(None);
    };
    let seq = integer_up_to(value, limits::MAX_SAFE_INTEGER).ok_or_else(|| {
        let message = format!("{name} must be a non-negative integer.");
        RpcError::new(ErrorCode::SeqOutOfRange, message)
    })?;
    Ok(Some(After { seq, name }))
}

fn checked_run_id(params: &Params) -> Result<String, RpcError> {
    let run_id = text(params, "runId").unwrap_or_default();
    check_run_id(&run_id)?;
    Ok(run_id)
}
