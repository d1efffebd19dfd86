//! Forgetting kept results on request, beside a running gateway or without one.

use std::path::Path;

use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::cache::CacheFilter;
use smithers_model::{RawJson, Timestamp};

use super::error::Error;
use super::open::reading;
use crate::boundary::Boundary;
use crate::sqlite;

/// Rows that one transaction forgets; a gateway waits for it.
const BATCH: u32 = 500;

/// Forgets the kept results of the database at `path` that `filter` admits, in bounded transactions, each with a row of
/// the audit trail. Returns how many went.
///
/// # Errors
/// There is none, it is not ours or of another version, or it cannot be written.
pub fn clear_cache(
    path: &Path,
    filter: &CacheFilter,
    actor: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    drop(reading(path)?);
    let record = |rows| {
        let detail =
            serde_json::json!({ "workflow": filter.workflow, "key": filter.key, "rows": rows });
        let mut record = AuditRecord {
            actor_id: Some(actor.into()),
            detail: RawJson::of(&detail),
            ..AuditRecord::new(now, Channel::CliOffline, kind::CACHE, "cleared")
        };
        Boundary::new(smithers_redact::shared()).audit(&mut record);
        record
    };
    let mut total = 0;
    loop {
        let gone = sqlite::clear_cache(path, filter, BATCH, record)?;
        total += gone;
        if gone < u64::from(BATCH) {
            return Ok(total);
        }
    }
}
