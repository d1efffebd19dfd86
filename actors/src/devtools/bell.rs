//! Who waits for the next frame of a run.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use smithers_model::RunId;
use smithers_store::CommittedStep;
use tokio::sync::Notify;

/// Rings for those who wait for frames. Without any, a committed step costs one look at a number.
#[derive(Debug, Default)]
pub struct FrameBell {
    waiting: AtomicUsize,
    watches: Mutex<HashMap<RunId, Vec<Arc<Watched>>>>,
}

#[derive(Debug, Default)]
struct Watched {
    rung: Notify,
    jumps: AtomicU64,
}

/// Waits for frames of one run, until it is dropped.
#[derive(Debug)]
pub struct FrameWatch {
    bell: Arc<FrameBell>,
    run: RunId,
    watched: Arc<Watched>,
}

impl FrameBell {
    /// Begins to wait for frames of `run`: none that is committed from now on is missed.
    pub fn watch(self: &Arc<Self>, run: &RunId) -> FrameWatch {
        let watched = Arc::<Watched>::default();
        let mut watches = self.watches.lock();
        watches
            .entry(run.clone())
            .or_default()
            .push(watched.clone());
        self.waiting.fetch_add(1, Ordering::SeqCst);
        FrameWatch {
            bell: self.clone(),
            run: run.clone(),
            watched,
        }
    }

    /// Returns how many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Steps were committed.
    pub(crate) fn ring(&self, steps: &[Arc<CommittedStep>]) {
        if self.waiting() == 0 {
            return;
        }
        for step in steps {
            let has = |name: &str| step.events.iter().any(|event| event.type_name == name);
            let jumped = has("TimeTravelJumped");
            if jumped || has("FrameCommitted") {
                self.wake(&step.run_id, jumped);
            }
        }
    }

    /// A run is gone.
    pub(crate) fn ring_for(&self, run: &RunId) {
        self.wake(run, false);
    }

    /// Steps may have been committed that nobody was told of.
    pub(crate) fn ring_all(&self) {
        for watched in self.watches.lock().values().flatten() {
            watched.jumps.fetch_add(1, Ordering::SeqCst);
            watched.rung.notify_one();
        }
    }

    fn wake(&self, run: &RunId, jumped: bool) {
        for watched in self.watches.lock().get(run).into_iter().flatten() {
            watched.jumps.fetch_add(u64::from(jumped), Ordering::SeqCst);
            watched.rung.notify_one();
        }
    }
}

impl FrameWatch {
    /// Waits until a frame was committed since the last time.
    pub async fn rung(&self) {
        self.watched.rung.notified().await;
    }

    /// Counts how often the run was taken back.
    pub fn jumps(&self) -> u64 {
        self.watched.jumps.load(Ordering::SeqCst)
    }
}

impl Drop for FrameWatch {
    fn drop(&mut self) {
        let mut watches = self.bell.watches.lock();
        if let Some(others) = watches.get_mut(&self.run) {
            others.retain(|watched| !Arc::ptr_eq(watched, &self.watched));
            if others.is_empty() {
                watches.remove(&self.run);
            }
        }
        self.bell.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn rang(watch: &FrameWatch) -> bool {
        let soon = std::time::Duration::from_millis(5);
        tokio::time::timeout(soon, watch.rung()).await.is_ok()
    }

    #[actix_rt::test]
    async fn only_those_who_wait_for_the_run_are_woken_and_none_is_forgotten() {
        let bell = Arc::<FrameBell>::default();
        let (one, other) = (bell.watch(&"r1".into()), bell.watch(&"r2".into()));
        bell.ring_for(&"r1".into());
        bell.ring_for(&"r1".into());
        assert!(rang(&one).await && !rang(&one).await, "both at once");
        assert!(!rang(&other).await);
        bell.ring_all();
        assert_eq!((rang(&one).await, one.jumps()), (true, 1));
        drop(one);
        assert_eq!((bell.waiting(), bell.watches.lock().len()), (1, 1));
        drop(other);
        assert_eq!((bell.waiting(), bell.watches.lock().len()), (0, 0));
    }
}
