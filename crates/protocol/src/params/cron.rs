//! `cronList`, `cronCreate`, `cronDelete` and `cronRun`.

use super::Params;
use super::fields::{flag, object, present, required_text, text};
use super::launch::check_input;
use crate::error::RpcError;

/// Longest id of a schedule, in bytes.
const MAX_ID: usize = 128;

/// Parameters of `cronList`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronList {
    /// Only schedules of this workflow.
    pub workflow: Option<String>,
}

impl CronList {
    /// Reads the parameters.
    pub fn read(params: &Params) -> CronList {
        CronList {
            workflow: text(&object(params, "filter"), "workflow"),
        }
    }
}

/// Parameters of `cronCreate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronCreate {
    /// Key of the workflow to launch.
    pub workflow: String,
    /// When.
    pub pattern: String,
    /// Id of the schedule; one of the same id is replaced.
    pub cron_id: Option<String>,
    /// Whether it fires.
    pub enabled: bool,
    /// Whose clock the pattern means.
    pub time_zone: Option<String>,
    /// What becomes of a firing while the run before it goes on.
    pub overlap: Option<String>,
    /// What becomes of firings that were missed.
    pub catch_up: Option<String>,
}

impl CronCreate {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when workflow or pattern is missing, or an option is not a text.
    pub fn read(params: &Params) -> Result<CronCreate, RpcError> {
        let (Some(workflow), Some(pattern)) = (text(params, "workflow"), text(params, "pattern"))
        else {
            return Err(RpcError::invalid_request(
                "workflow and pattern are required",
            ));
        };
        let cron_id = text(params, "cronId");
        cron_id.as_deref().map_or(Ok(()), check_id)?;
        Ok(CronCreate {
            workflow,
            pattern,
            cron_id,
            enabled: flag(params, "enabled").unwrap_or(true),
            time_zone: option(params, "timeZone")?,
            overlap: option(params, "overlap")?,
            catch_up: option(params, "catchUp")?,
        })
    }
}

/// Parameters of `cronDelete`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronDelete {
    /// The schedule.
    pub cron_id: String,
}

impl CronDelete {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the schedule is not named.
    pub fn read(params: &Params) -> Result<CronDelete, RpcError> {
        let cron_id = required_text(params, "cronId")?;
        Ok(CronDelete { cron_id })
    }
}

/// Parameters of `cronRun`.
#[derive(Debug, Clone, PartialEq)]
pub struct CronRun {
    /// The schedule to fire now.
    pub cron_id: Option<String>,
    /// The workflow to launch when no schedule is named.
    pub workflow: Option<String>,
    /// Input of the run; anything but an object counts as an empty one.
    pub input: Params,
}

impl CronRun {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when neither a schedule nor a workflow is named.
    pub fn read(params: &Params) -> Result<CronRun, RpcError> {
        let request = CronRun {
            cron_id: text(params, "cronId"),
            workflow: text(params, "workflow"),
            input: object(params, "input"),
        };
        if request.cron_id.is_none() && request.workflow.is_none() {
            return Err(RpcError::cron_or_workflow_required());
        }
        check_input(&request.input)?;
        Ok(request)
    }
}

fn option(params: &Params, key: &str) -> Result<Option<String>, RpcError> {
    match present(params, key) {
        None => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(RpcError::invalid_request(format!("{key} must be a text"))),
        },
    }
}

fn check_id(id: &str) -> Result<(), RpcError> {
    let is_fine = id.len() <= MAX_ID && !id.chars().any(char::is_control);
    if is_fine {
        return Ok(());
    }
    let message = format!("cronId must be at most {MAX_ID} bytes, without control characters");
    Err(RpcError::invalid_request(message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn params(value: Value) -> Params {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_schedule_needs_a_workflow_and_a_pattern_and_fires_unless_told_otherwise() {
        let error = CronCreate::read(&params(json!({ "workflow": "w" }))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "INVALID_REQUEST: workflow and pattern are required"
        );
        let whole = json!({ "workflow": "w", "pattern": "@daily", "overlap": "skip" });
        let read = CronCreate::read(&params(whole)).unwrap();
        assert!(read.enabled);
        assert_eq!(read.overlap.as_deref(), Some("skip"));
        assert_eq!(read.cron_id, None);
    }

    #[test]
    fn options_that_are_no_texts_and_endless_ids_are_refused() {
        let refused = |key: &str, value: Value| {
            let mut whole = params(json!({ "workflow": "w", "pattern": "@daily" }));
            whole.insert(key.into(), value);
            CronCreate::read(&whole).unwrap_err().to_string()
        };
        assert!(refused("timeZone", json!(1)).contains("timeZone must be a text"));
        assert!(refused("cronId", json!("x".repeat(129))).contains("at most 128 bytes"));
        assert!(refused("cronId", json!("a\nb")).contains("control characters"));
    }

    #[test]
    fn a_run_on_request_names_a_schedule_or_a_workflow() {
        let error = CronRun::read(&Params::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "INVALID_REQUEST: cronId or workflow is required"
        );
        assert!(CronRun::read(&params(json!({ "cronId": "c" }))).is_ok());
    }
}
