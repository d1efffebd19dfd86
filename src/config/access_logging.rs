//! Where requests are recorded, and for how long.

use std::path::PathBuf;

use super::key::key;
use super::reader::Reader;

/// Where requests are recorded, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLogging {
    /// The file; none puts the lines into the log of the process.
    pub path: Option<PathBuf>,
    /// Bytes at which the file is moved aside.
    pub max_bytes: u64,
    /// Days for which a file that was moved aside is kept.
    pub keep_days: u32,
}

const MIB: u64 = 1024 * 1024;

impl AccessLogging {
    pub(super) fn read(reader: &mut Reader<'_>) -> AccessLogging {
        reader.section(
            "access_log",
            "Where requests are recorded, and for how long.",
        );
        let path = key(
            "access_log.path",
            "SMITHERS_ACCESS_LOG",
            "File with one JSON line per request; empty puts them into the log under smithers::access.",
        );
        AccessLogging {
            path: reader
                .optional(path, "a path, or nothing")
                .map(PathBuf::from),
            max_bytes: reader.number(
                key(
                    "access_log.max_bytes",
                    "SMITHERS_ACCESS_LOG_MAX_BYTES",
                    "Bytes at which the file is moved aside; it is moved at midnight UTC as well.",
                ),
                64 * MIB,
                4_096..=16 * 1024 * MIB,
            ),
            keep_days: reader.number(
                key(
                    "access_log.keep_days",
                    "SMITHERS_ACCESS_LOG_KEEP_DAYS",
                    "Days for which files that were moved aside are kept.",
                ),
                30,
                30..=36_500,
            ),
        }
    }
}
