//! Tasks that are bound to rows: they start only while what they rest on is as it was.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::command::Command;
use smithers_model::node::NodeState;
use smithers_model::proof::{Binding, Proof, digest};
use smithers_model::run::RunStatus;
use smithers_model::step::Step;
use smithers_model::{NodeKey, RawJson};

use crate::support::elements::Job;
use crate::support::world::Rows;
use crate::support::{El, World, approval, comp, par, seq, signal, workflow};

/// The proof of the row of `id`, as a workflow makes it.
fn prove(rows: &Rows, id: &str) -> Option<Proof> {
    rows.get(id).map(|row| Proof {
        table: "r".into(),
        node_id: id.into(),
        iteration: 0,
        digest: digest(&RawJson::of(row)),
    })
}

fn bound(mut job: Job, proof: Option<Proof>) -> El {
    let complete = proof.is_some();
    let proofs = proof.into_iter().collect();
    job.0.bind = Some(Arc::new(Binding { proofs, complete }));
    job.into()
}

/// `plan`, a yes about it, and `ship`, which rests on the plan as it was when it was first shown.
fn release() -> World {
    World::reactive(|rows| {
        Ok(workflow([seq([
            comp("plan").into(),
            approval("sign").into(),
            bound(comp("ship"), prove(rows, "plan")),
        ])]))
    })
}

fn error_code(world: &World) -> Option<String> {
    let row = world.store.run.as_ref().expect("run row");
    row.error.as_ref().and_then(|error| error.code.clone())
}

fn state(world: &World, id: &str) -> NodeState {
    world.store.nodes[&NodeKey::new(id, 0)].state
}

/// The plan is done again with another result while `ship` waits for its turn.
fn change_plan(world: &mut World) {
    world.finish_with("plan", json!({ "v": "old" }));
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.retry("plan", false).expect("the run is at rest");
    world.finish_with("plan", json!({ "v": "new" }));
    world.decide("sign", true).expect("somebody is asked");
}

