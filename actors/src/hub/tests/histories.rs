//! Random histories: whatever runs, readers and streams do, every stream is whole and in order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use smithers_store::CommittedStep;

use super::testkit::{Frame, Peer, Setup, World, finished};
use crate::hub::StreamLimits;
use crate::outbox::OutboxLimits;

const RUNS: [&str; 3] = ["r0", "r1", "r2"];

#[derive(Clone, Debug)]
enum Move {
    /// Commits so many events of a run.
    Commit { run: usize, events: usize },
    /// Publishes what was committed first.
    Publish,
    /// Opens a stream; it begins at this share of the run's events.
    Open {
        peer: usize,
        run: usize,
        percent: u64,
    },
    /// Reads a little.
    Read { peer: usize, bytes: usize },
    /// Lets everything run.
    Settle,
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (0..3usize, 1..5usize).prop_map(|(run, events)| Move::Commit { run, events }),
        4 => Just(Move::Publish),
        1 => (0..2usize, 0..3usize, 0..=100u64)
            .prop_map(|(peer, run, percent)| Move::Open { peer, run, percent }),
        2 => (0..2usize, 1..2_000usize).prop_map(|(peer, bytes)| Move::Read { peer, bytes }),
        2 => Just(Move::Settle),
    ]
}

/// A peer and what it has read so far.
struct Reader {
    peer: Peer,
    frames: Vec<Value>,
    /// Run and first number of each stream that was asked for, by request.
    asked: HashMap<String, (usize, u64)>,
}

impl Reader {
    fn read(&mut self, frames: Vec<Frame>) {
        self.frames.extend(frames.into_iter().map(Frame::json));
    }

    /// Checks every stream against the newest numbers of the runs.
    fn check(&self, newest: &[u64; 3]) -> Result<(), TestCaseError> {
        for answer in self.frames.iter().filter(|frame| frame["type"] == "res") {
            let Some((run, after)) = self.asked.get(answer["id"].as_str().unwrap()) else {
                continue;
            };
            let id = &answer["payload"]["streamId"];
            let of_stream = self
                .frames
                .iter()
                .filter(|frame| &frame["payload"]["streamId"] == id);
            let events = of_stream.filter(|frame| frame["event"] == "run.event");
            let seqs: Vec<u64> = events
                .map(|frame| frame["payload"]["seq"].as_u64().unwrap())
                .collect();
            prop_assert_eq!(seqs, (after + 1..=newest[*run]).collect::<Vec<_>>());
        }
        let events = self.frames.iter().filter(|frame| frame["type"] == "event");
        let own: Vec<u64> = events.map(|frame| frame["seq"].as_u64().unwrap()).collect();
        prop_assert_eq!(&own, &(2..2 + own.len() as u64).collect::<Vec<_>>());
        let plain = self
            .frames
            .iter()
            .filter(|frame| frame["event"] == "node.finished");
        let versions: Vec<u64> = plain
            .map(|frame| frame["stateVersion"].as_u64().unwrap())
            .collect();
        prop_assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
        Ok(())
    }
}

/// One history with its world.
struct History {
    world: World,
    readers: Vec<Reader>,
    committed: VecDeque<Arc<CommittedStep>>,
    newest: [u64; 3],
}

impl History {
    async fn begin() -> Self {
        let outbox = OutboxLimits {
            low_water: 1_000,
            ..OutboxLimits::default()
        };
        let streams = StreamLimits {
            global: 1_000,
            per_user: 1_000,
            per_connection: 1_000,
            per_run: 1_000,
        };
        let mut world = World::with(Setup {
            outbox,
            streams,
            ..Setup::default()
        });
        RUNS.iter().for_each(|run| world.log.launch(run));
        let mut readers = Vec::new();
        for _ in 0..2 {
            let peer = world.connect("op/*").await;
            readers.push(Reader {
                peer,
                frames: Vec::new(),
                asked: HashMap::new(),
            });
        }
        Self {
            world,
            readers,
            committed: VecDeque::new(),
            newest: [0; 3],
        }
    }

    async fn make(&mut self, next: Move) {
        match next {
            Move::Commit { run, events } => {
                self.newest[run] += events as u64;
                let events = vec![finished("t"); events];
                self.committed
                    .push_back(self.world.log.commit(RUNS[run], events));
            }
            Move::Publish => {
                let step = self.committed.pop_front();
                step.into_iter()
                    .for_each(|step| self.world.log.publish(step));
            }
            Move::Open { peer, run, percent } => {
                let after = self.newest[run] * percent / 100;
                let reader = &mut self.readers[peer];
                let params = json!({"runId": RUNS[run], "afterSeq": after});
                let id = reader.peer.send("streamRunEvents", params);
                reader.asked.insert(id, (run, after));
            }
            Move::Read { peer, bytes } => {
                let reader = &mut self.readers[peer];
                let frames = reader.peer.frames_of_one_chunk(bytes);
                reader.read(frames);
            }
            Move::Settle => self.world.settle().await,
        }
    }

    /// Publishes the rest and reads until every stream is live and nothing is left.
    async fn end(&mut self) {
        while !self.committed.is_empty() {
            self.make(Move::Publish).await;
            self.world.settle().await;
        }
        loop {
            for reader in &mut self.readers {
                let frames = reader.peer.ready();
                reader.read(frames);
            }
            let is_read = self
                .readers
                .iter()
                .all(|reader| reader.peer.outbox.queued_bytes() == 0);
            let is_answered = self
                .readers
                .iter()
                .all(|reader| reader.peer.gate.unanswered() == 0);
            if is_read && is_answered && self.world.hub.status().catching_up == 0 {
                return;
            }
            self.world.settle().await;
            actix_rt::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn in_every_history_streams_are_whole_and_versions_rise(
        moves in prop::collection::vec(any_move(), 1..80),
    ) {
        actix::System::new().block_on(async {
            let mut history = History::begin().await;
            for next in moves {
                history.make(next).await;
            }
            history.world.settle().await;
            history.end().await;
            history.readers.iter().try_for_each(|reader| reader.check(&history.newest))
        })?;
    }
}
