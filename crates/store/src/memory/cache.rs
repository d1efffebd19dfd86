//! What is kept for others, in memory.

use smithers_model::Timestamp;
use smithers_model::cache::{CacheFilter, CacheRow, CacheStats};

use super::read::MemoryReader;
use super::state::State;
use crate::cache::CacheSweep;
use crate::read::{CacheReader, ReadResult};

impl State {
    pub(super) fn touch_cache(&mut self, key: &str, at: Timestamp) {
        if let Some(row) = self.cache.get_mut(key) {
            row.last_used_at = row.last_used_at.max(at);
        }
    }

    pub(super) fn sweep_cache(&mut self, sweep: &CacheSweep) -> u64 {
        let mut expired: Vec<_> = self
            .cache
            .values()
            .filter(|row| has_expired(row, sweep.now))
            .collect();
        expired.sort_by_key(|row| (row.expires_at, row.key.clone()));
        let gone: Vec<String> = expired.into_iter().map(|row| row.key.clone()).collect();
        let expired = self.forget_cached(gone, sweep.most);
        let mut by_use: Vec<_> = self.cache.values().collect();
        by_use.sort_by_key(|row| (row.last_used_at, row.bytes(), row.key.clone()));
        let mut bytes: u64 = by_use.iter().map(|row| row.bytes() as u64).sum();
        let evicted = by_use.into_iter().take_while(|row| {
            let is_over = bytes > sweep.cap_bytes;
            bytes -= row.bytes() as u64;
            is_over
        });
        let gone: Vec<String> = evicted.map(|row| row.key.clone()).collect();
        let left = sweep
            .most
            .saturating_sub(u32::try_from(expired).unwrap_or(u32::MAX));
        expired + self.forget_cached(gone, left)
    }

    fn forget_cached(&mut self, keys: Vec<String>, most: u32) -> u64 {
        let gone = keys.into_iter().take(most as usize);
        gone.filter(|key| self.cache.remove(key).is_some()).count() as u64
    }
}

fn has_expired(row: &CacheRow, now: Timestamp) -> bool {
    row.expires_at.is_some_and(|at| at <= now)
}

impl CacheReader for MemoryReader {
    fn cached(&self, key: &str) -> ReadResult<Option<CacheRow>> {
        Ok(self.0.read().cache.get(key).cloned())
    }

    fn cache_stats(&self, filter: &CacheFilter, now: Timestamp) -> ReadResult<CacheStats> {
        let state = self.0.read();
        let mut stats = CacheStats::default();
        for row in state.cache.values().filter(|row| filter.admits(row)) {
            stats.rows += 1;
            stats.bytes += row.bytes() as u64;
            stats.expired += u64::from(has_expired(row, now));
            stats.unbounded += u64::from(row.expires_at.is_none());
            let oldest = stats.oldest_at_ms.unwrap_or(row.created_at);
            stats.oldest_at_ms = Some(oldest.min(row.created_at));
        }
        Ok(stats)
    }
}
