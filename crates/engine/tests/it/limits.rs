//! Order and room: sequences, dependencies, priorities, groups, subtrees and the cap of the run.

use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;

use crate::support::{
    El, World, approval, comp, group, par, par_max, par_subtrees, seq, stat, workflow,
};

fn comps(ids: &[&str]) -> Vec<El> {
    ids.iter().map(|id| comp(id).into()).collect()
}

/// The tasks under way, in order of their ids.
fn running(world: &World) -> String {
    let ids: Vec<&str> = world
        .in_flight
        .keys()
        .map(|key| key.node_id.as_str())
        .collect();
    ids.join(" ")
}

/// The order in which tasks were started.
fn started(world: &mut World) -> String {
    let events = world.events();
    let ids: Vec<&str> = events
        .iter()
        .filter_map(|line| line.strip_suffix(" started 1"))
        .collect();
    ids.join(" ")
}

#[test]
fn a_sequence_waits_for_all_of_its_previous_child() {
    let mut world = World::of(workflow([
        El::Text("words between tasks mean nothing"),
        group(comps(&["a", "b"])),
        comp("c").into(),
    ]));
    assert_eq!(running(&world), "a b");
    world.finish("b");
    assert_eq!(running(&world), "a");
    world.finish("a");
    assert_eq!(running(&world), "c");
}

#[test]
fn only_the_innermost_group_counts_a_task() {
    let inner = par(comps(&["x", "y", "z"]));
    let world = World::of(workflow([par_max(
        1,
        [comp("a").into(), comp("b").into(), inner],
    )]));
    assert_eq!(running(&world), "a x y z");
}

#[test]
fn a_group_counts_tasks_inside_sequences() {
    let tree = workflow([par_max(
        2,
        [
            seq(comps(&["a", "b"])),
            seq(comps(&["c", "d"])),
            seq(comps(&["e"])),
        ],
    )]);
    let mut world = World::of(tree);
    assert_eq!(running(&world), "a c");
    world.finish("a");
    assert_eq!(
        running(&world),
        "b c",
        "document order is the order of admission"
    );
    world.finish("b");
    assert_eq!(running(&world), "c e");
}

#[test]
fn a_subtree_keeps_its_place_until_it_is_through() {
    let tree = workflow([par_subtrees(
        2,
        [
            seq([comp("a").into(), approval("gate").into(), comp("b").into()]),
            par(comps(&["c", "d"])),
            comp("e").into(),
        ],
    )]);
    let mut world = World::of(tree);
    assert_eq!(running(&world), "a c d");
    world.finish("a");
    world.finish("c");
    assert_eq!(
        running(&world),
        "d",
        "the first subtree waits for a person and keeps its place"
    );
    world.finish("d");
    assert_eq!(running(&world), "e");
    world.decide("gate", true).unwrap();
    assert_eq!(running(&world), "b e");
}

#[test]
fn a_subtree_of_which_a_task_was_skipped_has_not_begun() {
    let second = seq([comp("x").skipped().into(), comp("b").into()]);
    let world = World::of(workflow([par_subtrees(1, [comp("a").into(), second])]));
    assert_eq!(running(&world), "a");
}

#[test]
fn a_subtree_whose_attempt_was_cut_off_keeps_its_place() {
    let limited = par_subtrees(1, [comp("a").after("x").into(), comp("b").into()]);
    let mut world = World::of(workflow([par([comp("x").into(), limited])]));
    world.finish("x");
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    assert_eq!(running(&world), "b");
}

#[test]
fn a_subtree_whose_question_was_answered_keeps_its_place() {
    let second = seq([approval("gate").into(), comp("b").into()]);
    let limited = par_subtrees(1, [comp("a").after("x").into(), second]);
    let mut world = World::of(workflow([par([comp("x").into(), limited])]));
    world.finish("x");
    assert_eq!(running(&world), "");
    world.decide("gate", true).unwrap();
    assert_eq!(running(&world), "b");
}

#[test]
fn an_answered_question_opens_the_way_for_what_depends_on_it() {
    let tree = workflow([par_subtrees(
        1,
        [comp("a").after("gate").into(), approval("gate").into()],
    )]);
    let mut world = World::of(tree);
    world.decide("gate", true).unwrap();
    assert_eq!(running(&world), "a");
}

