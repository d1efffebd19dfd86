//! Signals: kept however early they come, taken once, and waits that end by themselves.

use serde_json::json;
use smithers_model::audit::kind;
use smithers_model::command::Command;
use smithers_model::run::RunStatus;
use smithers_model::wait::OnTimeout;

use crate::support::{World, approval, comp, lines, par, seq, signal, stat, workflow};

fn value(text: &str) -> serde_json::Value {
    json!({ "v": text })
}

#[test]
fn a_signal_ends_the_wait_and_its_payload_is_the_row() {
    let mut world = World::of(workflow([signal("s").into(), stat("after").into()]));
    assert_eq!(world.status(), RunStatus::WaitingEvent);
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            after pending
            frame 1
            s waiting for s
            RUN waiting-event"
        )
    );
    world.signal("s", None, value("hello")).unwrap();
    assert_eq!(
        world.events(),
        lines(
            "signal 0 s
            RUN started
            frame 2
            frame 3 by s
            after started 1
            after finished 1
            frame 4 by after
            frame 5 stability-check
            RUN finished"
        )
    );
    assert_eq!(world.row("s"), Some(value("hello")));
    assert_eq!(world.attempts(), "after#1=finished s#1=finished");
    assert!(world.store.waits.is_empty());
    let record = world
        .store
        .audit
        .iter()
        .find(|record| record.kind == kind::SIGNAL);
    assert_eq!(record.unwrap().subject.as_deref(), Some("s"));
}

#[test]
fn an_early_signal_is_kept_and_found_in_the_pass_that_creates_its_waiter() {
    let mut world = World::of(workflow([approval("gate").into(), signal("s").into()]));
    world.signal("s", None, value("early")).unwrap();
    assert_eq!(
        world.status(),
        RunStatus::WaitingApproval,
        "nobody waits for it yet"
    );
    world.crash();
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.row("s"), Some(value("early")));
}

#[test]
fn a_signal_for_another_correlation_changes_nothing_but_the_inbox() {
    let mut world = World::of(workflow([signal("s").correlated("mine").into()]));
    world.events();
    world.signal("s", Some("other"), value("no")).unwrap();
    world.signal("s", None, value("no")).unwrap();
    assert_eq!(world.events(), lines("signal 0 s\n signal 1 s"));
    world.signal("s", Some("mine"), value("yes")).unwrap();
    assert_eq!(world.row("s"), Some(value("yes")));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn equal_waiters_take_one_signal_each_in_the_order_of_the_signals() {
    let waiters = ["a", "b"].map(|id| signal(id).named("s").into());
    let mut world = World::of(workflow([par(waiters)]));
    world.signal("s", None, value("first")).unwrap();
    assert_eq!(world.nodes(), "a=finished b=waiting-event");
    world.signal("s", None, value("second")).unwrap();
    assert_eq!(world.row("a"), Some(value("first")));
    assert_eq!(world.row("b"), Some(value("second")));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_wait_is_visible_and_ends_while_a_task_beside_it_is_under_way() {
    let body = seq([signal("s").into(), stat("after").into()]);
    let mut world = World::of(workflow([par([comp("slow").into(), body])]));
    assert_eq!(
        world.nodes(),
        "after=pending s=waiting-event slow=in-progress"
    );
    world.signal("s", None, value("now")).unwrap();
    assert_eq!(world.nodes(), "after=finished s=finished slow=in-progress");
}

#[test]
fn a_wait_that_is_over_fails_skips_or_goes_on_as_it_says_parked_or_not() {
    for parked in [true, false] {
        let ends = [
            (OnTimeout::Fail, false, RunStatus::Failed, "s=failed"),
            (OnTimeout::Skip, false, RunStatus::Finished, "s=skipped"),
            (OnTimeout::Continue, true, RunStatus::Finished, "s=finished"),
            (OnTimeout::Continue, false, RunStatus::Finished, "s=failed"),
        ];
        for (on_timeout, tagged, status, nodes) in ends {
            let mut waiter = signal("s").until(100, on_timeout, tagged);
            if on_timeout != OnTimeout::Fail {
                waiter = waiter.may_fail();
            }
            if tagged {
                waiter = waiter.table("tagged");
            }
            let mut world = World::of(workflow([waiter.into()]));
            if parked {
                world.crash();
            }
            world.wait_ms(99);
            assert_eq!(world.status(), RunStatus::WaitingEvent);
            world.wait_ms(1);
            assert_eq!(world.status(), status, "{on_timeout:?} {tagged} {parked}");
            assert_eq!(world.nodes(), nodes);
            assert!(world.store.waits.is_empty());
        }
    }
}

#[test]
fn a_late_signal_is_kept_and_moves_nothing() {
    let mut world = World::of(workflow([signal("s")
        .until(100, OnTimeout::Fail, false)
        .into()]));
    world.wait_ms(100);
    let events = world.store.events.len();
    world.signal("s", None, value("late")).unwrap();
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(
        world.store.events.len(),
        events,
        "the log of a run that has ended is closed"
    );
    assert_eq!(world.store.signals.len(), 1);
}

#[test]
fn what_came_is_checked_by_the_frame_and_a_wrong_one_fails_the_node() {
    let mut world = World::of(workflow([signal("s").checked().into()]));
    world.signal("s", None, json!({ "v": 7 })).unwrap();
    let given =
        world
            .steps
            .iter()
            .flat_map(|step| &step.commands)
            .find_map(|command| match command {
                Command::StartTask { given, .. } => given.clone(),
                _ => None,
            });
    assert_eq!(given.unwrap().value(), json!({ "v": 7 }));
    world.fail("s", "v is no text");
    assert_eq!(world.status(), RunStatus::Failed);
}

#[test]
fn a_signal_that_was_being_checked_when_the_process_died_is_checked_again() {
    let mut world = World::of(workflow([signal("s").checked().into()]));
    world.signal("s", None, value("x")).unwrap();
    world.crash();
    world.accept(smithers_model::fact::Fact::TakenUp).unwrap();
    world.finish("s");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.attempts(), "s#1=cancelled s#2=finished");
}

#[test]
fn a_signal_wakes_a_parked_run_that_died_before_it_could_go_on() {
    let mut world = World::of(workflow([signal("s").into()]));
    world.crash();
    world.signal("s", None, value("x")).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn the_walk_passes_over_an_asynchronous_wait() {
    let mut world = World::of(workflow([
        signal("s").passable().into(),
        stat("after").into(),
    ]));
    assert_eq!(world.nodes(), "after=finished s=waiting-event");
    assert_eq!(world.status(), RunStatus::WaitingEvent);
    world.signal("s", None, value("x")).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_cancel_ends_the_wait() {
    let mut world = World::of(workflow([signal("s").into()]));
    world.cancel().unwrap();
    assert_eq!(world.attempts(), "s#1=cancelled");
    assert!(world.store.waits.is_empty());
}
