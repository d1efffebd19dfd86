//! Runs that lost their state in memory: how often, and when each is opened again.

use std::collections::HashMap;
use std::time::Duration;

use smithers_model::RunId;

/// Delay before a run that lost its state is opened again; doubles with each loss of the same run.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// Longest such delay.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Losses since the run was last at rest. A run is opened again once for all losses until then, however many
/// requests met it in between.
#[derive(Debug, Default)]
pub(super) struct Losses(HashMap<RunId, Lost>);

#[derive(Debug, Default)]
struct Lost {
    times: u32,
    is_planned: bool,
}

impl Losses {
    /// Notes a loss. Returns after which delay to open the run again; `None` when that is planned already.
    pub(super) fn plan(&mut self, run_id: &RunId) -> Option<Duration> {
        let lost = self.0.entry(run_id.clone()).or_default();
        if std::mem::replace(&mut lost.is_planned, true) {
            return None;
        }
        let delay = FIRST_BACKOFF.saturating_mul(1 << lost.times.min(16));
        lost.times += 1;
        Some(delay.min(MAX_BACKOFF))
    }

    /// The planned opening happens now.
    pub(super) fn opening(&mut self, run_id: &RunId) {
        if let Some(lost) = self.0.get_mut(run_id) {
            lost.is_planned = false;
        }
    }

    /// The run came to rest in good order.
    pub(super) fn forget(&mut self, run_id: &RunId) {
        self.0.remove(run_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_lost_again_and_again_has_one_opening_planned_at_a_time() {
        let (mut losses, run) = (Losses::default(), RunId::from("r1"));
        for expected in [100, 200, 400] {
            assert_eq!(losses.plan(&run), Some(Duration::from_millis(expected)));
            assert_eq!(losses.plan(&run), None, "a request met it before");
            losses.opening(&run);
        }
        for _ in 0..40 {
            assert!(losses.plan(&run).unwrap() <= MAX_BACKOFF);
            losses.opening(&run);
        }
        losses.forget(&run);
        assert_eq!(losses.plan(&run), Some(FIRST_BACKOFF));
    }
}
