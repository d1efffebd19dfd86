//! Deleting runs: what goes, what stays, and what is refused.

use serde_json::{Value, json};
use smithers_model::audit::Channel;
use smithers_model::deletion::{DeletionOrder, HoldOrder, RunCounts};
use smithers_model::event::Event;
use smithers_model::node::{AttemptState, NodeState};
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::{RowChange, RunUpdate, StepWrite};
use smithers_model::{NodeKey, Timestamp};
use smithers_store::testkit::{
    Everything, RunScript, approval, attempt, audit_record, decision, frame, node, output,
};
use smithers_store::{Deletion, DeletionRefusal, Refusal, first_break, log_digest};

use super::{Subject, for_each_backend, run};

for_each_backend![
    whole_runs_are_deleted_only_by_supported_administrative_paths_and_frames_decisions_and_audit_rows_stay_consistent,
    a_run_that_has_not_ended_is_not_deleted,
    a_held_run_is_not_deleted_until_it_is_released,
    a_run_whose_log_has_grown_since_it_was_read_is_not_deleted,
    the_id_of_a_deleted_run_is_never_used_again_and_its_key_is_free,
    a_step_of_a_deleted_run_is_refused,
    counters_go_on_where_they_were,
    runs_that_ended_are_listed_by_their_end_without_those_that_are_held,
];

fn ann() -> Actor {
    Actor {
        user_id: Some("user:ann".into()),
        token_id: Some("0850123315d21ab9".into()),
        channel: Channel::Http,
        ..Actor::default()
    }
}

/// A run with a row of every kind; it has ended at `ended`.
fn whole_run(subject: &mut Subject, id: &str, ended: i64) -> RunScript {
    let mut script = subject.launched(id);
    let pending = vec![Event::NodePending {
        node: NodeKey::new("a", 0),
    }];
    let rows = vec![
        node("a", NodeState::Finished),
        attempt("a", 1, AttemptState::Finished, None),
        output("result", "a", &json!({"text": id})),
        approval(&run(id), "a", 1),
        decision("a", true),
        audit_record("approval", &run(id)),
        frame(1, "shared"),
        frame(2, id),
        RowChange::UpdateRun(RunUpdate {
            status: Some(RunStatus::Finished),
            finished_at: Some(Timestamp(ended)),
            ..RunUpdate::default()
        }),
    ];
    subject.commit(script.step(pending, rows)).unwrap();
    script
}

fn order(subject: &Subject, id: &str) -> DeletionOrder {
    DeletionOrder {
        run_id: run(id),
        at: Timestamp(5_000),
        actor: ann(),
        reason: Some("asked for".into()),
        log: log_digest(&*subject.reader(), &run(id)).unwrap(),
    }
}

fn delete(subject: &mut Subject, id: &str) -> Result<Deletion, DeletionRefusal> {
    let order = order(subject, id);
    subject.transactions().delete_run(&order).unwrap()
}

fn whole_runs_are_deleted_only_by_supported_administrative_paths_and_frames_decisions_and_audit_rows_stay_consistent(
    subject: &mut Subject,
) {
    whole_run(subject, "kept", 10);
    let before = Everything::read(&*subject.reader(), &[run("kept")]).unwrap();
    whole_run(subject, "gone", 20);
    let log = order(subject, "gone").log;
    let deletion = delete(subject, "gone").unwrap();
    assert!(deletion.is_finished);
    let left = deletion.tombstone;
    let counts = RunCounts {
        events: 2,
        nodes: 1,
        attempts: 1,
        frames: 2,
        outputs: 1,
        approvals: 1,
    };
    assert_eq!((left.counts, left.events_sha256.len()), (counts, 64));
    assert_eq!(left.events_sha256, log.sha256);
    assert_eq!(
        (left.status, left.deleted_by.as_deref()),
        (RunStatus::Finished, Some("user:ann"))
    );
    let decisions: Vec<Value> = serde_json::from_str(left.approvals.as_str()).unwrap();
    assert_eq!(decisions[0]["nodeId"], "a");
    assert_eq!(
        (&decisions[0]["decidedBy"], &decisions[0]["note"]),
        (&json!("user:ann"), &json!("seen"))
    );

    let reader = subject.reader();
    assert_eq!(reader.tombstone(&run("gone")).unwrap(), Some(left));
    assert_eq!(
        reader.run_counts(&run("gone")).unwrap(),
        RunCounts::default()
    );
    assert_eq!(reader.load_run(&run("gone")).unwrap(), None);
    assert_eq!(reader.tree("hash of gone").unwrap(), None);
    assert!(
        reader.tree("hash of shared").unwrap().is_some(),
        "the other run has it"
    );
    let audit = reader.audit(0, 99).unwrap();
    let kinds: Vec<&str> = audit.iter().map(|row| &*row.record.kind).collect();
    assert_eq!(kinds, ["approval", "approval", "run-deletion"]);
    let told = &audit[2].record;
    assert_eq!(
        (told.run_id.clone(), told.channel),
        (Some(run("gone")), Channel::Http)
    );
    assert!(told.detail.as_str().contains(&log.sha256));
    assert_eq!(first_break(&audit), None);
    // Nothing of the other run has moved, except what is said of all runs.
    let again = Everything::read(&*reader, &[run("kept")]).unwrap();
    assert_eq!(again.runs, before.runs);
    assert_eq!(again.lists, before.lists);
}

