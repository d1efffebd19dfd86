//! Aspects: limits of a run that the workflow states around its tasks (workflow-model 3.10, 18).

use serde::{Deserialize, Serialize};

/// What stands around a task. A field that is missing is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aspects {
    /// Most tokens that calls of agents may have used in the run, read and written together, when a task starts.
    pub token_budget: Option<AspectLimit>,
    /// Highest age of the run, in milliseconds since it first started, when a task starts.
    pub latency_slo: Option<AspectLimit>,
}

/// A limit, and what follows once it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AspectLimit {
    /// It is reached from here on.
    pub max: u64,
    /// What follows.
    pub on_exceeded: OnExceeded,
}

/// What becomes of a task that would start when a limit is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnExceeded {
    /// The run fails with `ASPECT_BUDGET_EXCEEDED`.
    #[default]
    Fail,
    /// It starts, and its output says so once.
    Warn,
    /// It is left out.
    SkipRemaining,
}
