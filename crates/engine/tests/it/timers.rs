//! Timers: durable and visible when their turn comes, beside whatever runs, and fired by time alone.

use smithers_model::Timestamp;
use smithers_model::run::RunStatus;

use crate::support::{World, approval, comp, lines, par, seq, stat, timer, timer_until, workflow};

#[test]
fn a_timer_parks_the_run_and_fires_at_its_time() {
    let mut world = World::of(workflow([timer("pause", 500).into(), stat("after").into()]));
    assert_eq!(world.status(), RunStatus::WaitingTimer);
    assert_eq!(world.wakes, [Timestamp(1_500)]);
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            after pending
            frame 1
            pause created Duration
            pause waiting until 1500
            RUN waiting-timer"
        )
    );
    world.wait_ms(499);
    assert_eq!(world.events(), lines(""));
    world.wait_ms(3);
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            pause fired 2 late
            pause finished 1
            frame 2 by time of pause
            after started 1
            after finished 1
            frame 3 by after
            frame 4 stability-check
            RUN finished"
        )
    );
    assert_eq!(world.attempts(), "after#1=finished pause#1=finished");
    assert!(world.store.waits.is_empty());
    let attempt = &world.store.attempts[&(smithers_model::NodeKey::new("pause", 0), 1)];
    let timer = &attempt.meta.as_ref().unwrap().value()["timer"];
    assert_eq!(
        (&timer["firesAtMs"], &timer["firedAtMs"]),
        (&1_500.into(), &1_502.into())
    );
}

#[test]
fn a_timer_is_visible_and_runs_while_a_task_beside_it_is_under_way() {
    let body = seq([timer("pause", 500).into(), stat("after").into()]);
    let mut world = World::of(workflow([par([comp("slow").into(), body])]));
    assert_eq!(
        world.nodes(),
        "after=pending pause=waiting-timer slow=in-progress"
    );
    world.wait_ms(500);
    assert_eq!(
        world.nodes(),
        "after=finished pause=finished slow=in-progress"
    );
    world.finish("slow");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_moment_that_has_passed_fires_in_the_step_that_begins_it() {
    let mut world = World::of(workflow([timer_until("past", 7).into()]));
    let events = world.events();
    assert_eq!(
        events[2..5],
        lines("past created Absolute\npast fired 993 late\npast finished 1")
    );
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_deadline_does_not_move_when_the_process_dies() {
    let mut world = World::of(workflow([timer("pause", 500).into()]));
    world.now = Timestamp(1_400);
    world.crash();
    world.wait_ms(99);
    assert_eq!(world.status(), RunStatus::WaitingTimer);
    world.crash();
    world.wait_ms(1);
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_timer_that_came_due_while_the_process_was_away_fires_late() {
    let mut world = World::of(workflow([par([
        comp("slow").into(),
        timer("pause", 500).into(),
    ])]));
    world.crash();
    world.now = Timestamp(9_000);
    world.accept(smithers_model::fact::Fact::TakenUp).unwrap();
    world.wait_ms(0);
    world.finish("slow");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_run_that_waits_for_time_and_people_is_said_to_wait_for_time() {
    let tree = workflow([par([approval("gate").into(), timer("pause", 500).into()])]);
    let mut world = World::of(tree);
    assert_eq!(world.status(), RunStatus::WaitingTimer);
    world.wait_ms(500);
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn timers_that_are_due_together_fire_in_the_order_of_their_times() {
    let timers = [("c", 300), ("a", 500), ("b", 400)];
    let timers = timers.map(|(id, ms)| timer(id, ms).into());
    let mut world = World::of(workflow([par(timers)]));
    world.events();
    world.wait_ms(1_000);
    let fired: Vec<String> = world
        .events()
        .into_iter()
        .filter(|line| line.contains("fired"))
        .collect();
    assert_eq!(
        fired,
        ["c fired 700 late", "b fired 600 late", "a fired 500 late"]
    );
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_cancel_ends_the_timers() {
    let mut world = World::of(workflow([timer("pause", 500).into()]));
    world.events();
    world.cancel().unwrap();
    assert_eq!(
        world.events(),
        lines(
            "pause timer cancelled
            pause cancelled RunCancelled
            RUN cancelled"
        )
    );
    assert_eq!(world.attempts(), "pause#1=cancelled");
    assert!(world.store.waits.is_empty());
    world.wait_ms(9_000);
    assert_eq!(world.events(), lines(""));
}
