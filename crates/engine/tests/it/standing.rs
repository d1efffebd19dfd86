//! Frames that stand for others: a run is the same run whether or not its frames are rendered.

use proptest::prelude::*;
use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::step::Step;
use smithers_model::tree::Backoff;

use crate::support::driver::{Driver, Mishaps};
use crate::support::random::shapes;
use crate::support::scenario::Scenario;
use crate::support::{Standing, World, workflow};
use crate::support::{approval, asking, comp, par, seq, stat};

/// Steps without the numbers that callbacks have in their frames.
fn without_callbacks(steps: &[Step]) -> Vec<Step> {
    let mut steps = steps.to_vec();
    for command in steps.iter_mut().flat_map(|step| &mut step.commands) {
        if let Command::StartTask { callback, .. } = command {
            *callback = 0;
        }
    }
    steps
}

fn played(scenario: &Scenario, mut world: World, choices: &[u16], mishaps: Mishaps) -> World {
    let driver = Driver {
        scenario,
        choices,
        mishaps,
    };
    driver.play(&mut world, |_| ());
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_is_the_same_run_whether_or_not_its_frames_are_rendered(
        shape in shapes(), choices in prop::collection::vec(any::<u16>(), 0..60), losses in any::<bool>(),
    ) {
        let scenario = Scenario::new(shape);
        let mishaps = Mishaps { crashes: losses, losses, ..Mishaps::default() };
        let rendered = played(&scenario, scenario.world_with(Standing::Never), &choices, mishaps);
        prop_assert_eq!(rendered.stood, 0);
        for standing in [Standing::WithoutCalls, Standing::WithCalls] {
            let skipped = played(&scenario, scenario.world_with(standing), &choices, mishaps);
            prop_assert_eq!(without_callbacks(&rendered.steps), without_callbacks(&skipped.steps));
            prop_assert_eq!(&rendered.store, &skipped.store);
        }
        if !losses {
            let parking = Mishaps { reload_when_parked: true, ..Mishaps::default() };
            let parked = played(&scenario, scenario.world(), &choices, parking);
            prop_assert_eq!(&rendered.store, &parked.store);
        }
    }
}

#[test]
fn a_chain_without_functions_is_rendered_once() {
    let world = World::of(workflow((0..9).map(|n| stat(&format!("t{n}")).into())));
    assert_eq!(world.status().as_str(), "finished");
    // Nine ends and the stability check.
    assert_eq!(world.stood, 10);
}

#[test]
fn a_frame_is_rendered_before_a_function_that_may_see_a_new_row_is_called() {
    let mut world = World::of(workflow([
        stat("a").into(),
        comp("b").into(),
        comp("c").into(),
    ]));
    // The session asserts that every function sees every row.
    assert_eq!(world.stood, 0);
    world.finish("b");
    assert_eq!(world.stood, 0);
    world.finish("c");
    assert_eq!(world.stood, 2, "nothing is left to be called");
}

#[test]
fn a_chain_of_functions_is_rendered_once_when_they_can_be_made_to_see_more() {
    let tree = workflow((0..9).map(|n| comp(&format!("t{n}")).into()));
    let mut world = World::standing(Standing::WithCalls, move |_, _| Ok(tree.clone()));
    for n in 0..9 {
        world.finish(&format!("t{n}"));
    }
    assert_eq!(world.status().as_str(), "finished");
    assert_eq!(world.stood, 10);
}

#[test]
fn a_function_under_way_keeps_others_from_being_made_to_see_more() {
    let rest = seq([comp("b").into(), comp("c").into()]);
    let tree = workflow([par([comp("a").into(), rest])]);
    let mut world = World::standing(Standing::WithCalls, move |_, _| Ok(tree.clone()));
    world.finish("b");
    assert_eq!(world.stood, 0, "`a` is of the same frame as `c`");
    world.finish("a");
    world.finish("c");
    assert_eq!(world.status().as_str(), "finished");
}

#[test]
fn a_function_behind_a_task_that_is_not_over_does_not_matter() {
    let chain = seq([stat("a").into(), stat("b").into(), comp("c").into()]);
    let world = World::of(workflow([chain]));
    // The frame after `a` stands, the one after `b` is rendered for `c`.
    assert_eq!(world.stood, 1);
}

#[test]
fn a_function_that_waits_for_its_retry_needs_a_rendered_frame() {
    let tried = comp("a").retries(1, Backoff::Fixed, 50);
    let mut world = World::of(workflow([par([tried.into(), comp("b").into()])]));
    world.fail("a", "boom");
    world.finish("b");
    assert_eq!(world.stood, 0);
    world.wait_ms(50);
    world.finish("a");
    assert_eq!(world.status().as_str(), "finished");
}

#[test]
fn a_function_in_its_last_attempt_is_not_called_again() {
    let mut world = World::of(workflow([par([comp("a").into(), comp("b").into()])]));
    world.finish("a");
    assert_eq!(world.stood, 1);
    world.lose_runtime();
    world.finish("b");
    assert_eq!(world.status().as_str(), "finished");
}

#[test]
fn a_function_behind_an_answer_needs_a_rendered_frame() {
    let asked = asking(stat("a")).may_fail();
    let rest = seq([asked.into(), comp("c").into()]);
    // The one under way keeps the run, and so its session, from being parked.
    let mut world = World::of(workflow([par([rest, comp("x").into(), stat("b").into()])]));
    world.decide("a", false).unwrap();
    world.finish("c");
    assert_eq!(world.row("c"), Some(json!({ "v": "c" })));
}

#[test]
fn a_function_behind_what_a_failure_leaves_out_needs_a_rendered_frame() {
    let broken = ErrorInfo::thrown("Error", "boom");
    let failing = stat("a").broken_value(broken).quarantined();
    let rest = seq([stat("b").after("a").into(), comp("c").into()]);
    let mut world = World::of(workflow([par([stat("d").into(), failing.into(), rest])]));
    world.finish("c");
    assert_eq!(world.nodes(), "a=failed b=skipped c=finished d=finished");
}

#[test]
fn a_frame_that_nobody_asked_for_cannot_stand() {
    let mut world = World::of(workflow([approval("a").into()]));
    let refused = world.state.accept(Fact::FrameStands, world.now);
    assert!(
        matches!(refused, Err(Refusal::Illegal { .. })),
        "{refused:?}"
    );
}
