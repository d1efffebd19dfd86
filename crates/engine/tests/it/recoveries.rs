//! Sagas and try blocks: what a failure leads to, and what it does not.

use smithers_model::error::ErrorInfo;
use smithers_model::run::RunStatus;
use smithers_model::tree::OnFailure::{self, Compensate, CompensateAndFail, Fail};

use crate::support::{
    El, World, approval, asking, attempt, chain, comp, lines, par, repeat, saga, seq, stat, step,
    workflow, workflow_at,
};

/// Three steps and a task after them.
fn booking(on_failure: OnFailure) -> World {
    World::of(workflow([
        saga("booking", on_failure, ["a", "b", "c"].map(step)),
        stat("after").into(),
    ]))
}

fn fail_third(world: &mut World) {
    world.finish("a");
    world.finish("b");
    world.fail("c", "no cars");
}

#[test]
fn completed_actions_are_undone_in_reverse_and_the_run_goes_on() {
    let mut world = booking(Compensate);
    world.finish("a");
    world.finish("b");
    world.events();
    world.fail("c", "no cars");
    world.finish("undo-b");
    world.finish("undo-a");
    assert_eq!(
        world.events(),
        lines(
            "c failed 1: no cars
            frame 4 by c
            undo-b started 1
            undo-b finished 1
            frame 5 by undo-b
            undo-a started 1
            undo-a finished 1
            frame 6 by undo-a
            after started 1
            after finished 1
            frame 7 by after
            frame 8 stability-check
            RUN finished, failed: c::0"
        )
    );
    assert_eq!(
        world.nodes(),
        "a=finished after=finished b=finished c=failed undo-a=finished undo-b=finished undo-c=pending"
    );
}

#[test]
fn a_saga_without_a_failure_undoes_nothing() {
    let mut world = booking(Compensate);
    for id in ["a", "b", "c"] {
        world.finish(id);
    }
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.nodes().contains("undo-a=pending"));
}

#[test]
fn compensate_and_fail_undoes_first_and_fails_then() {
    let mut world = booking(CompensateAndFail);
    fail_third(&mut world);
    world.finish("undo-b");
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("undo-a");
    let last = world.events().pop().unwrap();
    assert_eq!(
        last,
        "RUN failed SCHEDULER_ERROR: Saga booking failed: task c failed <- no cars"
    );
    assert!(world.nodes().contains("after=pending"));
}

#[test]
fn a_saga_that_only_fails_undoes_nothing() {
    let mut world = booking(Fail);
    fail_third(&mut world);
    assert_eq!(
        world.events().pop().unwrap(),
        "RUN failed SCHEDULER_ERROR: Saga booking failed: task c failed <- no cars"
    );
    assert!(world.nodes().contains("undo-b=pending"));
}

#[test]
fn a_compensation_that_fails_fails_the_run() {
    let mut world = booking(Compensate);
    fail_third(&mut world);
    world.fail("undo-b", "no refund");
    let last = world.events().pop().unwrap();
    assert_eq!(
        last,
        "RUN failed SESSION_ERROR: Task failed: undo-b <- no refund"
    );
    assert!(world.nodes().contains("undo-a=pending"));
}

#[test]
fn a_crash_in_the_middle_of_a_compensation_changes_nothing() {
    let mut world = booking(Compensate);
    fail_third(&mut world);
    world.finish("undo-b");
    world.crash();
    world.take_up().unwrap();
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(
        world.attempts(),
        "a#1=finished after#1=finished b#1=finished c#1=failed undo-a#1=cancelled undo-a#2=finished \
         undo-b#1=finished"
    );
}

#[test]
fn what_was_left_out_is_not_undone() {
    let steps = [
        step("a"),
        (comp("b").skipped().into(), comp("undo-b").into()),
        step("c"),
    ];
    let mut world = World::of(workflow([saga("s", Compensate, steps)]));
    world.finish("a");
    world.fail("c", "boom");
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.nodes().contains("undo-b=pending"));
}

