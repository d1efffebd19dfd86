//! Retrying a task of a run at rest: it and what came after it is undone, and the run goes on.

use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::run::RunStatus;
use smithers_model::tree::Backoff;

use crate::support::{World, approval, comp, lines, par, seq, stat, workflow};

#[test]
fn a_failed_task_is_done_again_and_the_run_goes_on() {
    let mut world = World::of(workflow([seq([
        comp("a").into(),
        comp("b").into(),
        comp("c").into(),
    ])]));
    world.finish("a");
    world.wait_ms(5);
    world.fail("b", "boom");
    assert_eq!(world.status(), RunStatus::Failed);
    world.crash();
    world.events();
    world.retry("b", true).unwrap();
    assert_eq!(world.events()[..2], lines("b retried: b::0\n RUN started"));
    let row = world.store.run.clone().unwrap();
    assert_eq!((row.finished_at, row.error), (None, None));
    assert_eq!(
        world.attempts(),
        "a#1=finished b#1=cancelled b#2=in-progress"
    );
    world.finish("b");
    world.finish("c");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn what_began_after_the_task_is_done_again_and_what_ran_beside_it_stays() {
    let tree = workflow([seq([
        par([comp("build").into(), comp("lint").into()]),
        comp("ship").into(),
        stat("note").into(),
    ])]);
    let mut world = World::of(tree);
    world.wait_ms(5);
    world.finish("build");
    world.wait_ms(5);
    world.finish("lint");
    world.finish_with("ship", json!({ "v": "old" }));
    assert_eq!(world.status(), RunStatus::Finished);
    world.crash();
    world.retry("build", true).unwrap();
    assert_eq!(
        world.nodes(),
        "build=in-progress lint=finished note=pending ship=pending"
    );
    assert_eq!((world.row("ship"), world.row("note")), (None, None));
    world.finish("build");
    world.finish_with("ship", json!({ "v": "new" }));
    assert_eq!(world.row("ship"), Some(json!({ "v": "new" })));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_task_alone_is_done_again_when_that_is_asked() {
    let mut world = World::of(workflow([seq([comp("a").into(), comp("b").into()])]));
    world.finish("a");
    world.wait_ms(5);
    world.finish("b");
    world.retry("a", false).unwrap();
    assert_eq!(world.nodes(), "a=in-progress b=finished");
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn what_the_end_of_the_run_cut_off_begins_again() {
    let tree = workflow([par([
        comp("a").into(),
        comp("b").into(),
        approval("gate").into(),
    ])]);
    let mut world = World::of(tree);
    world.fail("a", "boom");
    assert_eq!(world.nodes(), "a=failed b=cancelled gate=cancelled");
    world.crash();
    world.retry("a", true).unwrap();
    assert_eq!(
        world.nodes(),
        "a=in-progress b=in-progress gate=waiting-approval"
    );
    world.finish("a");
    world.finish("b");
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_denied_question_is_asked_again_and_a_later_yes_too() {
    let tree = workflow([seq([
        approval("first").into(),
        comp("build").into(),
        approval("second").into(),
        comp("ship").into(),
    ])]);
    let mut world = World::of(tree);
    world.decide("first", true).unwrap();
    world.wait_ms(5);
    world.finish("build");
    world.wait_ms(5);
    world.decide("second", false).unwrap();
    assert_eq!(world.status(), RunStatus::Failed);
    world.retry("second", true).unwrap();
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.decide("second", true).unwrap();
    world.wait_ms(5);
    world.fail("ship", "boom");
    world.crash();
    world.retry("build", true).unwrap();
    world.finish("build");
    assert_eq!(
        world.nodes(),
        "build=finished first=finished second=waiting-approval ship=pending"
    );
}

#[test]
fn a_question_that_waits_is_asked_again_when_what_came_before_it_is_done_again() {
    let tree = workflow([seq([comp("build").into(), approval("gate").into()])]);
    let mut world = World::of(tree);
    world.wait_ms(5);
    world.finish("build");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.crash();
    world.retry("build", true).unwrap();
    assert_eq!(world.nodes(), "build=in-progress gate=pending");
    assert!(world.store.approvals.is_empty());
    world.finish("build");
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_retry_begins_with_all_its_attempts_also_after_a_restart() {
    let flaky = comp("flaky").retries(1, Backoff::Fixed, 0);
    let mut world = World::of(workflow([flaky.into()]));
    world.fail("flaky", "one");
    world.fail("flaky", "two");
    world.crash();
    world.retry("flaky", true).unwrap();
    world.crash();
    world.take_up().unwrap();
    world.fail("flaky", "three");
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("flaky");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_paused_run_goes_on_with_the_task_and_a_running_one_refuses() {
    let mut world = World::of(workflow([seq([comp("a").into(), comp("b").into()])]));
    assert_eq!(world.retry("a", true), Err(Refusal::Executing));
    world.pause().unwrap();
    world.finish("a");
    world.retry("a", true).unwrap();
    assert_eq!(world.nodes(), "a=in-progress b=pending");
    assert_eq!(world.store.audit.last().unwrap().kind, "retry");
}

#[test]
fn what_does_not_exist_or_was_not_tried_is_refused() {
    let mut world = World::of(workflow([seq([comp("a").into(), comp("b").into()])]));
    world.fail("a", "boom");
    let unknown = world.retry("zz", true).unwrap_err();
    assert!(matches!(unknown, Refusal::UnknownNode { .. }));
    let untouched = world.retry("b", true).unwrap_err();
    assert!(matches!(untouched, Refusal::NothingToRetry { .. }));
    assert_eq!(world.status(), RunStatus::Failed);
}

#[test]
fn what_backed_off_when_the_run_ended_is_tried_at_once_whether_or_not_it_was_read_back() {
    for is_read_back in [false, true] {
        let slow = comp("a").retries(1, Backoff::Fixed, 60_000);
        let mut world = World::of(workflow([par([slow.into(), comp("b").into()])]));
        world.fail("a", "boom");
        world.fail("b", "boom");
        assert_eq!(world.status(), RunStatus::Failed);
        if is_read_back {
            world.crash();
        }
        world.retry("b", false).unwrap();
        assert_eq!(
            world.nodes(),
            "a=in-progress b=in-progress",
            "{is_read_back}"
        );
    }
}
