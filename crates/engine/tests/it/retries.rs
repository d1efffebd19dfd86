//! Retries: delays, crashes in between, and what does not count.

use smithers_model::approval::OnDeny;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::tree::Backoff;
use smithers_model::{NodeKey, Timestamp};

use crate::support::{Job, World, approval, asking, comp, lines, par, par_max, stat, workflow};

fn flaky(retries: u32) -> World {
    let job = comp("flaky").retries(retries, Backoff::Exponential, 1000);
    World::of(workflow([job.into()]))
}

#[test]
fn a_delay_is_asked_for_and_the_attempt_row_says_when_it_ends() {
    let mut world = flaky(2);
    world.fail("flaky", "boom");
    assert_eq!(world.wakes, [Timestamp(2_000)]);
    assert_eq!(world.state.next_due(), Some(Timestamp(2_000)));
    assert_eq!(world.nodes(), "flaky=pending");
    let row = world.store.attempts.values().next().unwrap();
    assert_eq!(row.retry_at, Some(Timestamp(2_000)));
    assert_eq!(row.error.as_ref().unwrap().message, "boom");
    assert_eq!(world.status(), RunStatus::Running);
    world.wait_ms(999);
    assert!(world.in_flight.is_empty());
    world.wait_ms(1);
    assert_eq!(world.in_flight.values().collect::<Vec<_>>(), [&2]);
    let row = world.store.attempts.values().next_back().unwrap();
    assert_eq!((row.attempt, &row.error, row.retry_at), (2, &None, None));
}

#[test]
fn after_a_crash_the_newest_attempt_says_how_long_to_wait() {
    let mut world = flaky(3);
    world.fail("flaky", "one");
    world.wait_ms(1_000);
    world.fail("flaky", "two");
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    assert_eq!(world.wakes, [Timestamp(4_000)]);
    assert!(world.in_flight.is_empty());
}

#[test]
fn a_wake_that_comes_too_early_asks_to_be_woken_again() {
    let mut world = flaky(1);
    world.fail("flaky", "boom");
    world.wakes.clear();
    world.accept(Fact::TimeReached).unwrap();
    assert_eq!(world.wakes, [Timestamp(2_000)]);
    assert!(world.in_flight.is_empty());
}

#[test]
fn without_a_delay_the_next_attempt_starts_in_the_same_step() {
    let job = comp("flaky").retries(1, Backoff::Fixed, 0);
    let mut world = World::of(workflow([job.into()]));
    let steps = world.steps.len();
    world.events();
    world.fail("flaky", "boom");
    assert_eq!(
        world.events(),
        lines("flaky failed 1: boom\n flaky retrying 2\n flaky started 2")
    );
    assert_eq!(world.steps.len(), steps + 1);
    assert!(world.wakes.is_empty());
}

#[test]
fn a_crash_during_the_delay_neither_shortens_it_nor_forgives_the_failure() {
    let mut world = flaky(1);
    world.fail("flaky", "one");
    world.wait_ms(400);
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    assert!(world.in_flight.is_empty());
    assert_eq!(world.wakes, [Timestamp(2_000)]);
    world.wait_ms(600);
    world.fail("flaky", "two");
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.attempts(), "flaky#1=failed flaky#2=failed");
}

#[test]
fn a_delay_that_ended_while_the_process_was_away_ends_at_once() {
    let mut world = flaky(1);
    world.fail("flaky", "one");
    world.crash();
    world.now = Timestamp(9_000);
    world.accept(Fact::TakenUp).unwrap();
    assert_eq!(world.in_flight.values().collect::<Vec<_>>(), [&2]);
}

#[test]
fn others_go_on_and_the_run_does_not_park_during_a_delay() {
    let tree = workflow([par([
        comp("flaky").retries(1, Backoff::Fixed, 100).into(),
        approval("gate").into(),
        comp("other").into(),
    ])]);
    let mut world = World::of(tree);
    world.fail("flaky", "boom");
    world.finish("other");
    assert_eq!(world.status(), RunStatus::Running);
    world.wait_ms(100);
    world.finish("flaky");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
}

#[test]
fn a_lost_attempt_is_made_again_from_a_new_frame_and_does_not_count() {
    let mut world = flaky(0);
    for _ in 0..3 {
        world.lose_runtime();
    }
    world.events();
    world.finish("flaky");
    assert_eq!(
        world.events(),
        lines(
            "flaky finished 4
            frame 5 by flaky
            frame 6 stability-check
            RUN finished"
        )
    );
    assert_eq!(
        world.attempts(),
        "flaky#1=cancelled flaky#2=cancelled flaky#3=cancelled flaky#4=finished"
    );
}

