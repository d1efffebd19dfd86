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

/// Returns the number of the first row that does not follow from those before it; the first may begin anywhere.
pub fn first_break(entries: &[AuditEntry]) -> Option<u64> {
    let first = entries.first()?;
    ChainCursor::after(first.seq.saturating_sub(1), &first.prev_hash).follow(entries)
}

/// A place in the trail up to which the chain holds, for whoever follows it in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCursor {
    seq: u64,
    hash: String,
    broken: Option<u64>,
}

impl Default for ChainCursor {
    /// Before the first row.
    fn default() -> Self {
        Self::after(0, GENESIS)
    }
}

impl ChainCursor {
    /// Behind the row `seq`, whose hash is `hash`.
    pub fn after(seq: u64, hash: &str) -> Self {
        Self {
            seq,
            hash: hash.to_owned(),
            broken: None,
        }
    }

    /// Number of the newest row that was followed.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the newest row that was followed.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Follows the next rows and returns the first that does not follow from those before it. A chain that was
    /// broken once stays so.
    pub fn follow(&mut self, entries: &[AuditEntry]) -> Option<u64> {
        for entry in entries {
            let follows = entry.seq == self.seq + 1
                && entry.prev_hash == self.hash
                && entry.hash == hash(entry.seq, &entry.record, &entry.prev_hash);
            if !follows {
                self.broken = self.broken.or(Some(entry.seq));
            }
            self.seq = entry.seq;
            self.hash.clone_from(&entry.hash);
        }
        self.broken
    }
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

    #[test]
    fn a_chain_is_followed_in_pages_and_a_break_is_not_forgotten() {
        let mut rows = Vec::new();
        let mut hash = GENESIS.to_owned();
        for seq in 1..=4 {
            let row = link(seq, record(Channel::Http), &hash);
            hash.clone_from(&row.hash);
            rows.push(row);
        }
        let mut cursor = ChainCursor::default();
        assert_eq!(cursor.follow(&rows[..2]), None);
        assert_eq!((cursor.seq(), cursor.hash()), (2, rows[1].hash.as_str()));
        assert_eq!(cursor.follow(&rows[2..]), None);
        rows[2].record.outcome = "changed".into();
        let mut cursor = ChainCursor::default();
        assert_eq!(cursor.follow(&rows[..2]), None);
        assert_eq!(cursor.follow(&rows[2..3]), Some(3));
        assert_eq!(cursor.follow(&rows[3..]), Some(3));
        let mut beheaded = ChainCursor::default();
        assert_eq!(beheaded.follow(&rows[1..]), Some(2));
    }

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
