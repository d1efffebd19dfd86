//! Loops: passes, conditions, limits, loops inside loops.

use smithers_model::run::RunStatus;
use smithers_model::tree::OnMaxReached;

use crate::support::{
    El, World, approval, comp, lines, par, par_subtrees, repeat, seq, stat, workflow, workflow_at,
};

/// A loop around two tasks in order, until the second has a row in pass `last`.
fn refining(last: u32) -> World {
    World::looping(move |rows, passes| {
        let until = rows.contains_key(&format!("review::{last}"));
        let body = seq([stat("draft").into(), comp("review").into()]);
        Ok(workflow_at(
            passes,
            [repeat("refine", until, [body]), stat("done").into()],
        ))
    })
}

#[test]
fn a_loop_runs_its_body_until_its_condition_holds() {
    let mut world = refining(1);
    world.finish("review");
    assert_eq!(world.loops(), "refine#1=going");
    world.events();
    world.finish("review::1");
    assert_eq!(
        world.events(),
        lines(
            "review::1 finished 1
            frame 6 by review::1
            done started 1
            done finished 1
            frame 7 by done
            frame 8 stability-check
            RUN finished"
        )
    );
    assert_eq!(world.loops(), "refine#1=satisfied");
    assert_eq!(
        world.nodes(),
        "done=finished draft=finished draft::1=finished review=finished review::1=finished"
    );
}

#[test]
fn the_next_pass_is_a_frame_with_tasks_of_its_own() {
    let mut world = refining(1);
    world.events();
    world.finish("review");
    assert_eq!(
        world.events(),
        lines(
            "review finished 1
            frame 3 by review
            draft::1 pending
            review::1 pending
            frame 4 loop-advanced
            draft::1 started 1
            draft::1 finished 1
            frame 5 by draft::1
            review::1 started 1"
        )
    );
}

#[test]
fn a_condition_that_turns_true_in_the_middle_ends_the_body() {
    let mut world = World::looping(|rows, passes| {
        let until = rows.contains_key("first");
        let body = seq([comp("first").into(), comp("second").into()]);
        Ok(workflow_at(passes, [repeat("l", until, [body])]))
    });
    world.finish("first");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "first=finished second=pending");
}

#[test]
fn a_condition_that_no_longer_holds_lets_the_loop_go_on() {
    let mut world = World::looping(|rows, passes| {
        // True before there is a plan, as conditions over empty lists are.
        let until = !rows.contains_key("plan");
        Ok(workflow_at(
            passes,
            [par([
                comp("plan").into(),
                repeat("l", until, [comp("work").into()]),
            ])],
        ))
    });
    assert_eq!(world.loops(), "l#0=satisfied");
    world.finish("plan");
    assert_eq!(world.loops(), "l#0=going");
    assert_eq!(world.nodes(), "plan=finished work=in-progress");
}

#[test]
fn a_loop_ends_after_its_last_pass() {
    let mut world = World::looping(|_, passes| {
        Ok(workflow_at(
            passes,
            [repeat("l", false, [stat("t").into()]), stat("after").into()],
        ))
    });
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.loops(), "l#2=exhausted");
    assert_eq!(
        world.nodes(),
        "after=finished t=finished t::1=finished t::2=finished"
    );
    let events = world.events();
    let advanced = events
        .iter()
        .filter(|event| event.ends_with("loop-advanced"));
    assert_eq!(advanced.count(), 3);
}

#[test]
fn a_loop_that_must_succeed_fails_the_run_after_its_last_pass() {
    let mut world = World::looping(|_, passes| {
        let mut element = repeat("l", false, [stat("t").into()]);
        if let El::Loop(spec, _) = &mut element {
            spec.max_iterations = 2;
            spec.on_max_reached = OnMaxReached::Fail;
        }
        Ok(workflow_at(passes, [element]))
    });
    let last = world.events().pop().unwrap();
    assert!(last.starts_with("RUN failed RALPH_MAX_REACHED: Loop l has had all of its 2"));
}