#[test]
fn a_task_starts_while_its_row_is_as_it_was() {
    let mut world = release();
    world.finish("plan");
    world.decide("sign", true).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_row_that_changed_after_it_was_shown_holds_the_task_and_parks_the_run() {
    let mut world = release();
    change_plan(&mut world);
    assert_eq!(state(&world, "ship"), NodeState::BoundStale);
    assert_eq!(world.status(), RunStatus::WaitingEvent);
    assert_eq!(error_code(&world).as_deref(), Some("BOUND_STALE"));
}

#[test]
fn the_pin_outlives_the_process() {
    let mut world = release();
    world.finish_with("plan", json!({ "v": "old" }));
    world.crash();
    world.retry("plan", false).unwrap();
    world.crash();
    world.take_up().unwrap();
    world.finish_with("plan", json!({ "v": "new" }));
    world.decide("sign", true).unwrap();
    assert_eq!(state(&world, "ship"), NodeState::BoundStale);
    world.crash();
    world.resume().unwrap();
    assert_eq!(state(&world, "ship"), NodeState::BoundStale);
    assert_eq!(world.status(), RunStatus::WaitingEvent);
}

#[test]
fn a_held_task_goes_on_when_it_is_retried_with_what_is_there_now() {
    let mut world = release();
    change_plan(&mut world);
    world.retry("ship", true).unwrap();
    assert_eq!(error_code(&world), None);
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_held_task_goes_on_by_itself_when_its_row_is_again_what_it_was() {
    let mut world = release();
    change_plan(&mut world);
    world.retry("plan", false).unwrap();
    assert_eq!(error_code(&world), None);
    world.finish_with("plan", json!({ "v": "old" }));
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_rewind_binds_anew() {
    let mut world = release();
    change_plan(&mut world);
    let newest = world.state.newest_frame();
    world.rewind(newest - 1).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn without_its_row_a_task_waits_and_starts_once_it_is_there() {
    let mut world = World::reactive(|rows| {
        Ok(workflow([par([
            signal("news").into(),
            bound(comp("tell"), prove(rows, "news")),
        ])]))
    });
    assert_eq!(state(&world, "tell"), NodeState::WaitingBound);
    assert_eq!(world.status(), RunStatus::WaitingEvent);
    assert_eq!(error_code(&world).as_deref(), Some("BOUND_STALE"));
    world.crash();
    world.signal("news", None, json!({ "v": "it" })).unwrap();
    assert_eq!(error_code(&world), None);
    world.finish("tell");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn while_its_row_is_made_anew_a_task_waits_for_it() {
    let mut world = World::reactive(|rows| {
        Ok(workflow([par([
            comp("plan").into(),
            seq([
                approval("sign").into(),
                bound(comp("ship"), prove(rows, "plan")),
            ]),
        ])]))
    });
    world.finish_with("plan", json!({ "v": "old" }));
    world.retry("plan", false).unwrap();
    world.decide("sign", true).unwrap();
    assert_eq!(state(&world, "ship"), NodeState::WaitingBound);
    assert_eq!(world.status(), RunStatus::Running);
    world.finish_with("plan", json!({ "v": "old" }));
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_task_that_is_asked_about_is_bound_from_the_first_frame_and_held_before_the_question() {
    let mut world = World::reactive(|rows| {
        Ok(workflow([seq([
            comp("plan").into(),
            approval("first").into(),
            bound(approval("second"), prove(rows, "plan")),
        ])]))
    });
    world.finish_with("plan", json!({ "v": "old" }));
    world.retry("plan", false).unwrap();
    world.finish_with("plan", json!({ "v": "new" }));
    world.decide("first", true).unwrap();
    assert_eq!(state(&world, "second"), NodeState::BoundStale);
    let unasked = world.decide("second", true);
    assert!(
        matches!(unasked, Err(Refusal::NotWaiting { .. })),
        "{unasked:?}"
    );
    assert!(
        !world
            .store
            .approvals
            .contains_key(&NodeKey::new("second", 0))
    );
}

#[test]
fn the_workflow_is_asked_once_when_a_task_is_held_and_told_which() {
    let mut world = release();
    change_plan(&mut world);
    let stale = world.state.render_input().stale;
    assert_eq!(stale, ["ship".into()]);
    let checks = world
        .store
        .frames
        .iter()
        .filter_map(|frame| frame.trigger.as_ref());
    let checks = checks.filter(|trigger| trigger.reason() == "bound-check");
    assert_eq!(checks.count(), 1);
}

#[test]
fn a_cancelled_run_does_not_say_that_a_task_is_held() {
    let mut world = release();
    change_plan(&mut world);
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(state(&world, "ship"), NodeState::Cancelled);
    assert_eq!(error_code(&world), None);
}

/// What may happen to [`release`] at any moment.
#[derive(Clone, Copy, Debug)]
enum Deed {
    RetryPlan { dependents: bool },
    RetryShip,
    EndPlan { value: u8 },
    EndShip,
    Sign,
    Crash,
    Rewind { to: u16 },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        any::<bool>().prop_map(|dependents| Deed::RetryPlan { dependents }),
        Just(Deed::RetryShip),
        (0..2u8).prop_map(|value| Deed::EndPlan { value }),
        (0..2u8).prop_map(|value| Deed::EndPlan { value }),
        Just(Deed::EndShip),
        Just(Deed::Sign),
        Just(Deed::Sign),
        Just(Deed::Crash),
        any::<u16>().prop_map(|to| Deed::Rewind { to }),
    ];
    prop::collection::vec(deed, 0..40)
}

fn is_under_way(world: &World, id: &str) -> bool {
    world.in_flight.contains_key(&NodeKey::new(id, 0))
}

/// Does it when it can be done now.
fn perform(world: &mut World, deed: Deed) {
    let is_at_rest = world.status() != RunStatus::Running;
    match deed {
        // What cannot be retried now is refused, and changes nothing.
        Deed::RetryPlan { dependents } if is_at_rest => drop(world.retry("plan", dependents)),
        Deed::RetryShip if is_at_rest => drop(world.retry("ship", true)),
        Deed::EndPlan { value } if is_under_way(world, "plan") => {
            world.finish_with("plan", json!({ "v": value.to_string() }));
        }
        Deed::EndShip if is_under_way(world, "ship") => world.finish("ship"),
        Deed::Sign if world.status() == RunStatus::WaitingApproval => {
            world.decide("sign", true).expect("somebody is asked");
        }
        Deed::Crash => {
            world.crash();
            if !is_at_rest {
                world.take_up().expect("it is running");
            }
        }
        Deed::Rewind { to } => {
            let frame = u64::from(to) % (world.state.newest_frame() + 1);
            world.rewind(frame).expect("it can be taken back");
        }
        _ => {}
    }
}

fn starts_ship(step: &Step) -> bool {
    let is_ship = |command: &Command| matches!(command, Command::StartTask { node, .. } if node.node_id.as_str() == "ship");
    step.commands.iter().any(is_ship)
}

/// Whether what `ship` is pinned to is what is there; none without a pin.
fn is_fresh(world: &World) -> Option<bool> {
    let pinned = world.store.nodes.get(&NodeKey::new("ship", 0))?;
    let digest_now = world.row("plan").map(|row| digest(&RawJson::of(&row)));
    let proofs = pinned.bound.as_ref()?;
    Some(
        proofs
            .iter()
            .all(|proof| Some(&proof.digest) == digest_now.as_ref()),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_bound_task_starts_with_what_it_is_pinned_to_and_is_held_otherwise(deeds in deeds()) {
        let mut world = release();
        for deed in deeds {
            let before = world.steps.len();
            perform(&mut world, deed);
            if world.steps[before..].iter().any(starts_ship) {
                prop_assert_eq!(is_fresh(&world), Some(true), "{:?}", deed);
            }
            let is_parked = world.status() == RunStatus::WaitingEvent;
            prop_assert_eq!(is_parked, error_code(&world).as_deref() == Some("BOUND_STALE"));
            if is_parked {
                prop_assert_eq!(state(&world, "ship"), NodeState::BoundStale);
                prop_assert_eq!(is_fresh(&world), Some(false));
            }
            prop_assert_eq!(world.store.run.as_ref(), Some(world.state.row()));
        }
    }
}
