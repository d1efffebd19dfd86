//! The sharded map from run id to address.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use actix::Addr;
use actix::prelude::SendError;
use parking_lot::RwLock;
use smithers_model::RunId;

use crate::run::{Deliver, Forget, RunActor, RunError, RunRequest};

/// Locks of the map; enough that HTTP workers and run arbiters of a large machine seldom meet.
const SHARDS: usize = 64;

type Shard = RwLock<HashMap<RunId, OpenRun>>;

/// The actor of a run; the number tells it from those before and after it.
struct OpenRun {
    incarnation: u64,
    address: Addr<RunActor>,
}

/// Addresses of open runs, and whether requests are taken.
pub(super) struct RunMap {
    shards: Vec<Shard>,
    accepting: AtomicBool,
}

impl Default for RunMap {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            accepting: AtomicBool::new(true),
        }
    }
}

impl RunMap {
    /// Refuses every request from now on.
    pub(super) fn stop_accepting(&self) {
        self.accepting.store(false, Ordering::Release);
    }

    pub(super) fn is_accepting(&self) -> bool {
        self.accepting.load(Ordering::Acquire)
    }

    pub(super) fn shard_of(&self, run_id: &RunId) -> usize {
        let mut hasher = DefaultHasher::new();
        run_id.hash(&mut hasher);
        usize::try_from(hasher.finish() % SHARDS as u64).expect("the remainder is below 64")
    }

    fn shard(&self, run_id: &RunId) -> &Shard {
        &self.shards[self.shard_of(run_id)]
    }

    /// Sends `request` to its run, or gives it back when the run is not open. The message is sent under the
    /// lock, so that none follows the run's removal from the map.
    pub(super) fn try_send(&self, run_id: &RunId, request: RunRequest) -> Result<(), RunRequest> {
        let shard = self.shard(run_id).read();
        let Some(run) = shard.get(run_id) else {
            return Err(request);
        };
        match run.address.try_send(Deliver(request)) {
            Ok(()) => Ok(()),
            Err(SendError::Full(Deliver(request))) => {
                request.refuse(RunError::Busy(run_id.clone()));
                Ok(())
            }
            Err(SendError::Closed(Deliver(request))) => Err(request),
        }
    }

    /// Lets the actor of a run drop its state, if the run is open.
    pub(super) fn forget(&self, run_id: &RunId) {
        if let Some(run) = self.shard(run_id).read().get(run_id) {
            run.address.do_send(Forget);
        }
    }

    pub(super) fn insert(&self, run_id: RunId, incarnation: u64, address: Addr<RunActor>) {
        let run = OpenRun {
            incarnation,
            address,
        };
        self.shard(&run_id).write().insert(run_id, run);
    }

    /// Takes the run off the map, unless a later incarnation stands there.
    pub(super) fn remove(&self, run_id: &RunId, incarnation: u64) -> Option<Addr<RunActor>> {
        let mut shard = self.shard(run_id).write();
        if shard.get(run_id)?.incarnation != incarnation {
            return None;
        }
        shard.remove(run_id).map(|run| run.address)
    }

    pub(super) fn has(&self, run_id: &RunId) -> bool {
        self.shard(run_id).read().contains_key(run_id)
    }

    #[cfg(test)]
    pub(super) fn lose(&self, run_id: &RunId) {
        if let Some(run) = self.shard(run_id).write().remove(run_id) {
            run.address.do_send(crate::run::Stop);
        }
    }

    pub(super) fn for_each(&self, mut act: impl FnMut(&Addr<RunActor>)) {
        for shard in &self.shards {
            shard.read().values().for_each(|run| act(&run.address));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }
}
