//! A schedule among the load: it fires every second, and every second must have had one run, however often the gateway
//! was killed in it.

use anyhow::{Context, Result, bail, ensure};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use smithers_testkit::rpc;

use super::traffic::TOKEN;

/// Id of the schedule.
const TICK: &str = "tick";
const SECOND_MS: i64 = 1_000;

/// Stores the schedule: every second, and a run for each second that the gateway missed.
pub(crate) async fn begin(address: &str) -> Result<()> {
    let params = json!({
        "cronId": TICK,
        "workflow": "quick",
        "pattern": "* * * * * *",
        "timeZone": "UTC",
        "catchUp": "all",
    });
    ask(address, "cronCreate", &params).await
}

/// Removes it, so that the last run of the load can end.
pub(crate) async fn end(address: &str) -> Result<()> {
    ask(address, "cronDelete", &json!({ "cronId": TICK })).await
}

async fn ask(address: &str, method: &str, params: &serde_json::Value) -> Result<()> {
    match rpc::call(address, TOKEN, method, params).await? {
        Ok(_) => Ok(()),
        Err(refusal) => bail!("{method} was refused: {refusal:?}"),
    }
}

/// From its first second to the one that comes next, every second has one run.
pub(crate) fn check(connection: &Connection) -> Result<()> {
    // One statement, because the gateway goes on meanwhile.
    let sql = "SELECT created_at_ms, next_run_at_ms,
            (SELECT count(*) FROM _smithers_events WHERE type = 'CronTriggered')
        FROM _smithers_cron WHERE cron_id = ?1";
    let stored = connection
        .query_row(sql, [TICK], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()
        .context("failed to read the schedule")?;
    let Some((created, next, fired)): Option<(i64, i64, i64)> = stored else {
        return Ok(());
    };
    let first = created - created.rem_euclid(SECOND_MS) + SECOND_MS;
    let due = (next - first) / SECOND_MS;
    ensure!(
        fired == due,
        "the schedule has fired {fired} times in {due} seconds"
    );
    Ok(())
}
