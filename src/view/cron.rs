//! Schedules as clients see them.

use smithers_model::RunId;
use smithers_model::schedule::Schedule;
use smithers_protocol::view::CronRow;

/// The row of `cronList` and `cronCreate` (gateway-protocol 14).
pub(crate) fn cron_row(schedule: &Schedule) -> CronRow<'_> {
    let plan = &schedule.plan;
    let error = schedule.error.as_ref();
    CronRow {
        cron_id: schedule.id.as_str(),
        pattern: &plan.pattern,
        workflow_path: format!("gateway:{}", schedule.workflow_key),
        enabled: schedule.enabled,
        created_at_ms: schedule.created_at.0,
        last_run_at_ms: schedule.last_run_at.map(|at| at.0),
        next_run_at_ms: schedule.next_run_at.map(|at| at.0),
        error_json: error.map(|error| {
            serde_json::json!({ "code": error.code, "message": error.message }).to_string()
        }),
        workflow: schedule.workflow_key.as_str(),
        time_zone: plan.time_zone.as_deref(),
        overlap: plan.overlap.as_str(),
        catch_up: plan.catch_up.as_str(),
        last_run_id: schedule.last_run_id.as_ref().map(RunId::as_str),
        created_by: schedule.created_by.as_deref(),
        declared: schedule.declared,
    }
}
