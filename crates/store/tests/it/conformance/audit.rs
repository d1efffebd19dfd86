//! The audit trail is a chain.

use smithers_store::first_break;
use smithers_store::testkit::{RunScript, audit_record};

use super::{Subject, for_each_backend, run};

for_each_backend![
    audit_rows_are_chained_in_commit_order,
    the_newest_row_of_a_kind_and_outcome_is_found,
    a_changed_or_missing_row_breaks_the_chain,
    a_refused_step_leaves_no_gap_in_the_chain,
];

fn three_rows(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let kinds = ["launch", "approval", "cancel"];
    for kind in kinds {
        let step = script.step(vec![], vec![audit_record(kind, &run("r"))]);
        subject.commit(step).unwrap();
    }
}

fn audit_rows_are_chained_in_commit_order(subject: &mut Subject) {
    three_rows(subject);
    let rows = subject.reader().audit(0, 10).unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| row.record.kind.as_str()).collect();
    assert_eq!(kinds, ["launch", "approval", "cancel"]);
    assert_eq!(rows[0].prev_hash, "0".repeat(64));
    assert_eq!(first_break(&rows), None);
    let page = subject.reader().audit(1, 1).unwrap();
    assert_eq!((page.len(), page[0].seq), (1, 2));
}

fn the_newest_row_of_a_kind_and_outcome_is_found(subject: &mut Subject) {
    three_rows(subject);
    let mut script = subject.launched("later");
    let step = script.step(vec![], vec![audit_record("cancel", &run("later"))]);
    subject.commit(step).unwrap();
    let last = subject.reader().last_audit().unwrap();
    assert_eq!(last.map(|entry| entry.seq), Some(4));
    let newest = |kind, outcome| {
        let found = subject.reader().newest_audit(kind, outcome).unwrap();
        found.map(|entry| entry.seq)
    };
    assert_eq!(newest("cancel", "accepted"), Some(4));
    assert_eq!(newest("launch", "accepted"), Some(1));
    assert_eq!(newest("launch", "refused"), None);
    assert_eq!(newest("backup", "accepted"), None);
}

fn a_changed_or_missing_row_breaks_the_chain(subject: &mut Subject) {
    three_rows(subject);
    let rows = subject.reader().audit(0, 10).unwrap();
    let mut changed = rows.clone();
    changed[1].record.outcome = "denied".into();
    assert_eq!(first_break(&changed), Some(2));
    let missing = [rows[0].clone(), rows[2].clone()];
    assert_eq!(first_break(&missing), Some(3));
}

fn a_refused_step_leaves_no_gap_in_the_chain(subject: &mut Subject) {
    three_rows(subject);
    let mut bad = RunScript::new("bad");
    subject.commit(bad.launch()).unwrap();
    let mut next = bad.clone();
    let wrong = smithers_store::testkit::output("nowhere", "a", &serde_json::json!({}));
    let refused = bad.step(vec![], vec![audit_record("lost", &run("bad")), wrong]);
    let kept = next.step(vec![], vec![audit_record("kept", &run("bad"))]);
    let answers = subject.transactions().commit(vec![refused, kept]).unwrap();
    assert!(answers[0].is_err() && answers[1].is_ok());
    let rows = subject.reader().audit(0, 10).unwrap();
    assert_eq!((rows.len(), first_break(&rows)), (4, None));
}
