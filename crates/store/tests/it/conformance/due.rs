//! What is due: only the newest attempt of a node, only while its run has not ended.

use smithers_model::node::AttemptState;
use smithers_model::ownership::Custody;
use smithers_model::run::RunStatus;
use smithers_model::signal::SignalAddress;
use smithers_model::step::{RowChange, RunUpdate};
use smithers_model::wait::{WaitCause, WaitKind};
use smithers_model::{NodeKey, Timestamp};
use smithers_store::testkit::{
    RunScript, attempt, custody, decision, for_signal, owned_approval, wait,
};

use super::{Subject, for_each_backend, run};

/// Earlier than every due time.
const ANY: Timestamp = Timestamp(i64::MIN);

for_each_backend![
    the_earliest_due_time_of_all_runs_is_found,
    a_new_attempt_ends_the_back_off,
    nothing_is_due_in_a_run_that_has_ended,
    a_run_that_undoes_what_it_did_ends_in_its_time,
    approvals_are_due_at_their_next_escalation_or_expiry,
    a_decision_ends_what_was_due,
    retries_and_approvals_are_found_in_one_order,
    the_retries_of_a_paused_run_wake_nobody_until_it_goes_on,
    a_wait_is_due_until_it_ends,
    who_waits_for_a_signal_is_found_by_name_and_correlation,
];

