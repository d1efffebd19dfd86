//! What the rules look at: numbers taken at one moment, so that a rule is a plain function of them.

use smithers_model::Timestamp;

/// The state of a gateway, as far as alerts concern it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// When it was taken.
    pub now: Timestamp,
    /// When the approval that waits longest was asked for.
    pub oldest_approval: Option<Waiting>,
    /// Active runs in which nothing has happened for longest.
    pub stalest_run: Option<Waiting>,
    /// Logins that failed within the last minute.
    pub failed_logins: u64,
    /// Ids of tokens that somebody relies on and that end within a day.
    pub ending_tokens: Vec<String>,
    /// Size of the log beside the database in bytes.
    pub wal_bytes: u64,
    /// Free space of the disk of the database in percent; `None` when the system does not tell.
    pub disk_free_percent: Option<u8>,
    /// When the newest backup that was verified was made.
    pub newest_backup: Option<Timestamp>,
    /// When a restore was last tried out with success.
    pub newest_drill: Option<Timestamp>,
    /// When the database was made: before that nobody could have backed it up.
    pub database_made: Option<Timestamp>,
    /// First row of the audit trail that does not follow from those before it.
    pub audit_break: Option<u64>,
    /// Secrets that were replaced in stored payloads within the last minute.
    pub redactions: u64,
    /// Reconnects within the last minute that fell out of the event window.
    pub truncations: u64,
    /// Whether writes are refused.
    pub is_degraded: bool,
}

/// Something that waits, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it is, such as a run and a node.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
}

impl Sight {
    /// Returns how long ago `then` was, in milliseconds; 0 for a time that has not come.
    pub(super) fn age_ms(&self, then: Timestamp) -> u64 {
        u64::try_from(self.now.0.saturating_sub(then.0)).unwrap_or(0)
    }
}