#[test]
fn an_action_of_several_tasks_stops_with_the_first_failure_and_lets_the_others_end() {
    let parts = par([comp("x").into(), comp("y").into(), chain(&["z1", "z2"])]);
    let steps = [step("a"), (parts, comp("undo-parts").into())];
    let mut world = World::of(workflow([saga("s", Compensate, steps)]));
    world.finish("a");
    world.fail("x", "boom");
    world.finish("z1");
    assert!(world.nodes().contains("z2=pending"));
    assert!(world.nodes().contains("undo-a=pending"));
    world.finish("y");
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.nodes().contains("undo-parts=pending"));
}

#[test]
fn nobody_is_asked_any_more_where_a_failure_has_stopped_everything() {
    let both = par([comp("x").into(), approval("ask").into()]);
    let block = attempt("t", &[], both, Some(stat("sorry").into()), None);
    let mut world = World::of(workflow([block]));
    world.fail("x", "boom");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "ask=cancelled sorry=finished x=failed");
}

#[test]
fn a_failure_is_caught_and_what_is_final_follows() {
    let block = attempt(
        "t",
        &[],
        chain(&["a", "b", "c"]),
        Some(comp("sorry").into()),
        Some(comp("close").into()),
    );
    let mut world = World::of(workflow([block, stat("after").into()]));
    world.finish("a");
    world.fail("b", "boom");
    world.finish("sorry");
    world.finish("close");
    assert_eq!(
        world.nodes(),
        "a=finished after=finished b=failed c=pending close=finished sorry=finished"
    );
    assert_eq!(world.events().pop().unwrap(), "RUN finished, failed: b::0");
}

#[test]
fn what_is_final_follows_without_a_failure_too() {
    let sorry = Some(comp("sorry").into());
    let close = Some(comp("close").into());
    let block = attempt("t", &[], chain(&["a"]), sorry, close);
    let mut world = World::of(workflow([block]));
    world.finish("a");
    world.finish("close");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.nodes().contains("sorry=pending"));
}

/// A try block that catches `code`, around a task that fails with TASK_TIMEOUT.
fn catching(code: &str) -> World {
    let sorry = Some(comp("sorry").into());
    let close = Some(comp("close").into());
    let block = attempt("t", &[code], chain(&["a"]), sorry, close);
    let mut world = World::of(workflow([block]));
    world.fail_with("a", ErrorInfo::coded("TASK_TIMEOUT", "too slow"));
    world
}

#[test]
fn a_filter_catches_the_codes_it_names() {
    let mut world = catching("TASK_TIMEOUT");
    world.finish("sorry");
    world.finish("close");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_failure_that_no_filter_names_fails_the_run_after_what_is_final() {
    let mut world = catching("INVALID_OUTPUT");
    assert!(world.nodes().contains("sorry=pending"));
    world.finish("close");
    assert_eq!(
        world.events().pop().unwrap(),
        "RUN failed SCHEDULER_ERROR: Try block t failed: task a failed <- too slow"
    );
}

#[test]
fn a_catch_that_fails_fails_the_run_after_what_is_final() {
    let mut world = catching("TASK_TIMEOUT");
    world.fail("sorry", "sorry is broken");
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("close");
    assert_eq!(
        world.events().pop().unwrap(),
        "RUN failed SCHEDULER_ERROR: Try block t failed: task sorry failed <- sorry is broken"
    );
}

#[test]
fn a_denial_is_a_failure_that_is_caught() {
    let tried = seq([approval("ask").into(), comp("deploy").into()]);
    let sorry = Some(stat("sorry").into());
    let block = attempt("t", &[], tried, sorry, Some(stat("close").into()));
    let mut world = World::of(workflow([block]));
    world.decide("ask", false).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(
        world.nodes(),
        "ask=failed close=finished deploy=pending sorry=finished"
    );
}

#[test]
fn a_gate_that_may_stay_shut_anywhere_else_still_stops_a_try_block() {
    let tried = seq([asking(comp("a").may_fail()).into(), comp("b").into()]);
    let block = attempt("t", &[], tried, Some(stat("sorry").into()), None);
    let mut world = World::of(workflow([block]));
    world.decide("a", false).unwrap();
    assert_eq!(world.nodes(), "a=failed b=pending sorry=finished");
}

#[test]
fn a_task_that_may_fail_anywhere_else_still_stops_a_try_block() {
    let tried = seq([comp("a").may_fail().into(), comp("b").into()]);
    let block = attempt("t", &[], tried, Some(stat("sorry").into()), None);
    let mut world = World::of(workflow([block]));
    world.fail("a", "boom");
    assert_eq!(world.nodes(), "a=failed b=pending sorry=finished");
}

#[test]
fn a_try_block_catches_a_saga_that_fails() {
    let inner = saga("s", CompensateAndFail, ["a", "b"].map(step));
    let block = attempt(
        "t",
        &["TASK_TIMEOUT"],
        inner,
        Some(stat("sorry").into()),
        None,
    );
    let mut world = World::of(workflow([block, stat("after").into()]));
    world.finish("a");
    world.fail_with("b", ErrorInfo::coded("TASK_TIMEOUT", "too slow"));
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.row("sorry").is_some());
    assert!(world.row("after").is_some());
}

