//! A copy is read back as written, continued where it was cut, and tells what was changed.

use smithers_model::Timestamp;
use smithers_model::audit::{AuditRecord, Channel};
use smithers_store::testkit::linked;

use super::*;

/// The first rows of a trail.
fn rows(count: u64) -> Vec<AuditEntry> {
    let record = |seq: u64| AuditRecord {
        subject: Some(format!("node {seq}")),
        ..AuditRecord::new(
            Timestamp(seq.cast_signed()),
            Channel::Http,
            "launch",
            "accepted",
        )
    };
    linked((1..=count).map(record))
}

fn written(rows: &[AuditEntry], ended: bool) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut journal = Journal::begin(
        File::create(&path).unwrap(),
        0,
        ChainCursor::default().hash(),
    )
    .unwrap();
    journal.add(rows).unwrap();
    if ended {
        journal.end().unwrap();
    }
    (folder, path)
}

#[test]
fn a_complete_copy_is_read_back_with_its_rows() {
    let rows = rows(3);
    let (_folder, path) = written(&rows, true);
    let found = read(&path).unwrap();
    assert_eq!(
        (
            found.rows,
            found.cursor.seq(),
            found.is_complete,
            found.is_cut
        ),
        (3, 3, true, false)
    );
    assert_eq!(found.cursor.hash(), rows[2].hash);
}

#[test]
fn a_copy_that_was_cut_anywhere_goes_on_after_its_last_whole_row() {
    let rows = rows(4);
    let (_folder, path) = written(&rows, true);
    let whole = std::fs::read(&path).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in header..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let mut journal = resume(&path).unwrap();
        let done = usize::try_from(journal.last_seq()).unwrap();
        journal.add(&rows[done..]).unwrap();
        journal.end().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole, "cut at {length}");
    }
}

#[test]
fn a_changed_missing_or_added_row_is_told_by_its_number() {
    let rows = rows(4);
    let (_folder, path) = written(&rows, false);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let told = |lines: &[&str]| {
        std::fs::write(&path, format!("{}\n", lines.join("\n"))).unwrap();
        read(&path).unwrap_err().to_string()
    };
    let changed = lines[2].replace("node 2", "node 9");
    let does_not_follow = |seq: u64| format!("row {seq} does not follow from those before it");
    assert_eq!(
        told(&[lines[0], lines[1], &changed, lines[3]]),
        does_not_follow(2)
    );
    assert_eq!(told(&[lines[0], lines[1], lines[3]]), does_not_follow(3));
    assert_eq!(told(&[lines[0], lines[1], lines[1]]), does_not_follow(1));
    assert_eq!(
        told(&[lines[0], "{}"]),
        "line 2 is no row of an audit trail"
    );
    assert_eq!(
        told(&[lines[1]]),
        "it does not begin as a copy of an audit trail"
    );
}

#[test]
fn an_end_that_is_not_that_of_the_rows_is_refused() {
    let (_folder, path) = written(&rows(2), true);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without_a_row = [lines[0], lines[1], lines[3]].join("\n");
    std::fs::write(&path, format!("{without_a_row}\n")).unwrap();
    assert!(matches!(read(&path), Err(JournalError::WrongEnd)));
    std::fs::write(&path, format!("{text}{}\n", lines[2])).unwrap();
    assert!(matches!(read(&path), Err(JournalError::AfterEnd)));
}
