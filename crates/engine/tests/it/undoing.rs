//! What a cancelled run undoes before it ends.

use smithers_engine::Refusal;
use smithers_model::fact::Fact;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::tree::OnFailure::Compensate;

use crate::support::{
    World, approval, cancellable, comp, group, lines, par, saga, seq, stat, step, workflow,
};

/// How long undoing may take.
const LIMIT_MS: u64 = 60_000;

/// Three steps that are undone on cancel, and a task after them.
fn booking() -> World {
    World::of(workflow([
        cancellable("booking", LIMIT_MS, ["a", "b", "c"].map(step)),
        comp("after").into(),
    ]))
}

fn error_of(world: &World) -> Option<String> {
    let row = world.store.run.as_ref().expect("run row");
    row.error.as_ref().map(|error| error.message.clone())
}

#[test]
fn completed_actions_are_undone_in_reverse_and_the_run_ends_cancelled() {
    let mut world = booking();
    world.finish("a");
    world.finish("b");
    world.events();
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("undo-b");
    world.finish("undo-a");
    assert_eq!(
        world.events(),
        lines(
            "c cancelled RunCancelled
            undo-b started 1
            undo-b finished 1
            frame 4 by undo-b
            undo-a started 1
            undo-a finished 1
            frame 5 by undo-a
            RUN cancelled"
        )
    );
    assert_eq!(
        world.nodes(),
        "a=finished after=pending b=finished c=cancelled undo-a=finished undo-b=finished undo-c=pending"
    );
    assert_eq!(error_of(&world), None);
}

#[test]
fn a_run_that_has_done_nothing_ends_at_once() {
    let mut world = booking();
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(error_of(&world), None);
}

#[test]
fn a_saga_that_is_through_is_undone_too() {
    let mut world = booking();
    for id in ["a", "b", "c"] {
        world.finish(id);
    }
    world.cancel().unwrap();
    for id in ["undo-c", "undo-b", "undo-a"] {
        world.finish(id);
    }
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert!(world.nodes().contains("after=cancelled"));
}

#[test]
fn a_parked_run_is_rendered_again_to_be_undone() {
    let mut world = World::of(workflow([
        cancellable("s", LIMIT_MS, [step("a")]),
        approval("gate").into(),
    ]));
    world.finish("a");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.crash();
    world.events();
    world.cancel().unwrap();
    world.finish("undo-a");
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            frame 3
            gate cancelled RunCancelled
            gate denied
            undo-a started 1
            undo-a finished 1
            frame 4 by undo-a
            RUN cancelled"
        )
    );
}

#[test]
fn a_crash_in_the_middle_changes_nothing() {
    let mut world = booking();
    world.finish("a");
    world.finish("b");
    world.cancel().unwrap();
    world.finish("undo-b");
    world.crash();
    world.take_up().unwrap();
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(error_of(&world), None);
    assert!(world.attempts().contains("undo-b#1=finished"));
}

#[test]
fn a_compensation_that_was_under_way_already_goes_on() {
    let mut world = booking();
    world.finish("a");
    world.fail("b", "boom");
    world.cancel().unwrap();
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(
        world.attempts(),
        "a#1=finished b#1=failed undo-a#1=finished"
    );
}

#[test]
fn a_second_request_ends_the_run_at_once_and_the_row_says_what_is_left() {
    let mut world = booking();
    world.finish("a");
    world.finish("b");
    world.cancel().unwrap();
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Cancelled);
    let message = "The run ended before everything was undone: undo-a::0, undo-b::0";
    assert_eq!(error_of(&world).as_deref(), Some(message));
    assert_eq!(world.cancel(), Err(Refusal::AlreadyCancelled));
}

#[test]
fn a_parent_that_asks_again_does_not_hurry_its_child() {
    let mut world = booking();
    world.finish("a");
    let parent = || Fact::CancelRequested {
        actor: Actor {
            user_id: Some(Actor::PARENT.into()),
            ..Actor::default()
        },
    };
    world.accept(parent()).unwrap();
    world.accept(parent()).unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
}

#[test]
fn undoing_ends_with_its_time() {
    let mut world = booking();
    world.finish("a");
    world.cancel().unwrap();
    world.crash();
    world.take_up().unwrap();
    world.wait_ms(LIMIT_MS as i64 - 1);
    assert_eq!(world.status(), RunStatus::Running);
    world.wait_ms(1);
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert!(error_of(&world).is_some());
}

#[test]
fn a_compensation_that_fails_ends_those_of_its_saga_and_no_others() {
    let mut world = World::of(workflow([
        cancellable("first", LIMIT_MS, [step("a")]),
        cancellable("second", LIMIT_MS, ["b", "c"].map(step)),
        approval("gate").into(),
    ]));
    for id in ["a", "b", "c"] {
        world.finish(id);
    }
    world.cancel().unwrap();
    world.fail("undo-c", "no refund");
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
    let message = "The run ended before everything was undone: undo-b::0, undo-c::0";
    assert_eq!(error_of(&world).as_deref(), Some(message));
}

