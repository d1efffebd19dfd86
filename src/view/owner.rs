//! Who executes a run, and whether anybody does (workflow-model 12).

use std::sync::Arc;

use smithers_model::run::{RunRow, RunStatus};
use smithers_model::{Epoch, RunId, Timestamp};
use smithers_protocol::view::{RunState, Unhealthy};

/// How long a run that nobody executes may look alive.
const GRACE_MS: i64 = 30_000;

/// This process as the owner of the runs that it executes.
#[derive(Clone)]
pub(crate) struct Owner {
    /// `pid:<process>:<random id>`.
    pub(crate) id: Arc<str>,
    /// Generation of this process.
    pub(crate) epoch: Epoch,
    /// When it started.
    pub(crate) since: Timestamp,
    /// The moment of the answer: who answers is alive.
    pub(crate) alive_at: Timestamp,
    /// Whether a run is open in it.
    pub(crate) has_open: Arc<dyn Fn(&RunId) -> bool + Send + Sync>,
}

impl Owner {
    /// Whether this process executes the run, or is about to: after a start, runs are taken up one after the other.
    pub(crate) fn executes(&self, row: &RunRow) -> bool {
        row.status == RunStatus::Running
            && (self.alive_at.0 - self.last_sign(row).0 <= GRACE_MS || (self.has_open)(&row.run_id))
    }

    /// The derived state of a run, and what is wrong with it when it should execute and nobody executes it.
    pub(crate) fn state_of(&self, row: &RunRow) -> (&'static str, Option<Unhealthy>) {
        if row.status != RunStatus::Running || self.executes(row) {
            return (RunState::of_status(row.status.as_str()), None);
        }
        let state = match row.epoch < self.epoch {
            true => "orphaned",
            false => "stale",
        };
        let unhealthy = Unhealthy::EngineHeartbeatStale {
            last_heartbeat_at: self.last_sign(row).to_iso(),
        };
        (state, Some(unhealthy))
    }

    /// The last that is known of a run that is not open.
    fn last_sign(&self, row: &RunRow) -> Timestamp {
        row.started_at.unwrap_or(row.created_at).max(self.since)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::view::run::tests::row;

    /// A process that started at 0 with generation 2 and answers at `now`.
    pub(crate) fn owner(now: i64, has_open: bool) -> Owner {
        Owner {
            id: "pid:1:x".into(),
            epoch: Epoch(2),
            since: Timestamp(0),
            alive_at: Timestamp(now),
            has_open: Arc::new(move |_| has_open),
        }
    }

    fn running(epoch: u64) -> RunRow {
        RunRow {
            status: RunStatus::Running,
            epoch: Epoch(epoch),
            started_at: Some(Timestamp(1_000)),
            ..row()
        }
    }

    #[test]
    fn a_run_that_is_open_executes_however_long_it_takes() {
        let (state, unhealthy) = owner(900_000, true).state_of(&running(2));
        assert_eq!((state, unhealthy), ("running", None));
    }

    #[test]
    fn a_run_that_nobody_executes_is_stale_or_orphaned_after_a_grace() {
        let last_heartbeat_at = Timestamp(1_000).to_iso();
        for (epoch, state) in [(2, "stale"), (1, "orphaned")] {
            let run = running(epoch);
            assert_eq!(owner(31_000, false).state_of(&run), ("running", None));
            let last_heartbeat_at = last_heartbeat_at.clone();
            let wrong = Unhealthy::EngineHeartbeatStale { last_heartbeat_at };
            assert_eq!(owner(31_001, false).state_of(&run), (state, Some(wrong)));
            assert!(!owner(31_001, false).executes(&run));
        }
    }

    #[test]
    fn a_run_that_waits_is_as_it_is() {
        let (state, unhealthy) = owner(900_000, false).state_of(&row());
        assert_eq!((state, unhealthy), ("failed", None));
    }
}