#[test]
fn a_saga_does_not_see_a_failure_that_a_try_block_in_it_has_caught() {
    let inner = attempt("t", &[], chain(&["b"]), Some(comp("sorry").into()), None);
    let steps = [step("a"), (inner, comp("undo-b").into()), step("c")];
    let mut world = World::of(workflow([saga("s", Compensate, steps)]));
    world.finish("a");
    world.fail("b", "boom");
    world.finish("sorry");
    world.fail("c", "boom");
    world.finish("undo-b");
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_failing_compensation_inside_a_try_block_is_caught() {
    let inner = saga("s", Compensate, ["a", "b"].map(step));
    let sorry = Some(stat("sorry").into());
    let block = attempt("t", &[], inner, sorry, Some(stat("close").into()));
    let mut world = World::of(workflow([block]));
    world.finish("a");
    world.fail("b", "boom");
    world.fail("undo-a", "no refund");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.row("sorry").is_some() && world.row("close").is_some());
}

#[test]
fn every_pass_of_a_loop_has_a_saga_of_its_own() {
    let mut world = World::looping(|_, passes| {
        let steps = ["a", "b"].map(step);
        Ok(workflow_at(
            passes,
            [repeat("l", false, [saga("s", Compensate, steps)])],
        ))
    });
    world.finish("a");
    world.fail("b", "boom");
    world.finish("undo-a");
    world.finish("a::1");
    world.finish("b::1");
    world.finish("a::2");
    world.fail("b::2", "boom");
    world.finish("undo-a::2");
    let last = world.events().pop().unwrap();
    assert_eq!(last, "RUN finished, failed: b::2 b::0");
    assert!(
        world.nodes().contains("undo-a::1=pending"),
        "{}",
        world.nodes()
    );
}

#[test]
fn two_sagas_of_one_id_are_refused() {
    let twice = || saga("s", Compensate, [step("a")]);
    let mut world = World::of(workflow([twice(), twice()]));
    let last = world.events().pop().unwrap();
    assert_eq!(last, "RUN failed DUPLICATE_ID: Duplicate saga id: s");
}

#[test]
fn a_saga_that_vanishes_in_the_middle_of_its_compensation_undoes_no_more() {
    let mut world = World::reactive(|rows| {
        let saga = || saga("s", Compensate, ["a", "b", "c"].map(step));
        let gone = rows.contains_key("undo-b");
        let first: El = if gone { stat("gone").into() } else { saga() };
        Ok(workflow([first]))
    });
    fail_third(&mut world);
    world.finish("undo-b");
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.nodes().contains("undo-a=pending"));
}

#[test]
fn a_gate_that_stays_shut_undoes_what_was_done_before() {
    let gated = asking(comp("b"));
    let steps = [step("a"), (gated.into(), comp("undo-b").into())];
    let mut world = World::of(workflow([saga("s", Compensate, steps)]));
    world.finish("a");
    world.decide("b", false).unwrap();
    world.finish("undo-a");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(
        world.nodes(),
        "a=finished b=failed undo-a=finished undo-b=pending"
    );
}