#[test]
fn higher_priority_starts_first_and_equal_ones_in_document_order() {
    let tree = workflow([par([
        comp("a").into(),
        comp("b").priority(5).into(),
        comp("c").into(),
        comp("d").priority(5).into(),
    ])]);
    let mut world = World::capped(2, tree);
    assert_eq!(started(&mut world), "b d");
    world.finish("b");
    assert_eq!(started(&mut world), "a");
}

#[test]
fn sixteen_tasks_run_when_the_launch_names_no_cap() {
    let ids: Vec<String> = (10..40).map(|n| format!("t{n}")).collect();
    let tasks = ids.iter().map(|id| comp(id).into());
    let mut world = World::of(workflow([par(tasks)]));
    assert_eq!(world.in_flight.len(), 16);
    world.finish("t10");
    assert_eq!(world.in_flight.len(), 16);
    assert!(running(&world).ends_with("t26"));
}

#[test]
fn tasks_without_outside_effect_need_no_slot_of_the_run() {
    let tree = workflow([par([comp("a").into(), comp("b").into(), stat("c").into()])]);
    let world = World::capped(1, tree);
    assert_eq!(world.nodes(), "a=in-progress b=pending c=finished");
}

#[test]
fn a_static_task_takes_its_turn_in_its_group() {
    let mut world = World::of(workflow([par_max(1, [stat("a").into(), stat("b").into()])]));
    let events = world.events().join(", ");
    assert!(
        events.contains("a finished 1, frame 2 by a, b started 1"),
        "{events}"
    );
}

#[test]
fn leaving_a_task_out_takes_no_slot_of_a_full_group() {
    let mut world = World::reactive(|rows| {
        let b = comp("b");
        let b = if rows.contains_key("x") {
            b.skipped()
        } else {
            b
        };
        let full = par_max(1, [comp("a").into(), b.into()]);
        Ok(workflow([par([comp("x").into(), full])]))
    });
    world.finish("x");
    assert_eq!(world.nodes(), "a=in-progress b=skipped x=finished");
}

#[test]
fn a_dependency_gates_across_groups() {
    let tree = workflow([par([comp("b").after("a").into(), comp("a").into()])]);
    let mut world = World::of(tree);
    assert_eq!(running(&world), "a");
    world.finish("a");
    assert_eq!(running(&world), "b");
}

#[test]
fn a_dependency_that_was_skipped_or_may_fail_is_satisfied() {
    let tree = workflow([par([
        comp("c").after("a").after("b").into(),
        stat("a").skipped().into(),
        comp("b").may_fail().into(),
    ])]);
    let mut world = World::of(tree);
    world.fail("b", "boom");
    assert_eq!(running(&world), "c");
}

#[test]
fn a_limit_of_zero_is_no_limit() {
    let tree = workflow([
        par_max(0, comps(&["a", "b"])),
        par_subtrees(0, comps(&["c"])),
    ]);
    let mut world = World::of(tree);
    assert_eq!(running(&world), "a b");
    for id in ["a", "b", "c"] {
        world.finish(id);
    }
    assert_eq!(world.status(), RunStatus::Finished);
    let alone = World::capped(0, workflow(comps(&["a"])));
    assert_eq!(running(&alone), "a", "a cap of zero lets one through");
}

#[test]
fn a_subtree_that_waits_for_another_one_does_not_keep_it_out() {
    // `late` is blocked at first, so the second subtree begins; what is left of that needs `late`.
    let mut world = World::of(workflow([par([
        comp("outside").into(),
        par_subtrees(
            1,
            [
                comp("late").after("outside").into(),
                seq([comp("first").into(), comp("rest").after("late").into()]),
            ],
        ),
    ])]));
    world.finish("first");
    world.finish("outside");
    world.finish("late");
    world.finish("rest");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_subtree_that_has_begun_goes_on_before_a_new_one_begins() {
    let mut world = World::of(workflow([par_subtrees(
        1,
        [
            seq([comp("a1").after("b1").into(), comp("a2").into()]),
            seq([comp("b1").into(), comp("b2").into()]),
        ],
    )]));
    world.finish("b1");
    assert_eq!(
        world.nodes(),
        "a1=pending a2=pending b1=finished b2=in-progress"
    );
}

#[test]
fn the_cap_of_a_run_follows_the_widest_limit_unless_it_is_pinned() {
    let wide = || {
        let tasks = (0..30).map(|number| comp(&format!("t{number}")).into());
        workflow([par_max(20, tasks)])
    };
    assert_eq!(World::of(wide()).in_flight.len(), 20);
    assert_eq!(World::capped(5, wide()).in_flight.len(), 5);
}
