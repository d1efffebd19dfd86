//! Pausing: what is under way ends, nothing else starts, and the run goes on when somebody asks.

use smithers_engine::Refusal;
use smithers_model::run::RunStatus;
use smithers_model::tree::Backoff;

use crate::support::{World, approval, comp, lines, par, seq, stat, timer, workflow};

#[test]
fn tasks_under_way_end_and_nothing_follows_until_the_run_is_resumed() {
    let mut world = World::of(workflow([
        par([comp("a").into(), comp("b").into()]),
        stat("last").into(),
    ]));
    world.events();
    world.pause().unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    assert_eq!(
        world.store.run.as_ref().unwrap().pause_requested_at,
        Some(world.now)
    );
    world.finish("a");
    assert_eq!(world.events(), lines("a finished 1"));
    world.finish("b");
    assert_eq!(world.events(), lines("b finished 1\n RUN paused"));
    let row = world.store.run.clone().unwrap();
    assert_eq!(
        (row.status, row.pause_requested_at),
        (RunStatus::Paused, None)
    );
    world.resume().unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "a=finished b=finished last=finished");
}

#[test]
fn a_run_that_only_backs_off_is_paused_at_once_and_no_retry_is_due_in_it() {
    let flaky = comp("flaky").retries(3, Backoff::Fixed, 50);
    let mut world = World::of(workflow([flaky.into()]));
    world.fail("flaky", "boom");
    world.events();
    world.pause().unwrap();
    assert_eq!(world.events(), lines("RUN paused"));
    assert_eq!(world.state.next_due(), None);
    world.wait_ms(1_000);
    assert!(world.in_flight.is_empty());
    world.resume().unwrap();
    assert_eq!(world.attempts(), "flaky#1=failed flaky#2=in-progress");
}

#[test]
fn what_is_left_of_a_back_off_is_waited_for_after_the_pause() {
    let flaky = comp("flaky").retries(3, Backoff::Fixed, 50);
    let mut world = World::of(workflow([flaky.into()]));
    world.fail("flaky", "boom");
    let due = world.state.next_due().unwrap();
    world.pause().unwrap();
    world.crash();
    world.wait_ms(20);
    world.resume().unwrap();
    assert!(world.in_flight.is_empty());
    assert_eq!(world.wakes.last(), Some(&due));
    world.wait_ms(30);
    assert_eq!(world.attempts(), "flaky#1=failed flaky#2=in-progress");
}

#[test]
fn a_failure_while_the_run_pauses_is_tried_again_after_the_pause() {
    let flaky = comp("flaky").retries(1, Backoff::Fixed, 0);
    let mut world = World::of(workflow([flaky.into()]));
    world.pause().unwrap();
    world.fail("flaky", "boom");
    assert_eq!(world.status(), RunStatus::Paused);
    world.resume().unwrap();
    world.finish("flaky");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_last_failure_while_the_run_pauses_fails_it() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.pause().unwrap();
    world.fail("a", "boom");
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.store.run.unwrap().pause_requested_at, None);
}

#[test]
fn a_crash_while_the_run_pauses_pauses_it() {
    let mut world = World::of(workflow([seq([comp("a").into(), comp("b").into()])]));
    world.pause().unwrap();
    world.crash();
    world.events();
    world.take_up().unwrap();
    assert_eq!(world.events(), lines("RUN paused"));
    assert_eq!(world.nodes(), "a=pending b=pending");
    world.crash();
    world.resume().unwrap();
    assert_eq!(world.attempts(), "a#1=cancelled a#2=in-progress");
}

#[test]
fn a_run_that_is_resumed_before_it_was_paused_goes_on_as_if_nobody_had_asked() {
    let mut world = World::of(workflow([seq([comp("a").into(), comp("b").into()])]));
    world.pause().unwrap();
    world.events();
    world.resume().unwrap();
    assert!(world.events().is_empty());
    world.finish("a");
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_decision_in_a_paused_run_is_taken_and_acted_on_after_the_pause() {
    let tree = workflow([par([
        comp("a").into(),
        seq([approval("gate").into(), comp("b").into()]),
    ])]);
    let mut world = World::of(tree);
    world.pause().unwrap();
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Paused);
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Paused);
    world.crash();
    world.resume().unwrap();
    assert_eq!(world.nodes(), "a=finished b=in-progress gate=finished");
}

#[test]
fn a_paused_run_can_be_cancelled() {
    let flaky = comp("flaky").retries(3, Backoff::Fixed, 50);
    let mut world = World::of(workflow([par([flaky.into(), approval("gate").into()])]));
    world.fail("flaky", "boom");
    world.pause().unwrap();
    world.crash();
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(world.nodes(), "flaky=pending gate=cancelled");
    assert!(world.resume().is_err());
}

#[test]
fn only_a_run_that_executes_can_be_paused_and_asking_twice_is_harmless() {
    let mut parked = World::of(workflow([approval("gate").into()]));
    let status = RunStatus::WaitingApproval;
    assert_eq!(parked.pause(), Err(Refusal::NotExecuting { status }));
    let mut world = World::of(workflow([comp("a").into()]));
    world.pause().unwrap();
    let asked = world.store.audit.len();
    world.pause().unwrap();
    assert_eq!(world.store.audit.len(), asked);
    assert_eq!(world.store.audit.last().unwrap().kind, "pause");
    world.finish("a");
    let status = RunStatus::Paused;
    assert_eq!(world.pause(), Err(Refusal::NotExecuting { status }));
}

#[test]
fn a_timer_that_came_due_in_a_paused_run_fires_when_it_goes_on() {
    let tree = workflow([par([comp("slow").into(), timer("soon", 50).into()])]);
    let mut world = World::of(tree);
    world.pause().unwrap();
    world.wait_ms(60);
    world.finish("slow");
    assert_eq!(world.status(), RunStatus::Paused);
    world.wait_ms(40);
    assert_eq!(world.nodes(), "slow=finished soon=waiting-timer");
    world.events();
    world.resume().unwrap();
    assert_eq!(
        world.events()[..2],
        lines("RUN started\n soon fired 50 late")
    );
    assert_eq!(world.status(), RunStatus::Finished);
}
