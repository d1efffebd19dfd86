//! Committed events on their way to the sockets: shared by all hubs, serialised at most once.

use std::sync::{Arc, OnceLock};

use smithers_model::RunId;
use smithers_model::event::StoredEvent;
use smithers_protocol::frame::RunEvent;
use smithers_store::CommittedStep;

use crate::wire;

/// Visible events that were committed together, in the order of their state versions.
#[derive(Debug)]
pub struct Batch {
    events: Vec<LiveEvent>,
    follows_gap: bool,
    deleted: Option<RunId>,
}

impl Batch {
    /// Takes events in the order of their state versions.
    pub fn new(events: Vec<LiveEvent>) -> Self {
        Self {
            events,
            follows_gap: false,
            deleted: None,
        }
    }

    /// An empty batch that says: events may have been stored that are in no batch.
    pub fn after_gap() -> Self {
        Self {
            events: Vec::new(),
            follows_gap: true,
            deleted: None,
        }
    }

    /// An empty batch that says: this run was deleted.
    pub fn of_deletion(run: RunId) -> Self {
        Self {
            events: Vec::new(),
            follows_gap: false,
            deleted: Some(run),
        }
    }

    /// Returns the run that was deleted.
    pub fn deleted(&self) -> Option<&RunId> {
        self.deleted.as_ref()
    }

    /// Returns whether events before it may be in the store alone.
    pub fn follows_gap(&self) -> bool {
        self.follows_gap
    }

    /// Returns the events in the order of their state versions.
    pub fn events(&self) -> &[LiveEvent] {
        &self.events
    }
}

/// One visible event with its numbers.
#[derive(Debug)]
pub struct LiveEvent {
    step: Arc<CommittedStep>,
    /// Place of the event in its step.
    at: usize,
    stream_seq: u64,
    state_version: u64,
    /// Filled by the first hub that has a listener; stays empty when nobody listens.
    wire: OnceLock<Option<RunEvent>>,
}

impl LiveEvent {
    /// Returns the events of a step that clients see; the others are left out.
    pub fn of(step: &Arc<CommittedStep>) -> impl Iterator<Item = Self> {
        step.events.iter().enumerate().filter_map(|(at, event)| {
            let wire = OnceLock::new();
            let (stream_seq, state_version) = (event.stream_seq?, event.state_version?);
            Some(Self {
                step: step.clone(),
                at,
                stream_seq,
                state_version,
                wire,
            })
        })
    }

    fn stored(&self) -> &StoredEvent {
        &self.step.events[self.at]
    }

    /// Returns the run.
    pub fn run_id(&self) -> &RunId {
        &self.step.run_id
    }

    /// Returns the number in the run's stream, from 1.
    pub fn stream_seq(&self) -> u64 {
        self.stream_seq
    }

    /// Returns the gateway's state version after this event.
    pub fn state_version(&self) -> u64 {
        self.state_version
    }

    /// Returns whether readers of approvals may see it without reading runs.
    pub fn concerns_approval(&self) -> bool {
        wire::concerns_approval(&self.stored().type_name)
    }

    /// Returns the serialised event, made by the first caller; `None` when it cannot be read.
    pub fn wire(&self) -> Option<&RunEvent> {
        let serialise = || {
            wire::run_event(self.stored()).unwrap_or_else(|error| {
                tracing::error!(run.id = %self.step.run_id, %error, "event not delivered");
                None
            })
        };
        self.wire.get_or_init(serialise).as_ref()
    }

    /// Returns whether somebody listened, so that the event was serialised.
    #[cfg(test)]
    pub(crate) fn is_serialised(&self) -> bool {
        self.wire.get().is_some()
    }
}
