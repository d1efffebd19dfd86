//! What people decided about a node in other runs is found, the newest first.

use smithers_model::Timestamp;
use smithers_model::step::RowChange;
use smithers_store::read::{MOST_PASSED_OVER, PrecedentFilter};
use smithers_store::testkit::{RunScript, approval, decision};

use super::{Subject, for_each_backend, run};

for_each_backend![
    the_newest_decisions_come_first_and_no_more_than_asked_for,
    only_other_runs_of_the_same_workflow_under_the_same_name_count,
    what_waits_was_undone_or_was_given_without_a_person_does_not_count,
    a_search_ends_after_so_many_decisions_that_do_not_count,
];

/// An answer about `node` at `at`.
fn decided(node: &str, approved: bool, at: i64) -> RowChange {
    let mut change = decision(node, approved);
    if let RowChange::DecideApproval { decision, .. } = &mut change {
        decision.decided_at = Timestamp(at);
    }
    change
}

/// A run of workflow `w` in which this was decided about `a`.
fn with(subject: &mut Subject, id: &str, approved: bool, at: i64) -> RunScript {
    let mut script = subject.launched(id);
    let changes = vec![approval(&run(id), "a", 1), decided("a", approved, at)];
    subject.commit(script.step(vec![], changes)).unwrap();
    script
}

fn about_a(most: usize) -> PrecedentFilter {
    PrecedentFilter {
        workflow: "w".into(),
        workflow_name: "workflow".into(),
        node: "a".into(),
        other_than: run("me"),
        most,
    }
}

fn found(subject: &Subject, filter: &PrecedentFilter) -> Vec<(String, bool, i64)> {
    let found = subject.reader().precedents(filter).unwrap().into_iter();
    let told = |row: smithers_model::approval::Precedent| {
        (row.run_id.to_string(), row.approved, row.decided_at.0)
    };
    found.map(told).collect()
}

fn the_newest_decisions_come_first_and_no_more_than_asked_for(subject: &mut Subject) {
    with(subject, "old", true, 10);
    with(subject, "new", false, 30);
    with(subject, "middle", true, 20);
    let all = [
        ("new".to_owned(), false, 30),
        ("middle".to_owned(), true, 20),
        ("old".to_owned(), true, 10),
    ];
    assert_eq!(found(subject, &about_a(9)), all);
    assert_eq!(found(subject, &about_a(2)), all[..2]);
}

fn only_other_runs_of_the_same_workflow_under_the_same_name_count(subject: &mut Subject) {
    with(subject, "other", true, 10);
    with(subject, "me", true, 20);
    let mut script = RunScript::new("renamed");
    let launch = script.launch_with(|new| new.row.workflow_name = "another".into());
    subject.commit(launch).unwrap();
    let mut foreign = RunScript::new("foreign");
    let launch = foreign.launch_with(|new| new.row.workflow_key = "typed".into());
    subject.commit(launch).unwrap();
    for (script, id) in [(&mut script, "renamed"), (&mut foreign, "foreign")] {
        let changes = vec![approval(&run(id), "a", 1), decided("a", true, 30)];
        subject.commit(script.step(vec![], changes)).unwrap();
    }
    let mut beside = subject.launched("beside");
    let changes = vec![approval(&run("beside"), "b", 1), decided("b", true, 40)];
    subject.commit(beside.step(vec![], changes)).unwrap();
    assert_eq!(
        found(subject, &about_a(9)),
        [("other".to_owned(), true, 10)]
    );
}

fn what_waits_was_undone_or_was_given_without_a_person_does_not_count(subject: &mut Subject) {
    let mut waiting = subject.launched("waiting");
    let asked = vec![approval(&run("waiting"), "a", 1)];
    subject.commit(waiting.step(vec![], asked)).unwrap();
    let mut undone = with(subject, "undone", true, 10);
    let withdrawn = RowChange::WithdrawApproval {
        node: smithers_model::NodeKey::new("a", 0),
    };
    subject
        .commit(undone.step(vec![], vec![withdrawn]))
        .unwrap();
    let mut auto = subject.launched("auto");
    let mut given = approval(&run("auto"), "a", 1);
    let RowChange::DecideApproval { decision, .. } = decided("a", true, 20) else {
        unreachable!("a decision is one");
    };
    if let RowChange::RequestApproval(approval) = &mut given {
        approval.decision = Some(decision);
        approval.auto_approved = true;
    }
    subject.commit(auto.step(vec![], vec![given])).unwrap();
    assert_eq!(found(subject, &about_a(9)), []);
    let stored = subject.reader().load_run(&run("auto")).unwrap().unwrap();
    assert!(stored.approvals[0].auto_approved);
}

fn a_search_ends_after_so_many_decisions_that_do_not_count(subject: &mut Subject) {
    with(subject, "other", true, 1);
    let mut script = subject.launched("me");
    for n in 0..=MOST_PASSED_OVER {
        let mut asked = approval(&run("me"), "a", 1);
        let mut answered = decided("a", true, 10);
        let iteration = u32::try_from(n).unwrap();
        if let RowChange::RequestApproval(approval) = &mut asked {
            approval.node.iteration = iteration;
        }
        if let RowChange::DecideApproval { node, .. } = &mut answered {
            node.iteration = iteration;
        }
        let changes = vec![asked, answered];
        subject.commit(script.step(vec![], changes)).unwrap();
        let expected = usize::from(n < MOST_PASSED_OVER);
        if n + 1 >= MOST_PASSED_OVER {
            assert_eq!(found(subject, &about_a(1)).len(), expected, "{n}");
        }
    }
}
