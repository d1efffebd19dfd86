//! `getRun`, `listRuns`, `listRunTokenUsage`, `cancelRun`, `pauseRun`, `resumeRun`, `retryTask`, `runs.rerun` and `listWorkflows`.

use super::Params;
use super::approvals::iteration;
use super::fields::{flag, integer_up_to, limit, object, present, required_text, text};
use super::ids::check_run_id;
use crate::error::RpcError;
use crate::limits;

macro_rules! names_one_run {
    ($($(#[$doc:meta])+ $name:ident;)+) => {
        $(
            $(#[$doc])+
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name {
                /// The run; any text, since a run that does not exist is not found whatever its form.
                pub run_id: String,
            }

            impl $name {
                /// Reads the parameters.
                pub fn read(params: &Params) -> Result<$name, RpcError> {
                    Ok($name { run_id: required_text(params, "runId")? })
                }
            }
        )+
    };
}

names_one_run! {
    /// Parameters of `getRun`.
    GetRun;
    /// Parameters of `cancelRun`.
    CancelRun;
    /// Parameters of `pauseRun`.
    PauseRun;
    /// Parameters of `listRunTokenUsage`.
    ListRunTokenUsage;
}

/// Parameters of `resumeRun`. Of its options, `force` has no effect: a run that executes is never taken from who
/// executes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeRun {
    /// The run.
    pub run_id: String,
    /// It may go on with a workflow that has changed since.
    pub accept_workflow_change: bool,
}

impl ResumeRun {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ResumeRun, RpcError> {
        Ok(ResumeRun {
            run_id: required_text(params, "runId")?,
            accept_workflow_change: accepts_workflow_change(params),
        })
    }
}

/// The flag stands with the options, or beside them.
fn accepts_workflow_change(params: &Params) -> bool {
    let key = "acceptWorkflowChange";
    let options = object(params, "options");
    flag(&options, key)
        .or_else(|| flag(params, key))
        .unwrap_or(false)
}

/// Parameters of `retryTask`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryTask {
    /// The run.
    pub run_id: String,
    /// The node.
    pub node_id: String,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// What came after it is done again too.
    pub reset_dependents: bool,
    /// It may be done again with a workflow that has changed since.
    pub accept_workflow_change: bool,
}

impl RetryTask {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<RetryTask, RpcError> {
        Ok(RetryTask {
            run_id: required_text(params, "runId")?,
            node_id: required_text(params, "nodeId")?,
            iteration: iteration(params)?,
            reset_dependents: flag(params, "resetDependents").unwrap_or(true),
            accept_workflow_change: accepts_workflow_change(params),
        })
    }
}

/// Parameters of `runs.rerun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RerunRun {
    /// The run whose input is used again.
    pub run_id: String,
    /// Id that the new run shall have; well-formed.
    pub new_run_id: Option<String>,
}

impl RerunRun {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<RerunRun, RpcError> {
        let new_run_id = text(params, "newRunId");
        new_run_id.as_deref().map_or(Ok(()), check_run_id)?;
        Ok(RerunRun {
            run_id: required_text(params, "runId")?,
            new_run_id,
        })
    }
}

/// Parameters of `listRuns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRuns {
    /// Most rows to answer.
    pub limit: usize,
    /// Rows to leave out, counted from the newest.
    pub offset: u64,
    /// Only runs in this status; `running` also means `continued`.
    pub status: Option<String>,
    /// Only runs of this workflow, by its key.
    pub workflow: Option<String>,
    /// Only children of this run.
    pub parent_run_id: Option<String>,
    /// Also runs of internal workflows.
    pub include_system: bool,
}

impl Default for ListRuns {
    fn default() -> ListRuns {
        ListRuns {
            limit: limits::LIST_RUNS_DEFAULT,
            offset: 0,
            status: None,
            workflow: None,
            parent_run_id: None,
            include_system: false,
        }
    }
}

impl ListRuns {
    /// Reads the parameters `{filter?}`.
    pub fn read(params: &Params) -> Result<ListRuns, RpcError> {
        ListRuns::read_filter(&object(params, "filter"))
    }

    /// Reads the filter itself, as the REST routes have it.
    pub fn read_filter(filter: &Params) -> Result<ListRuns, RpcError> {
        let limit = limit(filter)?.unwrap_or(limits::LIST_RUNS_DEFAULT);
        let offset = match present(filter, "offset") {
            None => 0,
            Some(value) => integer_up_to(value, limits::MAX_SAFE_INTEGER).ok_or_else(|| {
                RpcError::invalid_request("offset must be a non-negative integer")
            })?,
        };
        Ok(ListRuns {
            limit,
            offset,
            status: text(filter, "status"),
            workflow: text(filter, "workflow"),
            parent_run_id: text(filter, "parentRunId"),
            include_system: flag(filter, "includeSystem").unwrap_or(false),
        })
    }
}

/// Parameters of `listWorkflows`; the fields may be in `filter` or beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListWorkflows {
    /// Only workflows with, or without, a user interface.
    pub has_ui: Option<bool>,
    /// Also internal workflows.
    pub include_system: bool,
}

impl ListWorkflows {
    /// Reads the parameters; nothing in them can be wrong.
    pub fn read(params: &Params) -> ListWorkflows {
        let filter = object(params, "filter");
        let either = |key: &str| flag(&filter, key).or_else(|| flag(params, key));
        ListWorkflows {
            has_ui: either("hasUi"),
            include_system: either("includeSystem").unwrap_or(false),
        }
    }
}
