//! A workflow in Rust that reads no rows has the same story whether or not its frames stand.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use smithers_model::run::RunStatus;
use smithers_store::MemoryStore;

use super::{Standing, Watched};
use crate::testing::{Bench, launch, workflow};

/// Runs a chain of a static task, a function and two static ones. Returns its story and how often it was rendered.
async fn played(standing: Standing) -> (String, usize) {
    let inner = workflow("w", |ui| {
        ui.sequence(|ui| {
            let row = json!({"ok": true, "n": 1});
            ui.task("a").value(&row);
            let output = row.clone();
            ui.task("b").compute(move || {
                let output = output.clone();
                Box::pin(async move { Ok(output) })
            });
            ui.task("c").value(&row);
            ui.task("d").value(&row);
        });
    });
    let watched = Watched::new(Arc::new(inner), standing);
    let renders = watched.renders();
    let bench = Bench::of(MemoryStore::default(), vec![Arc::new(watched)]);
    bench.runs.launch(launch("w", "r1")).await.unwrap();
    let row = bench.wait("r1", |row| row.status.is_terminal()).await;
    assert_eq!(row.status, RunStatus::Finished, "{:?}", row.error);
    (bench.story("r1"), renders.load(Ordering::SeqCst))
}

#[actix::test]
async fn frames_that_stand_are_told_as_if_they_had_been_rendered() {
    let (rendered, each) = played(Standing::Never).await;
    let (stood, few) = played(Standing::WithoutCalls).await;
    assert_eq!(rendered, stood);
    // One for each end, the first one, and the stability check; the first and the one before the function remain.
    assert_eq!((each, few), (6, 2));
}
