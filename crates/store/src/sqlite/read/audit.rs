//! Reading the audit trail.

use rusqlite::Row;
use smithers_model::RunId;
use smithers_model::audit::{AuditRecord, Channel};

use super::{SqliteReader, bound};
use crate::read::{AuditEntry, AuditReader, ReadResult};
use crate::sqlite::codec::{Stored, raw_json, time};

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        seq: row.get(0)?,
        record: AuditRecord {
            at: time(row, 1)?,
            kind: row.get(2)?,
            run_id: row.get::<_, Option<String>>(3)?.map(RunId::new),
            actor_id: row.get(4)?,
            token_id: row.get(5)?,
            subject: row.get(6)?,
            outcome: row.get(7)?,
            detail: raw_json(row, 8)?,
            channel: row.get::<_, Stored<Channel>>(11)?.0,
            org_id: row.get(12)?,
            project_id: row.get(13)?,
        },
        prev_hash: row.get(9)?,
        hash: row.get(10)?,
    })
}

macro_rules! select_audit {
    ($tail:literal) => {
        concat!(
            "SELECT seq, at_ms, kind, run_id, actor_id, token_id, subject, outcome, detail_json,
                    prev_hash, hash, channel, org_id, project_id
             FROM _smithers_audit ",
            $tail
        )
    };
}

impl AuditReader for SqliteReader {
    fn audit(&self, after_seq: u64, limit: usize) -> ReadResult<Vec<AuditEntry>> {
        let sql = select_audit!("WHERE seq > ?1 ORDER BY seq LIMIT ?2");
        let after = i64::try_from(after_seq).unwrap_or(i64::MAX);
        self.all(sql, (after, bound(limit)), audit_row)
    }

    fn last_audit(&self) -> ReadResult<Option<AuditEntry>> {
        let sql = select_audit!("WHERE seq = (SELECT max(seq) FROM _smithers_audit)");
        self.one(sql, [], audit_row)
    }

    fn newest_audit(&self, kind: &str, outcome: &str) -> ReadResult<Option<AuditEntry>> {
        let sql = select_audit!("WHERE kind = ?1 AND outcome = ?2 ORDER BY seq DESC LIMIT 1");
        self.one(sql, [kind, outcome], audit_row)
    }
}
