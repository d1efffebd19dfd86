//! Runs that continue as new: when, and what the next one begins with.

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::fact::{Fact, Revival};
use smithers_model::run::RunStatus;

use crate::support::{El, World, approval, comp, par, repeat, seq, stat, workflow, workflow_at};

fn next(state: serde_json::Value) -> El {
    El::ContinueAsNew(state, false)
}

fn told(world: &World) -> serde_json::Value {
    let told = &world.store.successors[0].told;
    serde_json::to_value(told).expect("what it is told is JSON")
}

/// A loop without an end, of which every run has `every` passes, beside `others`.
fn endless(every: u32, others: fn() -> Vec<El>) -> World {
    World::looping(move |_, passes| {
        let mut element = repeat("l", false, [stat("t").into()]);
        if let El::Loop(spec, _) = &mut element {
            spec.max_iterations = 100;
            spec.continue_as_new_every = Some(every);
        }
        let children = std::iter::once(element).chain(others());
        Ok(workflow_at(passes, [par(children)]))
    })
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
    for from in [
        Revival::WhereItStopped,
        Revival::FromStart(RawJson::empty_object()),
    ] {
        assert!(world.accept(Fact::Revived { from }).is_err());
    }
}

#[test]
fn signals_that_nobody_has_taken_go_on_with_the_chain() {
    let mut world = World::of(workflow([comp("a").into(), next(json!(null))]));
    world.signal("early", None, json!({ "n": 1 })).unwrap();
    world.signal("early", None, json!({ "n": 2 })).unwrap();
    world.finish("a");
    let signals = &world.store.successors[0].signals;
    let told: Vec<_> = signals
        .iter()
        .map(|signal| (signal.seq, signal.payload.as_str()))
        .collect();
    assert_eq!(told, [(0, r#"{"n":1}"#), (1, r#"{"n":2}"#)]);
}

#[test]
fn a_run_can_go_on_without_rows_and_loops() {
    let world = World::of(workflow([
        repeat("l", false, [stat("t").into()]),
        El::ContinueAsNew(json!({ "sum": 3 }), true),
    ]));
    let next = &world.store.successors[0];
    assert!(!next.keeps_rows && next.loops.is_empty());
    assert_eq!(next.told.payload.value(), json!({ "sum": 3 }));
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

#[test]
fn a_loop_that_has_had_its_share_of_passes_goes_on_in_another_run() {
    let world = endless(4, Vec::new);
    assert_eq!(world.status(), RunStatus::Continued);
    assert_eq!(world.store.outputs.len(), 4);
    let next = &world.store.successors[0];
    assert_eq!(
        (next.loops[0].iteration, next.row.run_id.as_str()),
        (4, "r1:next:2")
    );
    let told = told(&world);
    assert_eq!(told["reason"], "loop-threshold");
    assert_eq!(
        (&told["loopId"], &told["iteration"]),
        (&json!("l"), &json!(4))
    );
    assert_eq!(told["payload"], json!(null));
}

#[test]
fn a_loop_goes_on_in_its_run_while_something_else_there_is_under_way_or_waits() {
    let mut working = endless(2, || vec![comp("work").into()]);
    assert_eq!(working.status(), RunStatus::Running);
    assert!(working.store.successors.is_empty());
    working.finish("work");
    let asking = endless(2, || vec![approval("gate").into()]);
    assert!(asking.store.successors.is_empty());
}

#[test]
fn the_last_pass_of_a_loop_ends_it_and_not_the_run() {
    let world = World::looping(|_, passes| {
        let mut element = repeat("l", false, [stat("t").into()]);
        if let El::Loop(spec, _) = &mut element {
            spec.continue_as_new_every = Some(3);
        }
        Ok(workflow_at(passes, [element]))
    });
    assert_eq!(world.status(), RunStatus::Finished);
}
