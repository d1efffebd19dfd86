//! The clients: one launches, one decides, several follow streams. Each goes on until the gateway dies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use smithers_testkit::{Socket, rpc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::ledger::{Ledger, Seen};
use super::rng::Rng;

/// Token of all clients.
pub(crate) const TOKEN: &str = "crash-token";
/// Streams that are followed at the same time.
const FOLLOWERS: usize = 6;
/// Every so many launches one is followed by a client.
const FOLLOWED_EVERY: u64 = 3;
/// Workflows of the module under load; one is as likely as another.
const WORKFLOWS: [&str; 7] = ["quick", "busy", "gate", "rounds", "nested", "chain", WAITS];
/// The workflow that waits for a signal.
const WAITS: &str = "waits";
/// Pause of a client that finds nothing to do.
const IDLE: Duration = Duration::from_millis(5);

/// Where the traffic goes, and when it has to end.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    address: String,
    ledger: Arc<Ledger>,
    over: Arc<AtomicBool>,
}

impl Traffic {
    /// Prepares traffic to `address` that is entered in `ledger`.
    pub(crate) fn new(address: &str, ledger: Arc<Ledger>) -> Self {
        Self {
            address: address.to_owned(),
            ledger,
            over: Arc::default(),
        }
    }

    /// Starts deciding and following clients, and a launching one when `launches` names the round.
    pub(crate) fn start(&self, launches: Option<u64>, rng: &mut Rng) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        if let Some(round) = launches {
            clients.spawn(self.clone().launch(round, rng.fork()));
        }
        clients.spawn(self.clone().decide(rng.fork()));
        for _ in 0..FOLLOWERS {
            clients.spawn(self.clone().follow());
        }
        clients
    }

    /// Tells all clients that it is over.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Calls a method; `None` when the gateway is gone.
    async fn call(&self, method: &str, params: Value) -> Option<Result<Value, rpc::Refusal>> {
        rpc::call(&self.address, TOKEN, method, &params).await.ok()
    }

    async fn launch(self, round: u64, mut rng: Rng) {
        for number in 0.. {
            if self.is_over() {
                return;
            }
            let workflow = rng.pick(&WORKFLOWS);
            let run = format!("crash-{round}-{number}");
            let params = json!({ "workflow": workflow, "input": { "ms": rng.below(60) },
                "idempotencyKey": run, "options": { "runId": run } });
            match self.call("launchRun", params).await {
                Some(Ok(_)) => self.ledger.launched(&run, number % FOLLOWED_EVERY == 0),
                Some(Err(refusal)) => self
                    .ledger
                    .broken(format!("launch of {run} was refused: {refusal:?}")),
                None => return,
            }
            if workflow == WAITS && self.signal(&run).await.is_none() {
                return;
            }
            sleep(Duration::from_millis(rng.below(25))).await;
        }
    }

    /// Sends the signal that a run waits for, or will wait for; `None` when the gateway is gone.
    async fn signal(&self, run: &str) -> Option<()> {
        let params = json!({ "runId": run, "signalName": "go", "data": { "n": 1 } });
        match self.call("submitSignal", params).await? {
            Ok(_) => self.ledger.signalled(run),
            Err(refusal) => self
                .ledger
                .broken(format!("signal to {run} was refused: {refusal:?}")),
        }
        Some(())
    }

    async fn decide(self, mut rng: Rng) {
        while !self.is_over() {
            let Some(Ok(waiting)) = self.call("listApprovals", json!({})).await else {
                return;
            };
            for row in waiting.as_array().into_iter().flatten() {
                let run = row["runId"].as_str().unwrap_or_default().to_owned();
                let approved = rng.below(2) == 0;
                let params = json!({ "runId": run, "nodeId": row["nodeId"], "iteration": 0, "approved": approved });
                match self.call("submitApproval", params).await {
                    Some(Ok(_)) => self.ledger.decided(&run, approved),
                    Some(Err(refusal)) => self
                        .ledger
                        .broken(format!("decision of {run} was refused: {refusal:?}")),
                    None => return,
                }
            }
            sleep(IDLE).await;
        }
    }

    async fn follow(self) {
        while !self.is_over() {
            match self.ledger.take_stream() {
                Some((run, after)) => {
                    let followed = self.follow_one(&run, after).await;
                    self.ledger.release_stream(&run);
                    if followed.is_err() {
                        return;
                    }
                }
                None => sleep(IDLE).await,
            }
        }
    }

    /// Follows a run to its end; an error means that the gateway is gone.
    async fn follow_one(&self, run: &str, after: u64) -> Result<()> {
        let mut socket = Socket::open(&self.address, "/", &[]).await?;
        socket.connect(TOKEN, Some(&[run])).await?;
        let answer = socket
            .request(
                "streamRunEvents",
                json!({ "runId": run, "afterSeq": after }),
            )
            .await;
        if let Err(error) = &answer {
            let text = format!("{error:#}");
            if text.contains("refused") {
                self.ledger
                    .broken(format!("stream of {run} after {after}: {text}"));
            }
        }
        answer?;
        loop {
            let frame = socket.next().await?;
            match frame["event"].as_str() {
                Some("run.event") => {
                    let Some(event) = Seen::of(&frame["payload"]) else {
                        self.ledger
                            .broken(format!("{run}: an event without its numbers: {frame}"));
                        continue;
                    };
                    let is_end = event.is_end();
                    self.ledger.saw(run, event);
                    if is_end {
                        return Ok(());
                    }
                }
                Some("run.gap_resync" | "run.error") => {
                    self.ledger.broken(format!("{run}: {frame}"))
                }
                _ => {}
            }
            if self.is_over() {
                return Ok(());
            }
        }
    }
}

/// Returns the path of the module under load.
pub(crate) fn module(root: &Path) -> String {
    root.join("tests/fixtures/crash/gateway.tsx")
        .display()
        .to_string()
}