#[test]
fn bodies_that_are_lost_together_share_the_new_frame() {
    let tree = workflow([par([comp("a").into(), comp("b").into()])]);
    let mut world = World::of(tree);
    world.events();
    world.lose_runtime();
    assert_eq!(world.events(), lines("frame 2\n a started 2\n b started 2"));
}

#[test]
fn an_error_that_says_so_is_not_tried_again() {
    let mut world = flaky(5);
    let fact = Fact::TaskFailed {
        node: NodeKey::new("flaky", 0),
        attempt: 1,
        error: ErrorInfo::thrown("Error", "boom"),
        retryable: false,
    };
    world.accept(fact).unwrap();
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.attempts(), "flaky#1=failed");
}

#[test]
fn an_output_that_breaks_the_schema_is_not_tried_again() {
    let mut world = flaky(5);
    world.fail_with("flaky", ErrorInfo::coded("INVALID_OUTPUT", "bad"));
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.attempts(), "flaky#1=failed");
}

#[test]
fn a_body_that_may_give_a_better_output_is_tried_again() {
    let mut world = flaky(5);
    let fact = Fact::TaskFailed {
        node: NodeKey::new("flaky", 0),
        attempt: 1,
        error: ErrorInfo::coded("INVALID_OUTPUT", "bad"),
        retryable: true,
    };
    world.accept(fact).unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    assert_eq!(world.attempts(), "flaky#1=failed");
}

#[test]
fn a_static_task_is_tried_once() {
    let error = ErrorInfo::coded("INVALID_OUTPUT", "a promise");
    let job = stat("s").broken_value(error).retries(5, Backoff::Fixed, 0);
    let mut world = World::of(workflow([job.into()]));
    assert_eq!(
        world.events()[3..],
        lines(
            "s started 1
            s failed 1: INVALID_OUTPUT
            RUN failed SESSION_ERROR: Task failed: s <- a promise"
        )
    );
}

/// A workflow whose failing task changes while it waits for its next attempt, because `other` has finished.
fn changes_during_its_delay(changed: fn(Job) -> Job) -> World {
    let mut world = World::reactive(move |rows| {
        let flaky = comp("flaky").retries(2, Backoff::Fixed, 100);
        let flaky = match rows.contains_key("other") {
            true => changed(flaky),
            false => flaky,
        };
        Ok(workflow([par([flaky.into(), comp("other").into()])]))
    });
    world.fail("flaky", "boom");
    world.finish("other");
    world.wait_ms(100);
    world
}

#[test]
fn a_retry_that_has_come_to_need_an_approval_asks_for_it_first() {
    let mut world = changes_during_its_delay(asking);
    assert_eq!(world.nodes(), "flaky=waiting-approval other=finished");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    assert_eq!(
        due_times(&world),
        [],
        "a run that waits for somebody is not woken"
    );
    world.crash();
    world.decide("flaky", true).unwrap();
    world.finish("flaky");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(
        world.attempts(),
        "flaky#1=failed flaky#2=finished other#1=finished"
    );
}

#[test]
fn a_retry_that_is_left_out_wakes_nobody() {
    let world = changes_during_its_delay(Job::skipped);
    assert_eq!(world.nodes(), "flaky=skipped other=finished");
    assert_eq!(due_times(&world), []);
}

#[test]
fn a_retry_whose_denial_has_come_to_count_fails_the_run() {
    let mut world = World::reactive(|rows| {
        let on_deny = match rows.contains_key("other") {
            true => OnDeny::Fail,
            false => OnDeny::Continue,
        };
        let mut flaky = comp("flaky").retries(2, Backoff::Fixed, 100);
        flaky.0.approval = approval("flaky").on_deny(on_deny).0.approval;
        Ok(workflow([par([flaky.into(), comp("other").into()])]))
    });
    world.decide("flaky", false).unwrap();
    world.fail("flaky", "boom");
    world.finish("other");
    world.wait_ms(100);
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(due_times(&world), []);
}

fn due_times(world: &World) -> Vec<Timestamp> {
    let attempts = world.store.attempts.values();
    attempts.filter_map(|attempt| attempt.retry_at).collect()
}

#[test]
fn a_task_whose_time_has_come_stays_ready_when_the_clock_is_set_back() {
    let tried = comp("a").retries(1, Backoff::Fixed, 50);
    let mut world = World::of(workflow([par_max(1, [tried.into(), comp("b").into()])]));
    world.fail("a", "boom");
    world.wait_ms(60);
    assert_eq!(world.nodes(), "a=pending b=in-progress");
    world.now = Timestamp(world.now.0 - 1_000);
    world.finish("b");
    world.finish("a");
    assert_eq!(world.status().as_str(), "finished");
}