fn backing_off(subject: &mut Subject, id: &str, times: &[i64]) -> RunScript {
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

/// A run that waits for a decision about node `n`.
fn asking(
    subject: &mut Subject,
    id: &str,
    escalates_at: Option<i64>,
    expires_at: Option<i64>,
) -> RunScript {
    let mut script = subject.launched(id);
    let asked = owned_approval(&run(id), "n", 1, custody(escalates_at, expires_at));
    subject.commit(script.step(vec![], vec![asked])).unwrap();
    script
}

fn approvals_are_due_at_their_next_escalation_or_expiry(subject: &mut Subject) {
    let mut script = asking(subject, "a", Some(500), Some(800));
    let next = |subject: &Subject| subject.reader().next_due(ANY).unwrap();
    assert_eq!(next(subject), Some(Timestamp(500)));
    let due = subject.reader().due_runs(Timestamp(500), 9).unwrap();
    assert_eq!(due, [run("a")]);
    let mut lapse = |subject: &mut Subject, custody: Custody| {
        let node = NodeKey::new("n", 0);
        let change = RowChange::PutCustody { node, custody };
        subject.commit(script.step(vec![], vec![change])).unwrap();
    };
    let escalated = Custody {
        escalated_at: Some(Timestamp(501)),
        ..custody(Some(500), Some(800))
    };
    lapse(subject, escalated.clone());
    assert_eq!(next(subject), Some(Timestamp(800)));
    let expired = Custody {
        expired_at: Some(Timestamp(801)),
        ..escalated
    };
    lapse(subject, expired);
    assert_eq!(next(subject), None);
}

fn a_decision_ends_what_was_due(subject: &mut Subject) {
    let mut script = asking(subject, "a", Some(500), None);
    let decided = script.step(vec![], vec![decision("n", false)]);
    subject.commit(decided).unwrap();
    assert_eq!(subject.reader().next_due(ANY).unwrap(), None);
    let change = RowChange::PutCustody {
        node: NodeKey::new("n", 0),
        custody: custody(Some(700), None),
    };
    subject.commit(script.step(vec![], vec![change])).unwrap();
    assert_eq!(subject.reader().next_due(ANY).unwrap(), None);
}

fn retries_and_approvals_are_found_in_one_order(subject: &mut Subject) {
    backing_off(subject, "retries", &[500]);
    asking(subject, "asks", Some(400), None);
    asking(subject, "both", None, Some(600));
    let due = |now| subject.reader().due_runs(Timestamp(now), 9).unwrap();
    assert_eq!(due(399), []);
    assert_eq!(due(500), [run("asks"), run("retries")]);
    assert_eq!(due(600), [run("asks"), run("retries"), run("both")]);
    let next = subject.reader().next_due(Timestamp(400)).unwrap();
    assert_eq!(next, Some(Timestamp(500)));
}

fn the_retries_of_a_paused_run_wake_nobody_until_it_goes_on(subject: &mut Subject) {
    let mut script = backing_off(subject, "a", &[500]);
    let asked = owned_approval(&run("a"), "n", 1, custody(Some(800), None));
    let waits = wait("m", WaitCause::Timer, Some(450));
    let paused = vec![asked, waits, RowChange::HoldDueTimes(true)];
    subject.commit(script.step(vec![], paused)).unwrap();
    let next = |subject: &Subject| subject.reader().next_due(ANY).unwrap();
    assert_eq!(
        next(subject),
        Some(Timestamp(800)),
        "people are still asked"
    );
    assert_eq!(subject.reader().due_runs(Timestamp(700), 9).unwrap(), []);
    let attempts = subject.reader().attempts(&run("a")).unwrap();
    assert_eq!(attempts[0].retry_at, Some(Timestamp(500)), "it is kept");
    let goes_on = script.step(vec![], vec![RowChange::HoldDueTimes(false)]);
    subject.commit(goes_on).unwrap();
    assert_eq!(next(subject), Some(Timestamp(450)));
}

fn nothing_is_due_in_a_run_that_has_ended(subject: &mut Subject) {
    let mut script = backing_off(subject, "a", &[500]);
    let asked = owned_approval(&run("a"), "n", 1, custody(Some(400), None));
    let waits = wait("m", WaitCause::Timer, Some(300));
    let step = script.step(vec![], vec![asked, waits]);
    subject.commit(step).unwrap();
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

fn a_run_that_undoes_what_it_did_ends_in_its_time(subject: &mut Subject) {
    let mut script = subject.launched("a");
    backing_off(subject, "b", &[600]);
    let update = |subject: &mut Subject, script: &mut RunScript, update| {
        let step = script.step(vec![], vec![RowChange::UpdateRun(update)]);
        subject.commit(step).unwrap();
    };
    let within = RunUpdate {
        undo_within_ms: Some(Some(300)),
        ..RunUpdate::default()
    };
    update(subject, &mut script, within);
    let next = |subject: &Subject| subject.reader().next_due(ANY).unwrap();
    assert_eq!(next(subject), Some(Timestamp(600)), "nobody has asked");
    let asked = RunUpdate {
        cancel_requested_at: Some(Timestamp(200)),
        ..RunUpdate::default()
    };
    update(subject, &mut script, asked);
    assert_eq!(next(subject), Some(Timestamp(500)));
    let due = |subject: &Subject| subject.reader().due_runs(Timestamp(900), 9).unwrap();
    assert_eq!(due(subject), [run("a"), run("b")]);
    let ended = RunUpdate {
        status: Some(RunStatus::Cancelled),
        finished_at: Some(Timestamp(400)),
        ..RunUpdate::default()
    };
    update(subject, &mut script, ended);
    assert_eq!(due(subject), [run("b")]);
    let row = subject.reader().run(&run("a")).unwrap().unwrap();
    assert_eq!(row.undo_within_ms, Some(300));
}

/// A run in which nodes wait.
fn waiting(subject: &mut Subject, id: &str, waits: Vec<RowChange>) -> RunScript {
    let mut script = subject.launched(id);
    subject.commit(script.step(vec![], waits)).unwrap();
    script
}

fn a_wait_is_due_until_it_ends(subject: &mut Subject) {
    let timers = vec![
        wait("n", WaitCause::Timer, Some(700)),
        wait("m", WaitCause::Timer, Some(500)),
        wait("q", WaitCause::Quota, None),
    ];
    let mut script = waiting(subject, "a", timers);
    backing_off(subject, "b", &[600]);
    let due = |subject: &Subject, now| subject.reader().due_runs(Timestamp(now), 9).unwrap();
    assert_eq!(
        subject.reader().next_due(ANY).unwrap(),
        Some(Timestamp(500))
    );
    assert_eq!(due(subject, 499), []);
    assert_eq!(due(subject, 600), [run("a"), run("b")]);
    let next = |subject: &Subject| {
        let reader = subject.reader();
        let wait = reader.next_wait(&run("a"), WaitKind::Timer).unwrap();
        wait.map(|wait| wait.node)
    };
    assert_eq!(next(subject), Some(NodeKey::new("m", 0)));
    let end = RowChange::EndWait(NodeKey::new("m", 0));
    subject.commit(script.step(vec![], vec![end])).unwrap();
    assert_eq!(due(subject, 600), [run("b")]);
    assert_eq!(next(subject), Some(NodeKey::new("n", 0)));
    assert_eq!(subject.reader().waits(&run("a")).unwrap().len(), 2);
}

fn who_waits_for_a_signal_is_found_by_name_and_correlation(subject: &mut Subject) {
    waiting(subject, "a", vec![wait("n", for_signal("s", None), None)]);
    let both = vec![
        wait("n", for_signal("s", Some("c")), Some(9)),
        wait("m", for_signal("s", Some("c")), None),
    ];
    let mut script = waiting(subject, "b", both);
    let found = |subject: &Subject, correlation: Option<&str>| {
        let address = SignalAddress {
            signal_name: "s".into(),
            correlation_id: correlation.map(str::to_owned),
        };
        subject.reader().runs_waiting_for(&address, 9).unwrap()
    };
    assert_eq!(found(subject, None), [run("a")]);
    assert_eq!(found(subject, Some("c")), [run("b")], "each run once");
    assert_eq!(found(subject, Some("d")), []);
    let ends = ["n", "m"].map(|node| RowChange::EndWait(NodeKey::new(node, 0)));
    subject.commit(script.step(vec![], ends.into())).unwrap();
    assert_eq!(found(subject, Some("c")), []);
}
