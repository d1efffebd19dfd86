//! Runs that continue as new: when, and what the next one begins with.

use serde_json::json;
use smithers_model::fact::Fact;
use smithers_model::run::{RunConfig, RunStatus};

use crate::support::{El, World, approval, comp, par, seq, stat, workflow};

fn next(state: serde_json::Value) -> El {
    El::ContinueAsNew(state)
}

fn told(world: &World) -> serde_json::Value {
    let config = world.store.successors[0].row.config.as_str();
    let config: RunConfig = serde_json::from_str(config).expect("the configuration is JSON");
    let told = config.continuation.expect("it goes on for another run");
    serde_json::to_value(told).expect("what it is told is JSON")
}

#[test]
fn what_comes_before_it_ends_first_and_what_comes_after_it_never_starts() {
    let mut world = World::of(workflow([
        comp("a").into(),
        next(json!({ "count": 1 })),
        stat("never").into(),
    ]));
    assert!(world.store.successors.is_empty());
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Continued);
    assert!(world.closed);
    assert_eq!(world.nodes(), "a=finished never=pending");
    let told = told(&world);
    assert_eq!(told["payload"], json!({ "count": 1 }));
    assert_eq!(told["depth"], 2);
}

#[test]
fn running_work_is_waited_for_and_a_question_is_withdrawn() {
    let mut world = World::of(workflow([par([
        comp("a").into(),
        approval("gate").into(),
        seq([comp("b").into(), next(json!(null)), stat("never").into()]),
    ])]));
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Running);
    assert!(world.store.successors.is_empty());
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Continued);
    assert_eq!(world.store.successors.len(), 1);
    assert!(world.accept(Fact::TakenUp).is_err());
    assert!(world.cancel().is_err());
    assert!(world.retry("a", false).is_err());
}

#[test]
fn a_state_beyond_the_limit_fails_the_run() {
    let state = json!("x".repeat(1 << 20));
    let world = World::of(workflow([next(state)]));
    assert_eq!(world.status(), RunStatus::Failed);
    assert!(world.store.successors.is_empty());
}

#[test]
fn what_could_start_beside_it_does_not() {
    let world = World::of(workflow([par([comp("a").into(), next(json!(null))])]));
    assert_eq!(world.status(), RunStatus::Continued);
    assert_eq!(world.nodes(), "a=pending");
}
