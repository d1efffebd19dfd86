//! What belongs into one step, and where a step has to end.

use std::sync::Arc;

use smithers_model::command::Command;
use smithers_model::fact::Fact;
use smithers_model::frame::TreeContent;
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson};

use crate::support::{World, approval, comp, par, seq, stat, text, workflow};

/// Each step of the run in one line.
fn drawn(world: &World) -> Vec<String> {
    let one = |step: &smithers_model::step::Step| {
        let events: Vec<String> = step.events.iter().map(text::event).collect();
        events.join(", ")
    };
    world.steps.iter().map(one).collect()
}

#[test]
fn finish_frame_and_next_start_are_one_step() {
    let mut world = World::of(workflow([comp("a").into(), comp("b").into()]));
    world.finish("a");
    world.finish("b");
    assert_eq!(
        drawn(&world),
        [
            "RUN started, a pending, b pending, frame 1, a started 1",
            "a finished 1, frame 2 by a, b started 1",
            "b finished 1, frame 3 by b, frame 4 stability-check, RUN finished",
        ]
    );
}

#[test]
fn a_chain_of_static_tasks_is_one_step() {
    let world = World::of(workflow([seq(["a", "b", "c"].map(|id| stat(id).into()))]));
    assert_eq!(world.steps.len(), 1);
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_step_that_starts_a_task_ends_before_the_next_frame() {
    let world = World::of(workflow([par([comp("a").into(), stat("b").into()])]));
    assert_eq!(
        drawn(&world),
        [
            "RUN started, a pending, b pending, frame 1, a started 1, b started 1, b finished 1",
            "frame 2 by b",
        ],
        "the callback of a belongs to frame 1"
    );
}

#[test]
fn a_long_chain_is_cut_into_steps_of_bounded_size() {
    let ids: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let world = World::of(workflow(ids.iter().map(|id| stat(id).into())));
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.steps.len() >= 200 * 3 / 66, "{}", world.steps.len());
    for step in &world.steps {
        let rows = step
            .changes
            .iter()
            .filter(|change| matches!(change, RowChange::PutOutput(_)));
        assert!(rows.count() <= 64);
    }
}

#[test]
fn a_wide_fan_is_cut_into_steps_of_bounded_size() {
    let ids: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let world = World::of(workflow([par(ids.iter().map(|id| stat(id).into()))]));
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.store.outputs.len(), 200);
    assert!(world.steps.len() > 5);
}

#[test]
fn a_full_step_is_no_rest() {
    let ids: Vec<String> = (0..70).map(|n| format!("t{n}")).collect();
    let mut world = World::of(workflow([par(ids.iter().map(|id| approval(id).into()))]));
    assert_eq!(world.store.approvals.len(), 70);
    let events = world.events();
    let parked = events
        .iter()
        .filter(|event| *event == "RUN waiting-approval");
    assert_eq!(parked.count(), 1);
}

#[test]
fn large_outputs_fill_a_step() {
    let large = "x".repeat(200 * 1024);
    let jobs = (0..4).map(|n| {
        let value = serde_json::json!({ "v": large });
        stat(&format!("t{n}")).value(value).into()
    });
    let world = World::of(workflow(jobs));
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.steps.len(), 3, "two rows fill a step");
}

#[test]
fn a_full_step_asks_for_no_frame_until_it_is_taken() {
    let ids: Vec<String> = (0..70).map(|n| format!("t{n}")).collect();
    let tree = workflow([par(ids.iter().map(|id| stat(id).into()))]);
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    let state = &mut world.state;
    state.accept(Fact::TakenUp, world.now).unwrap();
    state.accept(Fact::Rendered(tree), world.now).unwrap();
    assert!(state.step_is_full());
    assert_eq!(state.render_request(), None);
    let step = state.take_step();
    assert!(step.events.len() > 64);
    assert!(!state.step_is_full());
    assert!(state.render_request().is_some());
}

#[test]
fn a_row_that_changes_several_times_in_a_step_is_written_once() {
    let world = World::of(workflow([stat("a").into()]));
    let changes = &world.steps[0].changes;
    let count = |wanted: fn(&RowChange) -> bool| changes.iter().filter(|c| wanted(c)).count();
    assert_eq!(count(|change| matches!(change, RowChange::PutNode(_))), 1);
    assert_eq!(
        count(|change| matches!(change, RowChange::PutAttempt(_))),
        1
    );
    assert_eq!(count(|change| matches!(change, RowChange::UpdateRun(_))), 1);
}

#[test]
fn results_that_come_together_share_a_step_and_get_a_frame_each() {
    let tree = workflow([par([comp("a").into(), comp("b").into()]), comp("c").into()]);
    let mut world = World::of(tree);
    for id in ["b", "a"] {
        let fact = Fact::TaskSucceeded {
            node: NodeKey::new(id, 0),
            attempt: 1,
            output: RawJson::parse(r#"{"v":"x"}"#).unwrap(),
        };
        world.state.accept(fact, world.now).unwrap();
    }
    world.in_flight.clear();
    world.pump();
    let step = &drawn(&world)[1];
    assert_eq!(
        step,
        "b finished 1, a finished 1, frame 2 by b, frame 3 by a, c started 1"
    );
}

#[test]
fn the_end_closes_the_run_and_says_nothing_else() {
    let world = World::of(workflow([stat("a").into()]));
    assert_eq!(world.steps[0].commands, [Command::Close]);
}

#[test]
fn equal_frames_share_their_content() {
    let ids: Vec<String> = (0..30)
        .map(|n| format!("t{n}-{}", "x".repeat(400)))
        .collect();
    let world = World::of(workflow(ids.iter().map(|id| stat(id).into())));
    let trees: Vec<&Arc<TreeContent>> = world
        .steps
        .iter()
        .flat_map(|step| &step.changes)
        .filter_map(|change| match change {
            RowChange::PutFrame { tree, .. } => Some(tree),
            _ => None,
        })
        .collect();
    assert_eq!(trees.len(), 32);
    assert!(trees.iter().all(|tree| Arc::ptr_eq(tree, trees[0])));
    assert_eq!(
        world.steps.len(),
        2,
        "content that is shared weighs nothing"
    );
}