#[test]
fn a_loop_inside_a_loop_begins_anew_in_every_pass() {
    let mut world = World::looping(|_, passes| {
        let inner = repeat("inner", false, [stat("t").into()]);
        let outer = repeat("outer", false, [seq([stat("a").into(), inner])]);
        Ok(workflow_at(passes, [outer]))
    });
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(
        world.loops(),
        "inner@@outer=0#2=exhausted inner@@outer=1#2=exhausted inner@@outer=2#2=exhausted \
         outer#2=exhausted"
    );
    assert!(world.row("t@@outer=2::2").is_some());
    assert!(world.row("a::2").is_some());
    assert_eq!(world.store.outputs.len(), 12);
    world.events();
}

#[test]
fn the_workflow_sees_the_passes_of_loops_that_are_current() {
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = seen.clone();
    World::looping(move |_, passes| {
        log.borrow_mut().push(format!("{passes:?}"));
        let inner = repeat("inner", false, [stat("t").into()]);
        let outer = repeat("outer", false, [seq([inner])]);
        Ok(workflow_at(passes, [outer]))
    });
    let seen = seen.borrow();
    assert_eq!(seen[0], "{}");
    assert_eq!(seen[1], r#"{"inner": 0, "inner@@outer=0": 0, "outer": 0}"#);
    assert!(seen.contains(&r#"{"outer": 1}"#.to_owned()));
    assert!(seen.contains(&r#"{"inner": 2, "inner@@outer=2": 2, "outer": 2}"#.to_owned()));
}

#[test]
fn tasks_of_a_pass_depend_on_their_own_pass() {
    let world = World::looping(|_, passes| {
        let inner = repeat(
            "inner",
            false,
            [stat("second").after("first").into(), stat("first").into()],
        );
        Ok(workflow_at(
            passes,
            [repeat("outer", false, [seq([inner])])],
        ))
    });
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.store.outputs.len(), 18);
}

#[test]
fn a_run_that_is_read_back_goes_on_in_the_same_pass() {
    let mut world = refining(2);
    world.finish("review");
    world.finish("review::1");
    world.crash();
    world.accept(smithers_model::fact::Fact::TakenUp).unwrap();
    assert_eq!(world.loops(), "refine#2=going");
    world.finish("review::2");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(
        world
            .attempts()
            .contains("review::2#1=cancelled review::2#2=finished")
    );
}

#[test]
fn a_question_elsewhere_does_not_hold_up_a_loop() {
    let mut world = World::looping(|_, passes| {
        let gate = approval("gate").in_background();
        Ok(workflow_at(
            passes,
            [gate.into(), repeat("l", false, [stat("t").into()])],
        ))
    });
    assert_eq!(world.loops(), "l#2=exhausted");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_question_inside_a_body_holds_up_its_loop() {
    let mut world = World::looping(|_, passes| {
        let gate = approval("gate").in_background();
        let body = [gate.into(), stat("t").into()];
        Ok(workflow_at(passes, [repeat("l", false, body)]))
    });
    assert_eq!(world.loops(), "l#0=going");
    world.decide("gate", true).unwrap();
    assert_eq!(world.loops(), "l#1=going");
}

#[test]
fn a_loop_between_two_passes_keeps_its_place_among_subtrees() {
    let mut world = World::looping(|_, passes| {
        let subtrees = par_subtrees(
            1,
            [repeat("l", false, [comp("t").into()]), comp("other").into()],
        );
        Ok(workflow_at(passes, [subtrees]))
    });
    world.finish("t");
    assert_eq!(world.nodes(), "other=pending t=finished t::1=in-progress");
}

#[test]
fn loops_with_one_id_and_loops_right_inside_loops_are_refused() {
    let body = || [stat("t").into()];
    for (tree, code) in [
        (
            workflow([repeat("l", false, [repeat("m", false, body())])]),
            "NESTED_LOOP",
        ),
        (
            workflow([repeat("l", false, []), repeat("l", false, body())]),
            "DUPLICATE_ID",
        ),
    ] {
        let world = World::of(tree);
        let error = world.store.run.as_ref().unwrap().error.clone().unwrap();
        assert_eq!(error.code.as_deref(), Some(code));
    }
}
