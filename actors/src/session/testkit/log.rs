//! The log of a memory store, with commit and publication as two steps.

use std::collections::HashMap;
use std::sync::Arc;

use smithers_model::event::{Event, NumberedEvent};
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::{NewRun, RowChange, StepWrite};
use smithers_model::{Epoch, NodeKey, RawJson, RunId, Timestamp};
use smithers_store::{Backend, CommittedStep, MemoryStore, Publisher, Transactions};

use crate::hub::{HubBus, HubPublisher};

pub(crate) struct Log {
    writer: Box<dyn Transactions>,
    publisher: HubPublisher,
    heads: HashMap<RunId, Head>,
}

/// Numbers of the next events of a run.
struct Head {
    seq: u64,
    stream_seq: u64,
}

impl Log {
    pub(crate) fn new(store: MemoryStore, bus: Arc<HubBus>) -> Self {
        let writer = store.open_writer().unwrap();
        Self {
            writer,
            publisher: HubPublisher::new(bus),
            heads: HashMap::new(),
        }
    }

    /// Makes a run without events.
    pub(crate) fn launch(&mut self, run: &str) {
        let run_id = RunId::from(run);
        let new = NewRun {
            row: row(&run_id),
            idempotency_key: None,
        };
        self.heads.insert(
            run_id.clone(),
            Head {
                seq: 0,
                stream_seq: 1,
            },
        );
        self.write(
            &run_id,
            Vec::new(),
            vec![RowChange::InsertRun(Box::new(new))],
        );
    }

    /// Commits events as one step, without telling the hubs.
    pub(crate) fn commit(&mut self, run: &str, events: Vec<Event>) -> Arc<CommittedStep> {
        self.write(&run.into(), events, Vec::new())
    }

    /// Tells the hubs what was committed.
    pub(crate) fn publish(&mut self, step: Arc<CommittedStep>) {
        self.publisher.publish(&[step]);
    }

    /// Tells the hubs that something may have been committed of which they are not told.
    pub(crate) fn miss(&mut self) {
        self.publisher.missed();
    }

    /// Commits and publishes events.
    pub(crate) fn emit(&mut self, run: &str, events: Vec<Event>) {
        let step = self.commit(run, events);
        self.publish(step);
    }

    /// Commits and publishes `count` plain events.
    pub(crate) fn emit_many(&mut self, run: &str, count: usize) {
        self.emit(run, vec![finished("t"); count]);
    }

    fn write(
        &mut self,
        run: &RunId,
        events: Vec<Event>,
        changes: Vec<RowChange>,
    ) -> Arc<CommittedStep> {
        let head = self.heads.get_mut(run).unwrap();
        let (expected_seq, expected_stream_seq) = (head.seq, head.stream_seq);
        let number = |event: Event| {
            let seq = head.seq;
            head.seq += 1;
            let visible = event.is_visible();
            let stream_seq = visible.then_some(head.stream_seq);
            head.stream_seq += u64::from(visible);
            let at = Timestamp(7);
            let payload = event.payload(run, at);
            NumberedEvent {
                seq,
                stream_seq,
                at,
                type_name: event.type_name(),
                payload,
            }
        };
        let events = events.into_iter().map(number).collect();
        let step = StepWrite {
            run_id: run.clone(),
            epoch: Epoch(1),
            expected_seq,
            expected_stream_seq,
            events,
            changes,
        };
        let committed = self.writer.commit(vec![step]).unwrap().remove(0);
        Arc::new(committed.unwrap())
    }
}

/// A node ended well.
pub(crate) fn finished(node: &str) -> Event {
    Event::NodeFinished {
        node: NodeKey::new(node, 0),
        attempt: 1,
    }
}

fn row(run_id: &RunId) -> RunRow {
    RunRow {
        parent: None,
        tie: None,
        chain: None,
        run_id: run_id.clone(),
        workflow_key: "chain".into(),
        workflow_name: "chain".into(),
        workflow_hash: None,
        status: RunStatus::Running,
        system: false,
        created_at: Timestamp(7),
        started_at: None,
        finished_at: None,
        cancel_requested_at: None,
        undo_within_ms: None,
        pause_requested_at: None,
        error: None,
        config: RawJson::empty_object(),
        input: RawJson::empty_object(),
        epoch: Epoch(1),
        next_seq: 0,
        next_stream_seq: 1,
        next_frame_no: 1,
    }
}