fn a_run_that_has_not_ended_is_not_deleted(subject: &mut Subject) {
    subject.launched("r");
    let refusal = delete(subject, "r").unwrap_err();
    assert_eq!(refusal, DeletionRefusal::Active(RunStatus::Running));
    assert!(subject.reader().run_exists(&run("r")).unwrap());
    let refusal = delete(subject, "none").unwrap_err();
    assert_eq!(refusal, DeletionRefusal::NotFound(run("none")));
}

fn hold(subject: &mut Subject, id: &str, hold: bool) {
    let order = HoldOrder {
        run_id: run(id),
        hold,
        at: Timestamp(4_000),
        actor: ann(),
        reason: "an investigation".into(),
    };
    subject.transactions().hold_run(&order).unwrap().unwrap();
}

fn a_held_run_is_not_deleted_until_it_is_released(subject: &mut Subject) {
    whole_run(subject, "r", 10);
    hold(subject, "r", true);
    let held = subject.reader().hold(&run("r")).unwrap().unwrap();
    assert_eq!(held.reason, "an investigation");
    assert_eq!(
        delete(subject, "r").unwrap_err(),
        DeletionRefusal::Held(held)
    );
    hold(subject, "r", false);
    delete(subject, "r").unwrap();
    let audit = subject.reader().audit(1, 99).unwrap();
    let told: Vec<_> = audit
        .iter()
        .map(|row| (&*row.record.kind, &*row.record.outcome))
        .collect();
    assert_eq!(
        told,
        [
            ("hold", "held"),
            ("hold", "released"),
            ("run-deletion", "deleted")
        ]
    );
}

fn a_run_whose_log_has_grown_since_it_was_read_is_not_deleted(subject: &mut Subject) {
    let mut script = whole_run(subject, "r", 10);
    let early = order(subject, "r");
    subject
        .commit(script.step(vec![Event::RunStarted], vec![]))
        .unwrap();
    let refused = subject.transactions().delete_run(&early).unwrap();
    assert_eq!(refused.unwrap_err(), DeletionRefusal::Grown);
}

fn the_id_of_a_deleted_run_is_never_used_again_and_its_key_is_free(subject: &mut Subject) {
    whole_run(subject, "r", 10);
    delete(subject, "r").unwrap();
    let refusal = subject.commit(RunScript::new("r").launch()).unwrap_err();
    let (run_id, deleted_at) = (run("r"), Timestamp(5_000));
    assert_eq!(refusal, Refusal::RunDeleted { run_id, deleted_at });
    assert_eq!(
        delete(subject, "r").unwrap_err(),
        DeletionRefusal::NotFound(run("r"))
    );
    let keyed = |id: &str| -> StepWrite {
        RunScript::new(id).launch_with(|new| {
            new.idempotency_key = Some("k".into());
            new.row.status = RunStatus::Finished;
        })
    };
    subject.commit(keyed("first")).unwrap();
    delete(subject, "first").unwrap();
    subject.commit(keyed("second")).unwrap();
    let made = subject.reader().launch_by_key(&"w".into(), "k").unwrap();
    assert_eq!(made, Some(run("second")));
}

fn a_step_of_a_deleted_run_is_refused(subject: &mut Subject) {
    let mut script = whole_run(subject, "r", 10);
    delete(subject, "r").unwrap();
    let late = script.step(vec![Event::RunStarted], vec![]);
    let refused = subject.commit(late).unwrap_err();
    assert!(
        matches!(refused, Refusal::Fenced { held: None, .. }),
        "{refused:?}"
    );
}

fn counters_go_on_where_they_were(subject: &mut Subject) {
    whole_run(subject, "r", 10);
    let newest = subject
        .reader()
        .events(&run("r"), None, 99)
        .unwrap()
        .pop()
        .unwrap();
    delete(subject, "r").unwrap();
    assert_eq!(
        Some(subject.reader().state_version().unwrap()),
        newest.state_version
    );
    let mut script = subject.launched("next");
    let event = vec![Event::NodePending {
        node: NodeKey::new("a", 0),
    }];
    subject.commit(script.step(event, vec![])).unwrap();
    let events = subject.reader().events(&run("next"), None, 99).unwrap();
    assert_eq!(events[0].position, newest.position + 1);
    assert_eq!(
        events[1].state_version,
        newest.state_version.map(|version| version + 1)
    );
}

fn runs_that_ended_are_listed_by_their_end_without_those_that_are_held(subject: &mut Subject) {
    for (id, ended) in [("late", 30), ("early", 10), ("held", 15), ("middle", 20)] {
        whole_run(subject, id, ended);
    }
    subject.launched("running");
    hold(subject, "held", true);
    let ended = |before| subject.reader().ended_before(Timestamp(before), 9).unwrap();
    assert_eq!(ended(30), [run("early"), run("middle")]);
    assert_eq!(ended(31), [run("early"), run("middle"), run("late")]);
}
