//! How many run streams may be open: in all, per user, per connection and per run.
//!
//! One count for all hubs; a stream holds its place by a value that gives it back when dropped.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use smithers_model::RunId;
use smithers_protocol::error::{RpcError, StreamCap};
use smithers_protocol::limits;

/// Most run streams open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Of the whole gateway.
    pub global: usize,
    /// Of one user.
    pub per_user: usize,
    /// Of one connection.
    pub per_connection: usize,
    /// Of one run.
    pub per_run: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            global: limits::STREAMS_GLOBAL,
            per_user: limits::STREAMS_PER_USER,
            per_connection: limits::STREAMS_PER_CONNECTION,
            per_run: limits::STREAMS_PER_RUN,
        }
    }
}

/// The open streams of the gateway; clones share the counts.
#[derive(Clone, Debug)]
pub struct StreamCaps {
    limits: StreamLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    users: HashMap<String, usize>,
    runs: HashMap<RunId, usize>,
}

/// The place of one stream in the counts.
#[derive(Debug)]
pub struct StreamSlot {
    counts: Arc<Mutex<Counts>>,
    user: String,
    run: RunId,
}

impl StreamCaps {
    /// Creates empty counts.
    pub fn new(limits: StreamLimits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
        }
    }

    /// Takes a place for a stream of `user` on `run`, whose connection has `on_connection` already.
    ///
    /// # Errors
    /// `RateLimited` with the first cap that is reached: global, user, connection, run.
    pub fn take(
        &self,
        user: &str,
        on_connection: usize,
        run: &RunId,
    ) -> Result<StreamSlot, RpcError> {
        let limits = self.limits;
        let mut counts = self.counts.lock();
        let below = |count: usize, limit: usize, cap| {
            if count < limit {
                Ok(())
            } else {
                Err(RpcError::stream_cap(cap, limit))
            }
        };
        below(counts.all, limits.global, StreamCap::Global)?;
        below(
            counts.users.get(user).copied().unwrap_or(0),
            limits.per_user,
            StreamCap::User,
        )?;
        below(on_connection, limits.per_connection, StreamCap::Connection)?;
        below(
            counts.runs.get(run).copied().unwrap_or(0),
            limits.per_run,
            StreamCap::Run,
        )?;
        counts.all += 1;
        *counts.users.entry(user.to_owned()).or_default() += 1;
        *counts.runs.entry(run.clone()).or_default() += 1;
        Ok(StreamSlot {
            counts: self.counts.clone(),
            user: user.to_owned(),
            run: run.clone(),
        })
    }

    /// Returns the open streams of the gateway.
    pub fn open(&self) -> usize {
        self.counts.lock().all
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.all -= 1;
        release(&mut counts.users, &self.user);
        release(&mut counts.runs, &self.run);
    }
}

/// Takes one off a count and forgets it at zero, so that the maps stay as small as what is open.
fn release<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: StreamLimits = StreamLimits {
        global: 5,
        per_user: 3,
        per_connection: 2,
        per_run: 2,
    };

    fn refused(caps: &StreamCaps, user: &str, on_connection: usize, run: &str) -> String {
        let error = caps.take(user, on_connection, &run.into()).unwrap_err();
        error.message().to_owned()
    }

    fn message(cap: &str, limit: usize) -> String {
        format!("Gateway run-event subscriber limit reached ({cap} cap of {limit}).")
    }

    #[test]
    fn each_cap_refuses_with_its_own_words_and_in_the_recorded_order() {
        let caps = StreamCaps::new(LIMITS);
        let take = |user, run: &str| caps.take(user, 0, &run.into()).unwrap();
        let _first = [take("a", "r1"), take("b", "r1")];
        assert_eq!(refused(&caps, "c", 0, "r1"), message("run", 2));
        assert_eq!(refused(&caps, "c", 2, "r1"), message("connection", 2));
        let _second = [take("a", "r2"), take("a", "r3")];
        assert_eq!(refused(&caps, "a", 2, "r1"), message("user", 3));
        let _third = take("d", "r4");
        assert_eq!(refused(&caps, "a", 2, "r1"), message("global", 5));
    }

    #[test]
    fn a_dropped_slot_gives_its_place_back_and_leaves_nothing_behind() {
        let caps = StreamCaps::new(LIMITS);
        let slots = [(); 2].map(|()| caps.take("a", 0, &"r1".into()).unwrap());
        drop(slots);
        assert_eq!(caps.open(), 0);
        let counts = caps.counts.lock();
        assert!(counts.users.is_empty() && counts.runs.is_empty());
    }
}
