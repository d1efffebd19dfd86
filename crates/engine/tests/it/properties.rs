//! What holds for every workflow and every order in which the world answers.

use proptest::prelude::*;
use smithers_engine::Refusal;
use smithers_model::approval::ApprovalStatus;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::node::NodeState;
use smithers_model::run::RunStatus;
use smithers_model::tree::{Kind, Tree};
use smithers_model::{NodeKey, RawJson};

use crate::support::driver::{Driver, Mishaps};
use crate::support::random::shapes;
use crate::support::scenario::{Outcome, Scenario};
use crate::support::world::{answer, operator};
use crate::support::{World, workflow};

fn choices() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..60)
}

/// Plays `scenario` to its end.
fn played(scenario: &Scenario, choices: &[u16], mishaps: Mishaps) -> World {
    let mut world = scenario.world();
    let driver = Driver {
        scenario,
        choices,
        mishaps,
    };
    driver.play(&mut world, |_| ());
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_with_the_rows_of_a_plain_sequential_interpreter(
        shape in shapes(), choices in choices(),
    ) {
        let scenario = Scenario::new(shape);
        let world = played(&scenario, &choices, Mishaps::default());
        prop_assert_eq!(world.status(), RunStatus::Finished);
        prop_assert_eq!(Outcome::of(&world), scenario.expected());
        prop_assert!(world.closed);
    }

    #[test]
    fn crashes_and_lost_runtimes_change_attempts_and_nothing_else(
        shape in shapes(), choices in choices(),
    ) {
        let scenario = Scenario::new(shape);
        let mishaps = Mishaps { crashes: true, losses: true, reload_when_parked: true };
        let world = played(&scenario, &choices, mishaps);
        prop_assert_eq!(world.status(), RunStatus::Finished);
        prop_assert_eq!(Outcome::of(&world), scenario.expected());
    }

    #[test]
    fn a_run_that_is_read_back_whenever_it_parks_is_the_same_run(
        shape in shapes(), choices in choices(),
    ) {
        let scenario = Scenario::new(shape);
        let stayed = played(&scenario, &choices, Mishaps::default());
        let reloading = Mishaps { reload_when_parked: true, ..Mishaps::default() };
        let read_back = played(&scenario, &choices, reloading);
        prop_assert_eq!(stayed.steps, read_back.steps);
        prop_assert_eq!(stayed.store, read_back.store);
    }

    #[test]
    fn the_same_facts_give_the_same_steps(shape in shapes(), choices in choices()) {
        let scenario = Scenario::new(shape);
        let mishaps = Mishaps { crashes: true, losses: true, ..Mishaps::default() };
        let one = played(&scenario, &choices, mishaps);
        let other = played(&scenario, &choices, mishaps);
        prop_assert_eq!(one.steps, other.steps);
    }

    #[test]
    fn limits_hold_at_every_moment(shape in shapes(), choices in choices()) {
        let scenario = Scenario::new(shape);
        let mut world = scenario.world();
        let mishaps = Mishaps { crashes: true, ..Mishaps::default() };
        let driver = Driver { scenario: &scenario, choices: &choices, mishaps };
        driver.play(&mut world, |world| {
            assert!(world.in_flight.len() <= 16);
            check_groups(world);
            assert_eq!(world.store.run.as_ref(), Some(world.state.row()));
        });
    }

    #[test]
    fn a_rewind_at_any_moment_to_any_frame_ends_with_the_same_rows(
        shape in shapes(), choices in choices(), moment in 0..30usize, back in any::<u16>(),
    ) {
        let scenario = Scenario::new(shape);
        let mut world = scenario.world();
        let mishaps = Mishaps { crashes: true, ..Mishaps::default() };
        let driver = Driver { scenario: &scenario, choices: &choices, mishaps };
        let mut looks = 0;
        let mut rewind = |world: &mut World| {
            looks += 1;
            if looks == moment + 1 {
                let frame = u64::from(back) % (world.state.newest_frame() + 1);
                world.rewind(frame).expect("it can be taken back");
            }
        };
        driver.play(&mut world, &mut rewind);
        rewind(&mut world);
        driver.play(&mut world, |_| ());
        prop_assert_eq!(world.status(), RunStatus::Finished);
        prop_assert_eq!(Outcome::of(&world), scenario.expected());
        let numbers: Vec<u64> = world.store.frames.iter().map(|frame| frame.frame_no).collect();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        prop_assert_eq!(numbers, expected);
    }

    #[test]
    fn an_illegal_fact_changes_nothing(shape in shapes(), choices in choices()) {
        let scenario = Scenario::new(shape);
        let mut world = scenario.world();
        let driver = Driver { scenario: &scenario, choices: &choices, mishaps: Mishaps::default() };
        driver.play(&mut world, refuse_illegal_facts);
    }

    #[test]
    fn a_cancel_at_any_moment_leaves_nothing_open(
        shape in shapes(), choices in choices(), moment in 0..30usize,
    ) {
        let scenario = Scenario::new(shape);
        let mut world = scenario.world();
        let driver = Driver { scenario: &scenario, choices: &choices, mishaps: Mishaps::default() };
        let mut looks = 0;
        driver.play(&mut world, |world| {
            looks += 1;
            if looks == moment + 1 && !world.status().is_terminal() {
                world.cancel().expect("the run is active");
                check_nothing_open(world);
            }
        });
        check_nothing_open(&world);
    }
}