#[test]
fn a_saga_that_says_nothing_is_left_as_it_is() {
    let mut world = World::of(workflow([seq([
        saga("plain", Compensate, [step("a")]),
        cancellable("asked", LIMIT_MS, [step("b")]),
        stat("last").into(),
        comp("work").into(),
    ])]));
    world.finish("a");
    world.finish("b");
    world.cancel().unwrap();
    world.finish("undo-b");
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert!(world.nodes().contains("undo-a=pending"));
}

#[test]
fn what_is_undone_as_a_whole_is_not_undone_in_parts() {
    let inner = || cancellable("inner", LIMIT_MS, [step("x")]);
    let outer = |second| {
        let steps = [(inner(), comp("undo-all").into()), second];
        workflow([cancellable("outer", LIMIT_MS, steps)])
    };
    let mut world = World::of(outer(step("b")));
    world.finish("x");
    world.cancel().unwrap();
    world.finish("undo-all");
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert!(world.nodes().contains("undo-x=pending"));
}

#[test]
fn an_action_that_is_cut_off_is_undone_in_the_parts_that_are_completed() {
    let inner = cancellable("inner", LIMIT_MS, ["x", "y"].map(step));
    let steps = [step("a"), (inner, comp("undo-all").into())];
    let mut world = World::of(workflow([cancellable("outer", LIMIT_MS, steps)]));
    world.finish("a");
    world.finish("x");
    world.cancel().unwrap();
    world.finish("undo-x");
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert!(world.nodes().contains("undo-all=pending"));
}

#[test]
fn a_compensation_may_ask_and_the_run_stays_awake() {
    let undo = seq([approval("sure").into(), comp("undo-a").into()]);
    let steps = [(comp("a").into(), undo)];
    let mut world = World::of(workflow([
        cancellable("s", LIMIT_MS, steps),
        comp("work").into(),
    ]));
    world.finish("a");
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    world.decide("sure", true).unwrap();
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
}

#[test]
fn a_run_that_is_ending_is_not_paused() {
    let mut world = booking();
    world.finish("a");
    world.cancel().unwrap();
    assert_eq!(world.pause(), Err(Refusal::AlreadyCancelled));
}

#[test]
fn a_paused_run_is_undone_as_well() {
    let mut world = World::of(workflow([group([
        cancellable("s", LIMIT_MS, [step("a")]),
        comp("work").into(),
    ])]));
    world.finish("a");
    world.pause().unwrap();
    world.finish("work");
    assert_eq!(world.status(), RunStatus::Paused);
    world.cancel().unwrap();
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
}

#[test]
fn tasks_beside_each_other_are_all_cut_off_before_anything_is_undone() {
    let mut world = World::of(workflow([par([
        cancellable("s", LIMIT_MS, ["a", "b"].map(step)),
        comp("x").into(),
        comp("y").into(),
    ])]));
    world.finish("a");
    world.cancel().unwrap();
    assert!(world.nodes().contains("b=cancelled"));
    assert!(world.nodes().contains("x=cancelled y=cancelled"));
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Cancelled);
}

#[test]
fn what_is_being_undone_already_goes_on_and_only_then_comes_the_next() {
    let sagas = ["one", "two"].map(|name| {
        let steps = ["a", "b"].map(|id| step(&format!("{id}-{name}")));
        cancellable(name, LIMIT_MS, steps)
    });
    let mut world = World::of(workflow([par(sagas)]));
    for name in ["one", "two"] {
        world.finish(&format!("a-{name}"));
    }
    // The first saga has begun to undo by itself, the second one only does on cancel.
    world.fail("b-one", "boom");
    world.cancel().unwrap();
    let under_way = |world: &World| {
        let nodes = world.in_flight.keys().map(|node| node.node_id.to_string());
        nodes.collect::<Vec<_>>()
    };
    assert_eq!(under_way(&world), ["undo-a-one"]);
    world.finish("undo-a-one");
    assert_eq!(under_way(&world), ["undo-a-two"]);
    world.finish("undo-a-two");
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(error_of(&world), None);
}

#[test]
fn sagas_that_are_all_being_undone_go_on_side_by_side() {
    let sagas = ["one", "two"].map(|name| {
        let steps = ["a", "b"].map(|id| step(&format!("{id}-{name}")));
        cancellable(name, LIMIT_MS, steps)
    });
    let mut world = World::of(workflow([par(sagas)]));
    for name in ["one", "two"] {
        world.finish(&format!("a-{name}"));
        world.fail(&format!("b-{name}"), "boom");
    }
    world.cancel().unwrap();
    assert_eq!(world.in_flight.len(), 2);
    for name in ["two", "one"] {
        world.finish(&format!("undo-a-{name}"));
    }
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(error_of(&world), None);
}
