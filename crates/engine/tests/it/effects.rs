//! Effects: noted before they are had, and nobody has one twice without being asked.

use smithers_engine::effects::revert_call;
use smithers_model::approval::ApprovalRequest;
use smithers_model::effect::SideEffect;
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::tree::Backoff;

use crate::support::{World, asking, comp, lines, workflow};

const ONCE: SideEffect = SideEffect {
    idempotent: false,
    revert: None,
};
const AGAIN: SideEffect = SideEffect {
    idempotent: true,
    revert: Some(7),
};

fn paying(effect: SideEffect) -> World {
    let job = comp("pay").retries(3, Backoff::Fixed, 0).effect(effect);
    World::of(workflow([job.into()]))
}

/// The journal: `attempt=status`.
fn journal(world: &World) -> String {
    let calls = world.store.tool_calls.values().map(|call| &call.note);
    let told = calls.map(|note| format!("{}={}", note.attempt, note.status.as_str()));
    told.collect::<Vec<_>>().join(" ")
}

fn asked(world: &World) -> ApprovalRequest {
    let mut approvals = world.store.approvals.values();
    approvals.next().expect("somebody is asked").request.clone()
}

#[test]
fn an_effect_is_noted_with_its_attempt_and_finished_with_it() {
    let mut world = paying(ONCE);
    let first = world.steps.iter().find(|step| !step.commands.is_empty());
    let changes = &first.expect("the attempt was started").changes;
    assert!(
        changes
            .iter()
            .any(|change| matches!(change, RowChange::PutToolCall(_)))
    );
    assert_eq!(journal(&world), "1=started");
    world.finish("pay");
    assert_eq!(journal(&world), "1=finished");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_failed_attempt_leaves_its_effect_unknown_and_the_run_waits_for_a_yes() {
    let mut world = paying(ONCE);
    world.fail("pay", "timeout");
    assert_eq!(journal(&world), "1=unknown");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    let request = asked(&world);
    assert_eq!(request.replay.unwrap().kind, "ReplayUnsafeApproval");
    let told = "It has effects that are not safe to repeat: pay in attempt 1 may have happened.";
    assert_eq!(request.summary.as_deref(), Some(told));
    world.decide("pay", true).unwrap();
    assert_eq!(journal(&world), "1=unknown 2=started");
    world.finish("pay");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_yes_is_good_for_one_attempt() {
    let mut world = paying(ONCE);
    world.fail("pay", "one");
    let first = asked(&world).replay;
    world.decide("pay", true).unwrap();
    world.fail("pay", "two");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    assert_ne!(asked(&world).replay, first);
}

#[test]
fn a_no_fails_the_task_and_it_is_not_tried_again() {
    let mut world = paying(ONCE);
    world.fail("pay", "boom");
    world.events();
    world.decide("pay", false).unwrap();
    assert_eq!(world.status(), RunStatus::Failed);
    let error = world.store.run.clone().unwrap().error.unwrap();
    assert!(error.cause.unwrap().has_code("INVALID_INPUT"));
    assert_eq!(journal(&world), "1=unknown");
}

#[test]
fn a_no_is_heard_by_a_task_that_may_fail() {
    let job = comp("pay")
        .retries(3, Backoff::Fixed, 0)
        .effect(ONCE)
        .may_fail();
    let mut world = World::of(workflow([job.into()]));
    world.fail("pay", "boom");
    world.decide("pay", false).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "pay=failed");
}

#[test]
fn an_idempotent_effect_is_repeated_without_a_question() {
    let mut world = paying(AGAIN);
    world.fail("pay", "boom");
    assert_eq!(world.status(), RunStatus::Running);
    assert_eq!(journal(&world), "1=unknown 2=started");
}

#[test]
fn a_crash_makes_the_effect_unknown_and_the_next_life_asks() {
    let mut world = paying(ONCE);
    world.crash();
    world.take_up().unwrap();
    assert_eq!(journal(&world), "1=unknown");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.crash();
    world.decide("pay", true).unwrap();
    assert_eq!(journal(&world), "1=unknown 2=started");
}

#[test]
fn a_cancel_leaves_the_effect_unknown() {
    let mut world = paying(ONCE);
    world.cancel().unwrap();
    assert_eq!(journal(&world), "1=unknown");
}

#[test]
fn a_finished_effect_asks_when_its_task_is_retried() {
    let mut world = paying(ONCE);
    world.finish("pay");
    world.retry("pay", true).unwrap();
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    let told = "It has effects that are not safe to repeat: pay in attempt 1 happened.";
    assert_eq!(asked(&world).summary.as_deref(), Some(told));
}

#[test]
fn a_gate_that_was_passed_is_not_asked_again_after_the_yes() {
    let job = comp("pay").retries(1, Backoff::Fixed, 0).effect(ONCE);
    let mut world = World::of(workflow([asking(job).into()]));
    world.decide("pay", true).unwrap();
    world.fail("pay", "boom");
    assert!(asked(&world).replay.is_some());
    world.events();
    world.decide("pay", true).unwrap();
    let events = world.events();
    assert!(events.contains(&"pay started 2".to_owned()), "{events:?}");
}

#[test]
fn the_call_that_takes_an_effect_back_tells_what_it_was() {
    let mut world = paying(AGAIN);
    world.finish("pay");
    let call = world.store.tool_calls.values().next().unwrap();
    let revert = revert_call(&"r".into(), &call.note, 7, None);
    assert_eq!(revert.callback, 7);
    let expected = r#"{"outputRow":null,"effectStatus":"finished","runId":"r","nodeId":"pay","iteration":0,"attempt":1}"#;
    assert_eq!(revert.given.unwrap().as_str(), expected);
}

#[test]
fn a_task_without_effects_has_no_journal() {
    let job = comp("plain").retries(1, Backoff::Fixed, 0);
    let mut world = World::of(workflow([job.into()]));
    world.events();
    world.fail("plain", "boom");
    assert_eq!(
        world.events(),
        lines("plain failed 1: boom\n plain retrying 2\n plain started 2")
    );
    assert!(world.store.tool_calls.is_empty());
}
