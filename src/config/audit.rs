//! Where the audit trail is copied to, and how often its end is signed.

use std::path::PathBuf;
use std::time::Duration;

use super::key::key;
use super::listen::milliseconds;
use super::reader::Reader;

/// Where the audit trail is copied to, and how often its end is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// File to which every row is appended, to be shipped to another machine.
    pub sink: Option<PathBuf>,
    /// Time between two signed checkpoints.
    pub checkpoint: Duration,
}

impl Audit {
    pub(super) fn read(reader: &mut Reader<'_>) -> Audit {
        reader.section(
            "audit",
            "Where the audit trail is copied to, and how often its end is signed.",
        );
        let sink = key(
            "audit.sink",
            "SMITHERS_AUDIT_SINK",
            "File to which every row of the audit trail is appended, to be shipped to another machine; none when empty.",
        );
        Audit {
            sink: reader.optional(sink, "a path").map(PathBuf::from),
            checkpoint: milliseconds(
                reader,
                key(
                    "audit.checkpoint_ms",
                    "SMITHERS_AUDIT_CHECKPOINT_MS",
                    "Time between two signed checkpoints of the audit trail.",
                ),
                3_600_000,
                100..=86_400_000,
            ),
        }
    }
}
