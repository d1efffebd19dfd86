//! The check of a database's trail: that its rows are a chain from the first on, and those that were signed.

use std::collections::BTreeMap;

use smithers_model::Timestamp;
use smithers_model::audit::kind;
use smithers_store::{ChainCursor, Reader};

use super::checkpoint::Checkpoint;

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// What was found.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Where the chain stands after the last row.
    pub cursor: ChainCursor,
    /// The first row that does not hold, and why.
    pub broken: Option<(u64, String)>,
    /// Checkpoints that agree with the rows.
    pub agreed: usize,
    /// Checkpoints of rows that a restore has taken back. Whoever cut the trail could claim that too: what was
    /// signed is to be compared with a copy elsewhere.
    pub superseded: usize,
}

impl Verdict {
    fn breaks(&mut self, seq: u64, why: impl Into<String>) {
        if self.broken.as_ref().is_none_or(|(first, _)| seq < *first) {
            self.broken = Some((seq, why.into()));
        }
    }
}

/// Checks the trail of `reader` against `checkpoints`, of which those count that one of the `trusted` public keys has
/// signed; any other is a break.
///
/// # Errors
/// The database cannot be read.
pub fn verify(
    reader: &dyn Reader,
    checkpoints: &[Checkpoint],
    trusted: &[String],
) -> Result<Verdict, smithers_store::Error> {
    let mut verdict = Verdict {
        cursor: ChainCursor::default(),
        broken: None,
        agreed: 0,
        superseded: 0,
    };
    let mut hashes: BTreeMap<u64, Option<String>> = checkpoints
        .iter()
        .map(|signed| (signed.seq, None))
        .collect();
    let mut restores = Vec::new();
    loop {
        let rows = reader.audit(verdict.cursor.seq(), PAGE)?;
        if rows.is_empty() {
            break;
        }
        if let Some(seq) = verdict.cursor.follow(&rows) {
            verdict.breaks(seq, "it does not follow from those before it");
        }
        for row in rows {
            if row.record.kind == kind::RESTORE {
                restores.push((row.seq, row.record.at));
            }
            if let Some(hash) = hashes.get_mut(&row.seq) {
                *hash = Some(row.hash);
            }
        }
    }
    for signed in checkpoints {
        judge(
            &mut verdict,
            signed,
            &hashes[&signed.seq],
            &restores,
            trusted,
        );
    }
    Ok(verdict)
}

fn judge(
    verdict: &mut Verdict,
    signed: &Checkpoint,
    found: &Option<String>,
    restores: &[(u64, Timestamp)],
    trusted: &[String],
) {
    // A restore brings back rows up to its own; what was signed behind that, before it, is no more.
    let is_superseded = || {
        let mut restores = restores.iter();
        restores.any(|(seq, at)| *seq <= signed.seq && *at >= signed.at)
    };
    if !signed.is_signed() || !trusted.contains(&signed.key) {
        verdict.breaks(
            signed.seq,
            "its checkpoint is not signed with a key that is trusted",
        );
    } else if found.as_ref() == Some(&signed.hash) {
        verdict.agreed += 1;
    } else if is_superseded() {
        verdict.superseded += 1;
    } else if found.is_some() {
        verdict.breaks(signed.seq, "it is not the one that was signed");
    } else {
        let end = verdict.cursor.seq();
        verdict.breaks(
            signed.seq,
            format!("it was signed, and the trail ends at row {end}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use smithers_model::audit::{AuditRecord, Channel};
    use smithers_store::{Backend, MemoryStore};

    use super::*;
    use crate::audit::checkpoint::Signer;

    /// A trail with a row of each kind, a second apart.
    fn trail(kinds: &[&str]) -> MemoryStore {
        let store = MemoryStore::default();
        let record = |(index, kind): (usize, &&str)| {
            let at = Timestamp(1_000 * (index as i64 + 1));
            AuditRecord::new(at, Channel::Gateway, kind, "done")
        };
        let records = kinds.iter().enumerate().map(record).collect();
        store.open_writer().unwrap().append_audit(records).unwrap();
        store
    }

    fn hash(store: &MemoryStore, seq: u64) -> String {
        let rows = store.reader().unwrap().audit(seq - 1, 1).unwrap();
        rows[0].hash.clone()
    }

    fn verdict(store: &MemoryStore, signed: &[Checkpoint], trusted: &Signer) -> Verdict {
        let trusted = [trusted.public_key()];
        verify(&*store.reader().unwrap(), signed, &trusted).unwrap()
    }

    #[test]
    fn rows_that_were_signed_by_a_trusted_key_agree_and_others_break_the_trail() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Signer::open(&folder.path().join("ours")).unwrap();
        let theirs = Signer::open(&folder.path().join("theirs")).unwrap();
        let store = trail(&["launch", "cancel", "stop"]);
        let sign = |signer: &Signer, seq, hash: &str| signer.sign(Timestamp(9_000), seq, hash);
        let sound = sign(&ours, 2, &hash(&store, 2));
        let found = verdict(&store, std::slice::from_ref(&sound), &ours);
        assert_eq!((found.broken, found.agreed), (None, 1));
        for (bad, seq) in [
            (sign(&theirs, 2, &hash(&store, 2)), 2),
            (sign(&ours, 1, &hash(&store, 2)), 1),
            (sign(&ours, 4, "anything"), 4),
        ] {
            let found = verdict(&store, &[sound.clone(), bad], &ours);
            assert_eq!(found.broken.map(|(seq, _)| seq), Some(seq));
        }
    }

    #[test]
    fn what_a_restore_has_taken_back_breaks_nothing_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let key = Signer::open(&folder.path().join("db")).unwrap();
        let store = trail(&["launch", kind::RESTORE, "launch"]);
        let before = key.sign(Timestamp(1_500), 3, "a row that was taken back");
        let found = verdict(&store, std::slice::from_ref(&before), &key);
        assert_eq!((found.broken, found.superseded), (None, 1));
        let after = key.sign(
            Timestamp(2_500),
            3,
            "another row than the one that is there",
        );
        let found = verdict(&store, &[before, after], &key);
        assert_eq!(found.broken.map(|(seq, _)| seq), Some(3));
    }
}
