//! The hash chain of the audit trail: each row's hash covers the row and the hash before it, so that a row
//! that was changed, left out or put in between shows (operations 5).

use sha2::{Digest, Sha256};
use smithers_model::audit::AuditRecord;

use crate::read::AuditEntry;

/// Hash before the first row.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Links `record` behind the row `seq - 1`, whose hash is `prev_hash`.
pub(crate) fn link(seq: u64, record: AuditRecord, prev_hash: &str) -> AuditEntry {
    AuditEntry {
        hash: hash(seq, &record, prev_hash),
        seq,
        record,
        prev_hash: prev_hash.to_owned(),
    }
}

/// Returns the number of the first row that does not follow from those before it.
pub fn first_break(entries: &[AuditEntry]) -> Option<u64> {
    let broken =
        |entry: &AuditEntry| entry.hash != hash(entry.seq, &entry.record, &entry.prev_hash);
    let unlinked = entries
        .windows(2)
        .find(|pair| pair[1].prev_hash != pair[0].hash || pair[1].seq != pair[0].seq + 1);
    let damaged = entries.iter().find(|entry| broken(entry));
    let seqs = [
        unlinked.map(|pair| pair[1].seq),
        damaged.map(|entry| entry.seq),
    ];
    seqs.into_iter().flatten().min()
}

/// The canonical row is the JSON array of its columns in their order, without spaces.
fn hash(seq: u64, record: &AuditRecord, prev_hash: &str) -> String {
    let canonical = serde_json::to_vec(&(
        seq,
        record.at,
        &record.kind,
        &record.run_id,
        &record.actor_id,
        &record.token_id,
        &record.subject,
        &record.outcome,
        record.detail.as_str(),
    ))
    .expect("texts and numbers serialise");
    let mut hasher = Sha256::new();
    hasher.update(prev_hash.as_bytes());
    hasher.update(&canonical);
    hex::encode(hasher.finalize())
}
