//! From the writer thread to the hubs: every hub gets every batch, in the order of the commits.
//!
//! ```text
//! writer thread --publish--> [ window of 64 ] --Deliver--> hub of worker 1
//!                            [ window of 64 ] --Deliver--> hub of worker 2
//!                                   ^------ Receipt dropped --------'
//! ```
//!
//! A hub that is behind by a whole window makes the writer wait, so that no mailbox grows without
//! bound; a hub that is gone is forgotten.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::{Message, Recipient};
use parking_lot::{Condvar, Mutex};
use smithers_model::RunId;
use smithers_store::{CommittedStep, Publisher};

use super::batch::{Batch, LiveEvent};
use crate::devtools::FrameBell;

/// Batches that may wait in the mailbox of one hub.
const WINDOW: usize = 64;

/// Events of one batch at most; a hub lets its sockets run after each batch.
const BATCH_EVENTS: usize = 64;

/// After this long a hub that holds the writer up is worth a line in the log.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells a hub what was committed.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Deliver {
    /// The events.
    pub batch: Arc<Batch>,
    /// To be dropped when the batch is in the outboxes.
    pub receipt: Receipt,
}

/// The hubs of all workers, as the writer thread sees them.
#[derive(Debug)]
pub struct HubBus {
    ports: Mutex<Ports>,
    frames: Arc<FrameBell>,
}

struct Ports {
    list: Vec<Port>,
    state_version: u64,
}

#[derive(Clone)]
struct Port {
    deliver: Recipient<Deliver>,
    window: Arc<Window>,
}

/// Counts the batches that a hub has not delivered yet.
#[derive(Debug, Default)]
struct Window {
    outstanding: Mutex<usize>,
    freed: Condvar,
}

/// A batch that is under way; dropping it makes room for another, even when the hub died.
#[derive(Debug)]
pub struct Receipt(Arc<Window>);

impl HubBus {
    /// Creates a bus without hubs; `state_version` is that of the last event in the store.
    pub fn new(state_version: u64) -> Self {
        Self {
            ports: Mutex::new(Ports {
                list: Vec::new(),
                state_version,
            }),
            frames: Arc::default(),
        }
    }

    /// Returns what rings when a frame is committed.
    pub fn frames(&self) -> Arc<FrameBell> {
        self.frames.clone()
    }

    /// Adds a hub and returns the state version after which its batches begin.
    pub fn register(&self, deliver: Recipient<Deliver>) -> u64 {
        let mut ports = self.ports.lock();
        ports.list.push(Port {
            deliver,
            window: Arc::default(),
        });
        ports.state_version
    }

    /// Tells every hub that a run was deleted, so that its streams end. Waits for a hub that is behind.
    pub fn run_deleted(&self, run: &RunId) {
        self.frames.ring_for(run);
        let ports = self.ports.lock().connected();
        self.hand_out(&ports, &Arc::new(Batch::of_deletion(run.clone())));
    }

    /// Notes how far the log has come; a hub that registers later begins after it.
    fn advance(&self, state_version: u64) -> Vec<Port> {
        let mut ports = self.ports.lock();
        ports.state_version = state_version;
        ports.connected()
    }

    /// Gives a batch to every hub; waits while one is a whole window behind.
    fn hand_out(&self, ports: &[Port], batch: &Arc<Batch>) {
        for port in ports {
            let receipt = port.window.enter();
            port.deliver.do_send(Deliver {
                batch: batch.clone(),
                receipt,
            });
        }
    }
}

/// The writer thread's end of the bus.
#[derive(Clone, Debug)]
pub struct HubPublisher(Arc<HubBus>);

impl HubPublisher {
    /// Publishes to the hubs of `bus`. There must be one for the one thread that commits.
    pub fn new(bus: Arc<HubBus>) -> Self {
        Self(bus)
    }
}

impl Publisher for HubPublisher {
    /// Hands the visible events to every hub. It waits for a hub that is a whole window behind,
    /// so that memory stays bounded; hubs deliver without waiting for anything.
    fn publish(&mut self, steps: &[Arc<CommittedStep>]) {
        self.0.frames.ring(steps);
        let mut events = steps.iter().flat_map(LiveEvent::of).peekable();
        while events.peek().is_some() {
            let batch = Batch::new(events.by_ref().take(BATCH_EVENTS).collect());
            if let Some(last) = batch.events().last() {
                let ports = self.0.advance(last.state_version());
                self.0.hand_out(&ports, &Arc::new(batch));
            }
        }
    }

    /// Sends every stream back to the store, where the events are if they are anywhere.
    fn missed(&mut self) {
        self.0.frames.ring_all();
        let ports = self.0.ports.lock().connected();
        self.0.hand_out(&ports, &Arc::new(Batch::after_gap()));
    }
}

impl Ports {
    fn connected(&mut self) -> Vec<Port> {
        self.list.retain(|port| port.deliver.connected());
        self.list.clone()
    }
}

impl Window {
    fn enter(self: &Arc<Self>) -> Receipt {
        let mut outstanding = self.outstanding.lock();
        while *outstanding >= WINDOW {
            if self.freed.wait_for(&mut outstanding, PATIENCE).timed_out() {
                tracing::warn!("commits wait for a worker that does not deliver its events");
            }
        }
        *outstanding += 1;
        Receipt(self.clone())
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        *self.0.outstanding.lock() -= 1;
        self.0.freed.notify_one();
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports")
            .field("hubs", &self.list.len())
            .field("state_version", &self.state_version)
            .finish()
    }
}
