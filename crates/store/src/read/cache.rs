//! Reading what is kept for others.

use smithers_model::Timestamp;
use smithers_model::cache::{CacheFilter, CacheRow, CacheStats};

use super::ReadResult;

/// Reads kept results.
pub trait CacheReader {
    /// Returns the result of a key, however old it is.
    fn cached(&self, key: &str) -> ReadResult<Option<CacheRow>>;

    /// Counts the rows that `filter` admits, as they are at `now`. Looks at all of them: for people, not for runs.
    fn cache_stats(&self, filter: &CacheFilter, now: Timestamp) -> ReadResult<CacheStats>;
}
