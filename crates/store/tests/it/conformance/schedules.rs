//! Schedules: what is stored of them, which are due, and firings that are made exactly once.

use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::error::ErrorInfo;
use smithers_model::schedule::{
    CatchUp, Due, Firing, Overlap, Schedule, ScheduleChange, ScheduleOrder, SchedulePlan,
};
use smithers_model::step::{RowChange, StepWrite};
use smithers_model::{ScheduleId, Timestamp};
use smithers_store::Refusal;
use smithers_store::testkit::RunScript;

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_schedule_reads_back_as_it_was_written_and_is_replaced_by_one_of_its_id,
    schedules_are_listed_oldest_first_all_or_of_one_workflow,
    due_schedules_come_in_order_without_those_that_are_disabled_or_have_no_time,
    a_removed_schedule_is_gone_and_cannot_be_removed_again,
    a_firing_launches_its_run_and_moves_the_schedule_in_one_step,
    a_firing_that_was_made_is_not_made_again,
    a_firing_of_a_schedule_that_is_gone_or_disabled_is_refused,
    a_firing_on_request_keeps_the_one_to_come,
    a_firing_is_put_off_only_while_it_is_the_stored_one,
];

fn schedule(id: &str, next: i64) -> Schedule {
    let plan = SchedulePlan {
        pattern: "*/5 * * * *".into(),
        time_zone: Some("Europe/Berlin".into()),
        overlap: Overlap::Skip,
        catch_up: CatchUp::All,
    };
    let (now, first) = (Timestamp(10), Timestamp(next));
    Schedule {
        created_by: Some("user:ann".into()),
        ..Schedule::new(id.into(), "w".into(), plan, now, first)
    }
}

fn change(subject: &mut Subject, change: ScheduleChange) -> bool {
    let audit = Some(AuditRecord::new(
        Timestamp(1),
        Channel::Http,
        kind::CRON,
        "changed",
    ));
    let order = ScheduleOrder { change, audit };
    subject.transactions().change_schedule(&order).unwrap()
}

fn put(subject: &mut Subject, schedule: Schedule) {
    assert!(change(subject, ScheduleChange::Put(Box::new(schedule))));
}

fn stored(subject: &Subject, id: &str) -> Schedule {
    subject.reader().schedule(&id.into()).unwrap().unwrap()
}

fn firing(id: &str, expected: i64, next: i64) -> Firing {
    Firing {
        schedule: id.into(),
        due: Some(Due {
            expected: Timestamp(expected),
            at: Timestamp(expected),
            next: Some(Timestamp(next)),
        }),
    }
}

fn launch_of(id: &str, firing: Firing, at: i64) -> StepWrite {
    let mut step = RunScript::new(id).launch();
    let at = Timestamp(at);
    step.changes.push(RowChange::FireSchedule { firing, at });
    step
}

fn ids(schedules: &[Schedule]) -> Vec<&str> {
    schedules
        .iter()
        .map(|schedule| schedule.id.as_str())
        .collect()
}

fn a_schedule_reads_back_as_it_was_written_and_is_replaced_by_one_of_its_id(subject: &mut Subject) {
    let first = Schedule {
        declared: true,
        created_by: None,
        last_run_at: Some(Timestamp(7)),
        last_run_id: Some(run("before")),
        wake_at: Some(Timestamp(160)),
        error: Some(ErrorInfo::coded("INVALID_INPUT", "n is missing")),
        ..schedule("s", 100)
    };
    put(subject, first.clone());
    assert_eq!(stored(subject, "s"), first);
    put(subject, schedule("s", 200));
    assert_eq!(stored(subject, "s"), schedule("s", 200));
    let audited = subject
        .reader()
        .newest_audit(kind::CRON, "changed")
        .unwrap();
    assert_eq!(audited.unwrap().record.at, Timestamp(1));
    assert_eq!(subject.reader().schedule(&"other".into()).unwrap(), None);
}

fn schedules_are_listed_oldest_first_all_or_of_one_workflow(subject: &mut Subject) {
    for (id, created_at, workflow) in [("b", 3, "w"), ("a", 5, "w"), ("c", 5, "typed")] {
        put(
            subject,
            Schedule {
                created_at: Timestamp(created_at),
                workflow_key: workflow.into(),
                ..schedule(id, 100)
            },
        );
    }
    let reader = subject.reader();
    assert_eq!(ids(&reader.schedules(None, 10).unwrap()), ["b", "a", "c"]);
    assert_eq!(ids(&reader.schedules(None, 2).unwrap()), ["b", "a"]);
    let of_one = reader.schedules(Some(&"typed".into()), 10).unwrap();
    assert_eq!(ids(&of_one), ["c"]);
}

