//! How often clients may do something.

use super::key::key;
use super::reader::Reader;

/// How often clients may do something; every number is a count per minute, and 0 is no limit.
///
/// As many may come at once; after that they come at the rate at which the minute gives them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Unknown tokens from one address, and uses of one token that has ended.
    pub failed_auth: u32,
    /// Unknown tokens from all addresses together.
    pub failed_auth_total: u32,
    /// Requests with one token.
    pub requests: u32,
    /// Launches with one token.
    pub launches: u32,
    /// Decisions of approvals with one token.
    pub approvals: u32,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Limits {
        reader.section(
            "limits",
            "How often clients may do something. Counts per minute; 0 is no limit.",
        );
        let mut limit = |key, default| reader.number(key, default, 0..=1_000_000);
        Limits {
            failed_auth: limit(
                key(
                    "limits.failed_auth_per_minute",
                    "SMITHERS_LIMIT_FAILED_AUTH_PER_MINUTE",
                    "Unknown tokens from one client address, and uses of one token that was revoked or has expired.",
                ),
                10,
            ),
            failed_auth_total: limit(
                key(
                    "limits.failed_auth_total_per_minute",
                    "SMITHERS_LIMIT_FAILED_AUTH_TOTAL_PER_MINUTE",
                    "Unknown tokens from all addresses; beyond it only addresses that have authenticated lately may try.",
                ),
                300,
            ),
            requests: limit(
                key(
                    "limits.requests_per_minute",
                    "SMITHERS_LIMIT_REQUESTS_PER_MINUTE",
                    "Requests with one token, over HTTP and sockets together.",
                ),
                600,
            ),
            launches: limit(
                key(
                    "limits.launches_per_minute",
                    "SMITHERS_LIMIT_LAUNCHES_PER_MINUTE",
                    "Launches with one token.",
                ),
                60,
            ),
            approvals: limit(
                key(
                    "limits.approvals_per_minute",
                    "SMITHERS_LIMIT_APPROVALS_PER_MINUTE",
                    "Decisions of approvals with one token.",
                ),
                60,
            ),
        }
    }
}
