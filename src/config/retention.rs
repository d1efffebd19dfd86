//! How long things are kept.

use std::fmt;
use std::time::Duration;

use super::key::key;
use super::reader::Reader;
use super::span::{self, Span};

/// How long things are kept. The audit trail is kept for ever; events, nodes and approvals as long as their run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Runs that have ended, from their end; for ever when none.
    pub runs: Option<Duration>,
    /// Bytes of kept results, together.
    pub cache_bytes: u64,
}

/// 1 GiB.
const CACHE_BYTES: u64 = 1 << 30;

/// A span of time, or for ever.
#[derive(Debug, Clone, Copy)]
struct Age(Option<Span>);

impl fmt::Display for Age {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => out.write_str("never"),
            Some(span) => span.fmt(out),
        }
    }
}

impl RetentionPolicy {
    pub(super) fn read(reader: &mut Reader<'_>) -> RetentionPolicy {
        reader.section("retention", "How long things are kept.");
        let runs = reader.parsed(
            key(
                "retention.runs",
                "SMITHERS_RETENTION_RUNS",
                "When runs are deleted, counted from their end; held and active runs are not.",
            ),
            Age(None),
            format!("never, or {}", span::ACCEPTED),
            |text| match text {
                "never" => Ok(Age(None)),
                text => Span::parse(text).map(|span| Age(Some(span))),
            },
        );
        let cache_bytes = reader.number(
            key(
                "retention.cache_bytes",
                "SMITHERS_CACHE_MAX_BYTES",
                "Bytes of results that are kept for other runs; beyond it those used longest ago are forgotten.",
            ),
            CACHE_BYTES,
            0..=1 << 40,
        );
        RetentionPolicy {
            cache_bytes,
            runs: runs.0.map(|span| span.0),
        }
    }
}
