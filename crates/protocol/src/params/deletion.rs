//! `deleteRun` and `holdRun`: administration that the public gateway lacks.

use super::Params;
use super::fields::{flag, required_text, text};
use crate::error::RpcError;
use crate::limits::MAX_REASON_CHARS;

/// Parameters of `deleteRun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRun {
    /// The run.
    pub run_id: String,
    /// Also the runs that it has started, and theirs.
    pub with_children: bool,
    /// Only say what would go.
    pub dry_run: bool,
    /// Why, for the tombstone and the audit trail.
    pub reason: Option<String>,
}

impl DeleteRun {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the run is not named or the reason is too long.
    pub fn read(params: &Params) -> Result<DeleteRun, RpcError> {
        Ok(DeleteRun {
            run_id: required_text(params, "runId")?,
            with_children: flag(params, "withChildren").unwrap_or(false),
            dry_run: flag(params, "dryRun").unwrap_or(false),
            reason: reason(params)?,
        })
    }
}

/// Parameters of `holdRun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRun {
    /// The run.
    pub run_id: String,
    /// Hold it, or release it.
    pub hold: bool,
    /// Why; a hold must say so.
    pub reason: Option<String>,
}

impl HoldRun {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the run is not named, `hold` is neither true nor false, or a hold has no reason or
    /// one that is too long.
    pub fn read(params: &Params) -> Result<HoldRun, RpcError> {
        let request = HoldRun {
            run_id: required_text(params, "runId")?,
            hold: flag(params, "hold")
                .ok_or_else(|| RpcError::invalid_request("hold must be true or false"))?,
            reason: reason(params)?,
        };
        if request.hold && request.reason.is_none() {
            return Err(RpcError::invalid_request("a hold needs a reason"));
        }
        Ok(request)
    }
}

fn reason(params: &Params) -> Result<Option<String>, RpcError> {
    let reason = text(params, "reason");
    if reason
        .as_ref()
        .is_some_and(|reason| reason.chars().count() > MAX_REASON_CHARS)
    {
        let message = format!("reason must be at most {MAX_REASON_CHARS} characters");
        return Err(RpcError::invalid_request(message));
    }
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn params(value: Value) -> Params {
        match value {
            Value::Object(params) => params,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_deletion_names_its_run_and_spares_children_unless_told() {
        let read = DeleteRun::read(&params(json!({"runId": "r"}))).unwrap();
        assert_eq!(
            (read.with_children, read.dry_run, read.reason),
            (false, false, None)
        );
        let error = DeleteRun::read(&params(json!({"dryRun": true}))).unwrap_err();
        assert_eq!(error.to_string(), "INVALID_REQUEST: runId is required");
    }

    #[test]
    fn a_hold_says_why_and_a_release_need_not() {
        let refused = |value| HoldRun::read(&params(value)).unwrap_err().to_string();
        assert_eq!(
            refused(json!({"runId": "r", "hold": true})),
            "INVALID_REQUEST: a hold needs a reason"
        );
        assert_eq!(
            refused(json!({"runId": "r", "reason": "x"})),
            "INVALID_REQUEST: hold must be true or false"
        );
        let long = "x".repeat(MAX_REASON_CHARS + 1);
        let error = refused(json!({"runId": "r", "hold": true, "reason": long}));
        assert!(error.contains("at most"), "{error}");
        assert!(HoldRun::read(&params(json!({"runId": "r", "hold": false}))).is_ok());
    }
}