fn check_nothing_open(world: &World) {
    assert_eq!(world.store.run.as_ref(), Some(world.state.row()));
    assert!(world.status().is_terminal());
    assert!(world.in_flight.is_empty());
    assert_eq!(world.state.in_flight().count(), 0);
    assert_eq!(world.state.render_request(), None);
    let states = world.store.nodes.values().map(|row| row.state);
    assert!(
        states
            .into_iter()
            .all(|state| { !matches!(state, NodeState::InProgress | NodeState::WaitingApproval) })
    );
    let mut approvals = world.store.approvals.values();
    assert!(approvals.all(|approval| approval.status() != ApprovalStatus::Requested));
}

/// Facts that cannot be, whatever the state of a resting run.
fn refuse_illegal_facts(world: &mut World) {
    let nowhere = NodeKey::new("nowhere", 0);
    let before = format!("{:?}", world.state);
    let mut illegal = vec![
        Fact::Rendered(workflow([])),
        Fact::RenderFailed(ErrorInfo::thrown("Error", "x")),
        Fact::AttemptLost {
            node: nowhere.clone(),
            attempt: 1,
        },
        Fact::TaskSucceeded {
            node: nowhere.clone(),
            attempt: 1,
            output: RawJson::empty_object(),
        },
        Fact::ApprovalDecided {
            node: nowhere,
            decision: answer(true),
            actor: operator(),
        },
    ];
    let decided = world
        .store
        .approvals
        .values()
        .filter(|approval| approval.decision.is_some());
    illegal.extend(decided.map(|approval| Fact::ApprovalDecided {
        node: approval.node.clone(),
        decision: answer(false),
        actor: operator(),
    }));
    illegal.extend(
        world
            .in_flight
            .iter()
            .map(|(node, attempt)| Fact::TaskFailed {
                node: node.clone(),
                attempt: attempt + 1,
                error: ErrorInfo::thrown("Error", "from the future"),
                retryable: true,
            }),
    );
    if world.status().is_terminal() {
        illegal.push(Fact::TakenUp);
        illegal.push(Fact::TimeReached);
        illegal.push(Fact::CancelRequested { actor: operator() });
        illegal.push(Fact::StepRefused(ErrorInfo::thrown("Error", "x")));
    }
    for fact in illegal {
        let refused: Result<(), Refusal> = world.state.accept(fact.clone(), world.now);
        assert!(refused.is_err(), "{fact:?} was taken");
    }
    assert_eq!(format!("{:?}", world.state), before);
}

/// Checks the limits of every Parallel of the newest frame.
fn check_groups(world: &World) {
    let Some(tree) = world.tree() else { return };
    for (index, element) in tree.elements().iter().enumerate() {
        let Kind::Parallel(spec) = &element.kind else {
            continue;
        };
        if let Some(limit) = spec.max_concurrency {
            let occupied = innermost_in_flight(tree, index, world);
            assert!(
                occupied <= limit as usize,
                "{occupied} in flight of at most {limit}"
            );
        }
        if let Some(limit) = spec.subtree_concurrency {
            let active = tree
                .children(index)
                .filter(|&child| is_active(tree, child, world));
            let active = active.count();
            assert!(
                active <= limit as usize,
                "{active} subtrees of at most {limit}"
            );
        }
    }
}

fn innermost_in_flight(tree: &Tree, index: usize, world: &World) -> usize {
    let each = tree
        .children(index)
        .map(|child| match &tree.elements()[child].kind {
            Kind::Task(task) => usize::from(world.in_flight.contains_key(&task.node)),
            Kind::Parallel(_) => 0,
            _ => innermost_in_flight(tree, child, world),
        });
    each.sum()
}

/// Something in the subtree goes on by itself.
fn is_active(tree: &Tree, index: usize, world: &World) -> bool {
    let mut nodes = Vec::new();
    collect_nodes(tree, index, &mut nodes);
    let goes_on = |node: &NodeKey| {
        let row = world.store.nodes.get(node);
        let waits = row.is_some_and(|row| row.state == NodeState::WaitingApproval);
        waits || world.in_flight.contains_key(node)
    };
    nodes.iter().any(goes_on)
}

fn collect_nodes(tree: &Tree, index: usize, nodes: &mut Vec<NodeKey>) {
    if let Kind::Task(task) = &tree.elements()[index].kind {
        nodes.push(task.node.clone());
    }
    for child in tree.children(index) {
        collect_nodes(tree, child, nodes);
    }
}
