//! What is due: only the newest attempt of a node, only while its run has not ended.

use smithers_model::Timestamp;
use smithers_model::node::AttemptState;
use smithers_model::run::RunStatus;
use smithers_model::step::{RowChange, RunUpdate};
use smithers_store::testkit::attempt;

use super::{Subject, for_each_backend, run};

/// Earlier than every due time.
const ANY: Timestamp = Timestamp(i64::MIN);

for_each_backend![
    the_earliest_due_time_of_all_runs_is_found,
    a_new_attempt_ends_the_back_off,
    nothing_is_due_in_a_run_that_has_ended,
];

fn backing_off(
    subject: &mut Subject,
    id: &str,
    times: &[i64],
) -> smithers_store::testkit::RunScript {
    let mut script = subject.launched(id);
    let attempts = times.iter().enumerate().map(|(n, at)| {
        let node = format!("n{n}");
        attempt(&node, 1, AttemptState::Failed, Some(*at))
    });
    subject
        .commit(script.step(vec![], attempts.collect()))
        .unwrap();
    script
}

fn the_earliest_due_time_of_all_runs_is_found(subject: &mut Subject) {
    assert_eq!(subject.reader().next_due(ANY).unwrap(), None);
    backing_off(subject, "a", &[500, 700]);
    backing_off(subject, "b", &[400, 450]);
    let reader = subject.reader();
    let after = |time| reader.next_due(Timestamp(time)).unwrap();
    assert_eq!(reader.next_due(ANY).unwrap(), Some(Timestamp(400)));
    assert_eq!(after(400), Some(Timestamp(450)));
    assert_eq!(after(450), Some(Timestamp(500)));
    assert_eq!(after(700), None);
    let due = |now, limit| reader.due_runs(Timestamp(now), limit).unwrap();
    assert_eq!(due(399, 9), []);
    assert_eq!(due(400, 9), [run("b")]);
    assert_eq!(due(900, 9), [run("b"), run("a")], "each run once");
    assert_eq!(due(900, 1), [run("b")]);
}

fn a_new_attempt_ends_the_back_off(subject: &mut Subject) {
    let mut script = backing_off(subject, "a", &[500]);
    let second = attempt("n0", 2, AttemptState::InProgress, None);
    subject.commit(script.step(vec![], vec![second])).unwrap();
    assert_eq!(subject.reader().next_due(ANY).unwrap(), None);
    let third = attempt("n0", 2, AttemptState::Failed, Some(900));
    subject.commit(script.step(vec![], vec![third])).unwrap();
    assert_eq!(
        subject.reader().next_due(ANY).unwrap(),
        Some(Timestamp(900))
    );
}

fn nothing_is_due_in_a_run_that_has_ended(subject: &mut Subject) {
    let mut script = backing_off(subject, "a", &[500]);
    let update = RunUpdate {
        status: Some(RunStatus::Cancelled),
        ..RunUpdate::default()
    };
    let step = script.step(vec![], vec![RowChange::UpdateRun(update)]);
    subject.commit(step).unwrap();
    assert_eq!(subject.reader().next_due(ANY).unwrap(), None);
    assert!(
        subject
            .reader()
            .due_runs(Timestamp(900), 9)
            .unwrap()
            .is_empty()
    );
}
