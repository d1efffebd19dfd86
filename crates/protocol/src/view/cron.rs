//! Rows of `cronList` and answers of the methods about schedules.

use serde::Serialize;

/// A schedule (gateway-protocol 14); the fields behind `workflow` are ours.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CronRow<'a> {
    /// Its id.
    pub cron_id: &'a str,
    /// When it fires.
    pub pattern: &'a str,
    /// `gateway:` and the key of the workflow.
    pub workflow_path: String,
    /// Whether it fires.
    pub enabled: bool,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
    /// When it launched a run last.
    pub last_run_at_ms: Option<i64>,
    /// When it fires next.
    pub next_run_at_ms: Option<i64>,
    /// Why the firing that is overdue has failed: an error as JSON text.
    pub error_json: Option<String>,
    /// Key of the workflow.
    pub workflow: &'a str,
    /// Name of the zone whose clock the pattern means; none for that of the gateway's machine.
    pub time_zone: Option<&'a str>,
    /// `allow` or `skip`.
    pub overlap: &'a str,
    /// `one`, `all` or `none`.
    pub catch_up: &'a str,
    /// The run that it launched by itself last.
    pub last_run_id: Option<&'a str>,
    /// User id of whoever made it; none when the module did.
    pub created_by: Option<&'a str>,
    /// The module asks for it.
    pub declared: bool,
}

/// The answer of `cronDelete`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CronDeleted<'a> {
    /// The schedule that was removed.
    pub cron_id: &'a str,
    /// Always true.
    pub removed: bool,
}