fn due_schedules_come_in_order_without_those_that_are_disabled_or_have_no_time(
    subject: &mut Subject,
) {
    assert_eq!(subject.reader().next_schedule_wake().unwrap(), None);
    put(subject, schedule("late", 300));
    put(subject, schedule("soon", 100));
    put(subject, schedule("then", 200));
    let disabled = Schedule {
        enabled: false,
        ..schedule("off", 50)
    };
    put(subject, disabled);
    let never = Schedule {
        next_run_at: None,
        wake_at: None,
        ..schedule("never", 50)
    };
    put(subject, never);
    let reader = subject.reader();
    let due = |now, limit| reader.due_schedules(Timestamp(now), limit).unwrap();
    assert_eq!(ids(&due(99, 10)), Vec::<&str>::new());
    assert_eq!(ids(&due(200, 10)), ["soon", "then"]);
    assert_eq!(ids(&due(1000, 1)), ["soon"]);
    assert_eq!(reader.next_schedule_wake().unwrap(), Some(Timestamp(100)));
}

fn a_removed_schedule_is_gone_and_cannot_be_removed_again(subject: &mut Subject) {
    put(subject, schedule("s", 100));
    let audited = |subject: &Subject| subject.reader().audit(0, 100).unwrap().len();
    assert!(change(subject, ScheduleChange::Remove("s".into())));
    let before = audited(subject);
    assert!(!change(subject, ScheduleChange::Remove("s".into())));
    assert_eq!(audited(subject), before, "nothing was done");
    assert_eq!(subject.reader().schedules(None, 10).unwrap(), []);
}

fn a_firing_launches_its_run_and_moves_the_schedule_in_one_step(subject: &mut Subject) {
    let failed = Schedule {
        wake_at: Some(Timestamp(160)),
        error: Some(ErrorInfo::coded("INVALID_INPUT", "n is missing")),
        ..schedule("s", 100)
    };
    put(subject, failed);
    let step = launch_of("r", firing("s", 100, 400), 170);
    subject.commit(step).unwrap();
    let expected = Schedule {
        last_run_at: Some(Timestamp(170)),
        last_run_id: Some(run("r")),
        ..schedule("s", 400)
    };
    assert_eq!(stored(subject, "s"), expected);
    assert!(subject.reader().run_exists(&run("r")).unwrap());
}

fn a_firing_that_was_made_is_not_made_again(subject: &mut Subject) {
    put(subject, schedule("s", 100));
    subject
        .commit(launch_of("first", firing("s", 100, 400), 101))
        .unwrap();
    let again = subject.commit(launch_of("second", firing("s", 100, 400), 102));
    assert_eq!(again.unwrap_err(), moved("s"));
    assert!(!subject.reader().run_exists(&run("second")).unwrap());
    assert_eq!(stored(subject, "s").last_run_id, Some(run("first")));
}

fn a_firing_of_a_schedule_that_is_gone_or_disabled_is_refused(subject: &mut Subject) {
    let disabled = Schedule {
        enabled: false,
        ..schedule("off", 100)
    };
    put(subject, disabled);
    for id in ["gone", "off"] {
        let refused = subject.commit(launch_of("r", firing(id, 100, 400), 101));
        assert_eq!(refused.unwrap_err(), moved(id));
    }
    assert!(!subject.reader().run_exists(&run("r")).unwrap());
}

fn a_firing_on_request_keeps_the_one_to_come(subject: &mut Subject) {
    let disabled = Schedule {
        enabled: false,
        ..schedule("s", 100)
    };
    put(subject, disabled.clone());
    let by_hand = Firing {
        schedule: "s".into(),
        due: None,
    };
    subject.commit(launch_of("r", by_hand, 50)).unwrap();
    let expected = Schedule {
        last_run_at: Some(Timestamp(50)),
        ..disabled
    };
    assert_eq!(stored(subject, "s"), expected);
}

fn a_firing_is_put_off_only_while_it_is_the_stored_one(subject: &mut Subject) {
    put(subject, schedule("s", 100));
    let put_off = |expected| ScheduleChange::Move {
        id: "s".into(),
        expected: Timestamp(expected),
        next: Some(Timestamp(100)),
        wake_at: Some(Timestamp(160)),
        error: Some(ErrorInfo::coded("INVALID_INPUT", "n is missing")),
    };
    assert!(!change(subject, put_off(99)));
    assert_eq!(stored(subject, "s"), schedule("s", 100));
    assert!(change(subject, put_off(100)));
    let expected = Schedule {
        wake_at: Some(Timestamp(160)),
        error: Some(ErrorInfo::coded("INVALID_INPUT", "n is missing")),
        ..schedule("s", 100)
    };
    assert_eq!(stored(subject, "s"), expected);
}

fn moved(id: &str) -> Refusal {
    Refusal::ScheduleMoved {
        id: ScheduleId::from(id),
    }
}
