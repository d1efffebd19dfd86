//! The hash chain of the audit trail: each row's hash covers the row and the hash before it, so that a row
//! that was changed, left out or put in between shows (operations 5).

use serde_json::json;
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

fn hash(seq: u64, record: &AuditRecord, prev_hash: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(prev_hash.as_bytes());
    hasher.update(canonical(seq, record));
    hex::encode(hasher.finalize())
}

/// The canonical row: a JSON array without spaces of number, time, kind, run, actor, token, subject, outcome,
/// particulars (as a text) and then channel, organisation, project. A row from before migration 0010, which
/// has no channel, ends after the particulars; nothing else can have nine members, so that neither form can
/// be passed off as the other.
fn canonical(seq: u64, record: &AuditRecord) -> String {
    let mut row = json!([
        seq,
        record.at,
        record.kind,
        record.run_id,
        record.actor_id,
        record.token_id,
        record.subject,
        record.outcome,
        record.detail.as_str(),
    ]);
    if let (Some(channel), Some(row)) = (record.channel.as_str(), row.as_array_mut()) {
        row.extend([
            json!(channel),
            json!(record.org_id),
            json!(record.project_id),
        ]);
    }
    row.to_string()
}

#[cfg(test)]
mod tests {
    use smithers_model::Timestamp;
    use smithers_model::audit::Channel;

    use super::*;

    fn record(channel: Channel) -> AuditRecord {
        AuditRecord {
            run_id: Some("r".into()),
            ..AuditRecord::new(Timestamp(3), channel, "launch", "accepted")
        }
    }

    #[test]
    fn a_row_from_before_the_channel_was_recorded_keeps_its_canonical_form() {
        assert_eq!(
            canonical(7, &record(Channel::Unrecorded)),
            r#"[7,3,"launch","r",null,null,null,"accepted","{}"]"#
        );
        // Written by the version before.
        assert_eq!(
            hash(7, &record(Channel::Unrecorded), GENESIS),
            "38e9806ece1fdb7c3dc4c56b89942dd68f30ab7c18e1b98fc8c5dd5738447ca5"
        );
    }

    #[test]
    fn the_channel_is_part_of_the_canonical_form() {
        assert_eq!(
            canonical(7, &record(Channel::CliOffline)),
            r#"[7,3,"launch","r",null,null,null,"accepted","{}","cli-offline",null,null]"#
        );
    }
}
