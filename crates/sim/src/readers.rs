//! Readers: they come at any moment, read fast or slowly, leave and come again, and check what they see: streams are
//! whole or say what they have lost, and nothing is shown before it is stored.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::Value;
use smithers_actors::hub::{Handle, Replay, Subscription};
use smithers_model::RunId;
use smithers_store::Backend;
use tokio::time::sleep;

use crate::ledger::Ledger;
use crate::people::{AGAIN, run_id};
use crate::socket::{Pace, Socket};

/// What a reader listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ears {
    /// A stream of the run of this index.
    Stream(usize),
    /// The plain events of every run.
    Everything,
}

/// One reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderPlan {
    /// What it listens to.
    pub ears: Ears,
    /// When it comes in each life, milliseconds.
    pub joins_at: u64,
    /// How it reads.
    pub pace: Pace,
    /// After how many frames it leaves and comes again.
    pub patience: u32,
}

impl ReaderPlan {
    pub(crate) fn random(dice: &mut StdRng, runs: usize) -> Self {
        let ears = match dice.random_range(0..3) {
            0 => Ears::Everything,
            _ => Ears::Stream(dice.random_range(0..runs)),
        };
        // Most come before there is anything to see: what goes wrong goes wrong early.
        let latest = [5, 5, 150][dice.random_range(0..3)];
        let joins_at = dice.random_range(0..latest);
        Self {
            ears,
            joins_at,
            pace: Pace {
                bytes: [64 << 10, 4 << 10, 500][dice.random_range(0..3)],
                pause_ms: dice.random_range(0..20),
            },
            patience: dice.random_range(5..100),
        }
    }
}

/// A reader in one life.
pub(crate) struct Reader {
    /// Its number among the readers of the plan.
    pub(crate) number: usize,
    pub(crate) plan: ReaderPlan,
    pub(crate) hub: Handle,
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
}

impl Reader {
    /// Reads until the life ends, or until something is wrong.
    pub(crate) async fn read(self) {
        sleep(Duration::from_millis(self.plan.joins_at)).await;
        loop {
            let seen = match self.plan.ears {
                Ears::Stream(index) => self.stream(&run_id(index)).await,
                Ears::Everything => self.listen().await,
            };
            if let Err(broken) = seen {
                let broken = format!("reader {}: {broken}", self.number);
                return self.ledger.lock().broken.push(broken);
            }
            sleep(AGAIN).await;
        }
    }

    /// The number of the last event that this reader has seen, in whatever life.
    fn seen(&self) -> u64 {
        let ledger = self.ledger.lock();
        ledger.seen.get(&self.number).copied().unwrap_or(0)
    }

    /// Opens a stream after the last event that was seen, and reads it for a while.
    async fn stream(&self, run: &RunId) -> Result<(), String> {
        let Some(newest) = newest(&*self.store, run) else {
            return Ok(());
        };
        let after = self.seen();
        if after > newest {
            return Err(format!(
                "event {after} of {run} was shown and is not stored"
            ));
        }
        let replay = Replay::plan(Some(after), newest, self.hub.event_window());
        let mut socket = Socket::open(&self.hub, self.plan.pace);
        let nobody = Subscription::of(Some(&["nobody".to_owned()]));
        socket.greet(nobody, self.hub.state_version());
        let Ok(stream) = self.hub.open_stream(socket.session, run, replay) else {
            return Ok(());
        };
        let mut left = self.plan.patience;
        while left > 0
            && let Some(frame) = socket.next().await
        {
            left -= 1;
            if frame["payload"]["streamId"] == stream.as_str() && !self.take(run, &frame)? {
                break;
            }
        }
        Ok(())
    }

    /// Checks a frame of a stream; false when the stream has ended.
    fn take(&self, run: &RunId, frame: &Value) -> Result<bool, String> {
        let (payload, due) = (&frame["payload"], self.seen() + 1);
        let number = |name: &str| payload[name].as_u64().unwrap_or(0);
        let seen = match frame["event"].as_str() {
            Some("run.event") => number("seq"),
            Some("run.gap_resync") => {
                let (from, to) = (number("fromSeq"), number("toSeq"));
                if from != due || to < from {
                    return Err(format!("a gap of {from} to {to} where {due} was due"));
                }
                to
            }
            Some("run.error") => return Ok(false),
            other => return Err(format!("a frame {other:?} in a stream")),
        };
        if frame["event"] == "run.event" && seen != due {
            return Err(format!("event {seen} of {run} where {due} was due"));
        }
        if newest(&*self.store, run).is_none_or(|newest| newest < seen) {
            return Err(format!("event {seen} of {run} is shown and not stored"));
        }
        self.ledger.lock().seen.insert(self.number, seen);
        Ok(true)
    }

    /// Listens for a while; every version after that of the greeting must come, once and in order.
    async fn listen(&self) -> Result<(), String> {
        let mut socket = Socket::open(&self.hub, self.plan.pace);
        sleep(AGAIN).await;
        let Some(mut version) = self.version() else {
            return Ok(());
        };
        socket.greet(Subscription::Everything, version);
        let mut left = self.plan.patience;
        while left > 0
            && let Some(frame) = socket.next().await
        {
            left -= 1;
            if frame["type"] != "event" {
                continue;
            }
            let shown = frame["stateVersion"].as_u64().unwrap_or(0);
            if shown != version + 1 {
                return Err(format!("version {shown} after {version}"));
            }
            if self.version().is_some_and(|stored| stored < shown) {
                return Err(format!("version {shown} is shown and not stored"));
            }
            version = shown;
        }
        Ok(())
    }

    fn version(&self) -> Option<u64> {
        self.store.reader().ok()?.state_version().ok()
    }
}

/// Number of the newest event of a run that clients see; none when there is no such run.
pub(crate) fn newest(store: &dyn Backend, run: &RunId) -> Option<u64> {
    let row = store.reader().ok()?.run(run).ok()??;
    Some(row.next_stream_seq - 1)
}
