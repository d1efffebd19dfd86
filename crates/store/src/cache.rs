//! What a sweep of kept results has to do; the same for all backends.

use smithers_model::Timestamp;

/// One bounded sweep of kept results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSweep {
    /// What has expired by now goes.
    pub now: Timestamp,
    /// Those used longest ago go while all payloads take more bytes than this.
    pub cap_bytes: u64,
    /// Most rows that go in this sweep.
    pub most: u32,
}
