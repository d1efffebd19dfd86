//! Writes the steps of one run with the right numbers, as its actor would.

use smithers_model::event::{Event, NumberedEvent};
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::{NewRun, RowChange, StepWrite};
use smithers_model::{Epoch, RawJson, RunId, Timestamp};

/// The numbers of a run. Cloning it makes a rival that does not know what the other one writes.
#[derive(Clone, Debug)]
pub struct RunScript {
    run_id: RunId,
    /// Epoch of the steps.
    pub epoch: Epoch,
    /// Number of the next event.
    pub seq: u64,
    /// Stream number of the next visible event.
    pub stream_seq: u64,
    /// Time of the next step; one millisecond later after each.
    pub now: Timestamp,
}

impl RunScript {
    /// A run that does not exist yet.
    pub fn new(run_id: &str) -> Self {
        Self {
            run_id: run_id.into(),
            epoch: Epoch(1),
            seq: 0,
            stream_seq: 1,
            now: Timestamp(1_000),
        }
    }

    /// Id of the run.
    pub fn run_id(&self) -> &RunId {
        &self.run_id
    }

    /// The step that inserts the run, of workflow `w`.
    pub fn launch(&mut self) -> StepWrite {
        self.launch_with(|_| {})
    }

    /// The step that inserts the run, after `edit` has changed what is inserted.
    pub fn launch_with(&mut self, edit: impl FnOnce(&mut NewRun)) -> StepWrite {
        let mut new = NewRun {
            row: self.row(),
            idempotency_key: None,
        };
        edit(&mut new);
        let change = RowChange::InsertRun(Box::new(new));
        self.step(vec![Event::RunStarted], vec![change])
    }

    /// The next step.
    pub fn step(&mut self, events: Vec<Event>, changes: Vec<RowChange>) -> StepWrite {
        let (expected_seq, expected_stream_seq) = (self.seq, self.stream_seq);
        let events = events.iter().map(|event| self.number(event)).collect();
        self.now.0 += 1;
        StepWrite {
            run_id: self.run_id.clone(),
            epoch: self.epoch,
            expected_seq,
            expected_stream_seq,
            events,
            changes,
        }
    }

    fn number(&mut self, event: &Event) -> NumberedEvent {
        let seq = self.seq;
        self.seq += 1;
        let stream_seq = event.is_visible().then(|| {
            self.stream_seq += 1;
            self.stream_seq - 1
        });
        NumberedEvent {
            seq,
            stream_seq,
            at: self.now,
            type_name: event.type_name(),
            payload: event.payload(&self.run_id, self.now),
        }
    }

    fn row(&self) -> RunRow {
        RunRow {
            parent: None,
            tie: None,
            chain: None,
            run_id: self.run_id.clone(),
            workflow_key: "w".into(),
            workflow_name: "workflow".into(),
            workflow_hash: None,
            status: RunStatus::Running,
            system: false,
            created_at: self.now,
            started_at: Some(self.now),
            finished_at: None,
            cancel_requested_at: None,
            undo_within_ms: None,
            pause_requested_at: None,
            error: None,
            config: RawJson::trusted(r#"{"rootDir":"."}"#),
            input: RawJson::empty_object(),
            epoch: self.epoch,
            next_seq: 0,
            next_stream_seq: 1,
            next_frame_no: 1,
        }
    }
}
