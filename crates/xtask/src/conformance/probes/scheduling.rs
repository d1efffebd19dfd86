//! Steps of a probe about schedules: one whose firings are seconds away, the runs that came of it, and the command line.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use smithers_testkit::wait;

use super::stage::{SETTLE_DEADLINE, Stage};
use crate::process;

const SECONDS_OF_MINUTE: u64 = 60;
const SECONDS_OF_DAY: u64 = 24 * 60 * 60;

impl Stage {
    /// Runs the binary; the result is what it printed as JSON.
    pub(super) fn command(&self, step: &Value) -> Result<Value> {
        let arguments = step["args"].as_array().context("a command has args")?;
        let mut command = Command::new(self.binary());
        command.args(arguments.iter().filter_map(Value::as_str));
        let printed = process::output(command)?;
        serde_json::from_str(&printed).context("the command printed no JSON")
    }

    /// Stores a schedule that fires once a day at each of the seconds that `inSeconds` names, counted from now.
    pub(super) async fn schedule(&self, step: &Value) -> Result<Value> {
        let offsets: Vec<u64> = serde_json::from_value(step["inSeconds"].clone())
            .context("a schedule names inSeconds")?;
        let last = offsets.iter().max().context("inSeconds is not empty")?;
        ensure!(*last < SECONDS_OF_MINUTE / 2, "inSeconds are below 30");
        let now = with_room_for(*last).await?;
        let seconds = offsets
            .iter()
            .map(|offset| now % SECONDS_OF_MINUTE + offset);
        let seconds: Vec<String> = seconds.map(|second| second.to_string()).collect();
        let minute = now / SECONDS_OF_MINUTE % 60;
        let hour = now % SECONDS_OF_DAY / (60 * 60);
        let params = json!({
            "workflow": self.workflow(),
            "cronId": step["cronId"],
            "catchUp": step["catchUp"],
            "timeZone": "UTC",
            "pattern": format!("{} {minute} {hour} * * *", seconds.join(",")),
        });
        Ok(match self.call("cronCreate", params).await? {
            Ok(row) => json!({ "cronId": row["cronId"] }),
            Err(refusal) => json!({ "thrown": refusal.code }),
        })
    }

    /// Waits until there are as many runs as `count` says and all have ended well.
    pub(super) async fn runs(&self, step: &Value) -> Result<Value> {
        let what = format!("{} finished runs", step["count"]);
        let found = || async {
            let runs = self.call("listRuns", json!({})).await?;
            let runs = runs.unwrap_or_default();
            let runs = runs.as_array().into_iter().flatten();
            let finished = runs.filter(|run| run["status"] == "finished").count();
            Ok((step["count"] == finished).then_some(()))
        };
        wait::until(&what, SETTLE_DEADLINE, found).await?;
        Ok(json!({ "finished": step["count"] }))
    }
}

/// The seconds since 1970 at a moment after which `seconds` pass in the same minute.
async fn with_room_for(seconds: u64) -> Result<u64> {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = now.as_secs();
        if now % SECONDS_OF_MINUTE + seconds < SECONDS_OF_MINUTE {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
