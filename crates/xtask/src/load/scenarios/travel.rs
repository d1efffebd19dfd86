//! Time travel: what histories cost a task, however long the chain, and how long it takes to go back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::samples::{Samples, millis};
use crate::load::stage::{Load, Stage};

/// The workflows and the words for them.
const KINDS: [(&str, &str); 2] = [("chain", "static"), ("compute", "compute")];
/// Lengths of the chains.
const LENGTHS: [u64; 3] = [100, 1_000, 10_000];
/// Longest wait for the end of a run.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    for (workflow, word) in KINDS {
        let stage = Stage::start(load).await?;
        warm_up(&stage, workflow).await?;
        for length in LENGTHS {
            let key = format!("travel.{word}.{length}");
            one(&stage, samples, workflow, &key, length).await?;
        }
    }
    Ok(())
}

async fn warm_up(stage: &Stage, workflow: &str) -> Result<()> {
    stage.launch(workflow, "warm", json!({ "n": 10 })).await?;
    ended(stage, "warm").await
}

async fn one(
    stage: &Stage,
    samples: &mut Samples,
    workflow: &str,
    key: &str,
    length: u64,
) -> Result<()> {
    let run = format!("r-{length}");
    let before = stage.database_bytes()?;
    let begun = Instant::now();
    stage.launch(workflow, &run, json!({ "n": length })).await?;
    ended(stage, &run).await?;
    let per_task = begun.elapsed().as_secs_f64() * 1e6 / length as f64;
    samples.add(format!("{key}.time"), per_task, "us a task");
    let grown = stage.database_bytes()?.saturating_sub(before);
    samples.add(
        format!("{key}.growth"),
        grown as f64 / length as f64,
        "B a task",
    );
    let history = format!(
        "SELECT coalesce(sum(length(content) + length(content_hash)), 0) FROM _smithers_snapshots WHERE run_id = '{run}'"
    );
    let history = stage.number(&history)? as f64 / length as f64;
    samples.add(format!("{key}.history"), history, "B a task");
    let newest = stage.number(&format!(
        "SELECT max(frame_no) FROM _smithers_frames WHERE run_id = '{run}'"
    ))?;
    samples.add(
        format!("{key}.late"),
        back(stage, &run, newest - 1).await?,
        "ms",
    );
    samples.add(format!("{key}.first"), back(stage, &run, 1).await?, "ms");
    Ok(())
}

/// Takes the run back, and returns how long that took until it was durable.
async fn back(stage: &Stage, run: &str, frame: u64) -> Result<f64> {
    let begun = Instant::now();
    let params = json!({ "runId": run, "frameNo": frame, "confirm": true });
    stage.ask("rewindRun", params).await?;
    let took = millis(begun.elapsed());
    ended(stage, run).await?;
    Ok(took)
}

/// Waits for the end of a run without asking the gateway, which would answer in time that is measured.
async fn ended(stage: &Stage, run: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let finished = format!(
        "SELECT count(*) FROM _smithers_runs WHERE run_id = '{run}' AND status = 'finished'"
    );
    while stage.number(&finished)? == 0 {
        ensure!(Instant::now() < deadline, "{run} does not end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
