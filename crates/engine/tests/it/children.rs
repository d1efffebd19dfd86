//! Subflows: tasks that stand for runs of their own, which wait, end and are ended with them.

use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::event::Event;
use smithers_model::fact::{Fact, Revival};
use smithers_model::run::RunStatus;
use smithers_model::step::ChildTie;
use smithers_model::tree::Backoff;
use smithers_model::wait::WaitKind;
use smithers_model::{RawJson, RunId};

use crate::support::children::Look;
use crate::support::world::operator;
use crate::support::{
    World, approval, comp, lines, par, repeat, seq, stat, subflow, text, workflow, workflow_at,
};

const CHILD: &str = "r1:child:sub:0";

/// A subflow and a task after it.
fn parent() -> World {
    World::of(workflow([seq([subflow("sub").into(), stat("use").into()])]))
}

fn tie(world: &World) -> ChildTie {
    world.store.ties[&RunId::from(CHILD)]
}

fn look(attempt: u32) -> Look {
    Look {
        node: text::key("sub"),
        attempt,
        child: CHILD.into(),
        may_start: true,
    }
}

#[test]
fn the_id_of_a_child_is_made_of_its_run_its_task_and_the_iteration() {
    let world = parent();
    assert_eq!(world.looks, [look(1)]);
    let started = world
        .store
        .events
        .iter()
        .find_map(|event| match event {
            Event::NodeStarted { child_run_id, .. } => child_run_id.clone(),
            _ => None,
        })
        .unwrap();
    assert_eq!(started.as_str(), CHILD);
}

#[test]
fn what_a_child_gives_is_the_output_of_its_task() {
    let mut world = parent();
    world.child_gives(json!({ "v": "from below" }));
    assert_eq!(world.row("sub"), Some(json!({ "v": "from below" })));
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(tie(&world), ChildTie::Taken);
}

#[test]
fn a_child_is_looked_for_again_after_a_crash_and_its_attempt_goes_on() {
    let mut world = parent();
    world.crash();
    world.take_up().unwrap();
    assert_eq!(world.looks, [look(1), look(1)]);
    world.child_gives(json!({ "v": "x" }));
    assert_eq!(world.attempts(), "sub#1=finished use#1=finished");
}

#[test]
fn a_run_that_waits_only_for_a_waiting_child_parks_as_the_child_does() {
    for (kind, status, node) in [
        (
            WaitKind::Approval,
            RunStatus::WaitingApproval,
            "waiting-approval",
        ),
        (WaitKind::Event, RunStatus::WaitingEvent, "waiting-event"),
        (WaitKind::Timer, RunStatus::WaitingTimer, "waiting-timer"),
        (WaitKind::Quota, RunStatus::WaitingQuota, "waiting-quota"),
    ] {
        let mut world = parent();
        world.child_waits(kind);
        assert_eq!(world.status(), status);
        assert_eq!(world.nodes(), format!("sub={node} use=pending"));
        assert_eq!(world.state.next_due(), None, "the child keeps the time");
    }
}

#[test]
fn a_parked_run_goes_on_when_its_child_moves_even_after_a_crash() {
    let mut world = parent();
    world.child_waits(WaitKind::Event);
    world.crash();
    world.child_moves().unwrap();
    assert_eq!(world.looks, [look(1), look(1)]);
    assert_eq!(world.nodes(), "sub=in-progress use=pending");
    world.child_gives(json!({ "v": "late" }));
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.attempts(), "sub#1=finished use#1=finished");
}

#[test]
fn a_notice_that_is_doubled_or_of_another_child_changes_nothing() {
    let mut world = parent();
    world.child_gives(json!({ "v": "x" }));
    assert!(world.child_moves().is_err(), "the run has ended");
    let mut world = World::of(workflow([seq([subflow("sub").into(), comp("use").into()])]));
    world.child_gives(json!({ "v": "x" }));
    let looks = world.looks.len();
    world.child_moves().unwrap();
    assert_eq!(world.looks.len(), looks);
}

#[test]
fn a_child_that_waits_holds_back_nothing_beside_it() {
    let mut world = World::of(workflow([par([subflow("sub").into(), comp("b").into()])]));
    world.child_waits(WaitKind::Approval);
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("b");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
}

#[test]
fn a_cancelled_run_ends_children_that_run_and_children_that_wait() {
    let mut running = parent();
    running.cancel().unwrap();
    let mut waiting = parent();
    waiting.child_waits(WaitKind::Approval);
    waiting.cancel().unwrap();
    for world in [running, waiting] {
        assert_eq!(world.ended_children, [CHILD.into()]);
        assert_eq!(tie(&world), ChildTie::Unwanted);
        assert_eq!(world.nodes(), "sub=cancelled use=pending");
        assert_eq!(world.attempts(), "sub#1=cancelled");
        assert!(world.aborted.is_empty(), "there is no body to abort");
    }
}

#[test]
fn a_run_that_fails_ends_its_children() {
    let mut world = World::of(workflow([par([subflow("sub").into(), comp("b").into()])]));
    world.child_waits(WaitKind::Event);
    world.fail("b", "boom");
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.ended_children, [CHILD.into()]);
}

#[test]
fn a_failed_child_fails_its_task_and_what_waits_for_it() {
    let mut world = parent();
    world.child_fails();
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.nodes(), "sub=failed use=pending");
    assert_eq!(tie(&world), ChildTie::Taken);
    assert!(world.ended_children.is_empty());
}

#[test]
fn a_pausing_run_is_paused_when_its_child_waits_and_looks_at_it_when_it_goes_on() {
    let mut world = parent();
    world.pause().unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    world.child_waits(WaitKind::Event);
    assert_eq!(world.status(), RunStatus::Paused);
    world.child_moves().unwrap();
    assert_eq!(world.status(), RunStatus::Paused);
    let looks = world.looks.len();
    world.crash();
    world.resume().unwrap();
    assert_eq!(world.looks.len(), looks + 1);
    world.child_gives(json!({ "v": "x" }));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_run_that_was_about_to_be_paused_when_it_crashed_does_not_wait_for_its_child() {
    let mut world = parent();
    world.pause().unwrap();
    world.crash();
    world.take_up().unwrap();
    assert_eq!(world.status(), RunStatus::Paused);
    world.crash();
    world.looks.clear();
    world.resume().unwrap();
    assert_eq!(world.looks, [look(1)], "it may not even have been started");
    world.child_gives(json!({ "v": "x" }));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn questions_and_children_wait_side_by_side() {
    let mut world = World::of(workflow([par([
        subflow("sub").into(),
        approval("ask").into(),
    ])]));
    world.child_waits(WaitKind::Quota);
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.decide("ask", true).unwrap();
    assert_eq!(world.status(), RunStatus::WaitingQuota);
    world.child_moves().unwrap();
    world.child_gives(json!({ "v": "x" }));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_retry_looks_at_the_child_of_the_attempt_before() {
    let flaky = subflow("sub").retries(1, Backoff::Fixed, 10);
    let mut world = World::of(workflow([flaky.into()]));
    world.events();
    world.child_fails();
    assert_eq!(
        world.events(),
        lines("sub failed 1: WORKFLOW_EXECUTION_FAILED\n sub retrying 2")
    );
    world.wait_ms(10);
    assert_eq!(world.looks, [look(1), look(2)]);
    world.child_gives(json!({ "v": "x" }));
    assert_eq!(world.attempts(), "sub#1=failed sub#2=finished");
}

#[test]
fn what_is_done_again_undoes_its_child() {
    let mut world = World::of(workflow([seq([subflow("sub").into(), comp("use").into()])]));
    world.child_gives(json!({ "v": "x" }));
    world.wait_ms(5);
    world.fail("use", "boom");
    world.retry("use", true).unwrap();
    assert_eq!(tie(&world), ChildTie::Taken, "what came before stays");
    world.fail("use", "boom");
    world.retry("sub", true).unwrap();
    assert_eq!(tie(&world), ChildTie::Undone);
    assert_eq!(world.looks.last(), Some(&look(2)));
    world.child_gives(json!({ "v": "y" }));
    assert_eq!(world.row("sub"), Some(json!({ "v": "y" })));
}

#[test]
fn a_child_that_was_cut_off_is_looked_at_again_when_its_run_is_opened_again() {
    let mut world = World::of(workflow([par([subflow("sub").into(), comp("b").into()])]));
    world.fail("b", "boom");
    assert_eq!(tie(&world), ChildTie::Unwanted);
    world.retry("b", false).unwrap();
    assert_eq!(tie(&world), ChildTie::Unwanted, "it goes on where it was");
    assert_eq!(world.looks, [look(1), look(2)]);
}

/// As the parent has taken note of the end of this run.
fn taken(world: &mut World) {
    world.store.run.as_mut().expect("run row").tie = Some(ChildTie::Taken);
    world.crash();
}

fn revive(world: &mut World, from: Revival) -> Result<(), Refusal> {
    world.accept(Fact::Revived { from })
}

#[test]
fn a_failed_child_goes_on_where_it_failed() {
    let mut world = World::of(workflow([
        comp("a").into(),
        par([comp("b").into(), comp("c").into()]),
    ]));
    world.finish("a");
    world.fail("b", "boom");
    taken(&mut world);
    revive(&mut world, Revival::WhereItStopped).unwrap();
    assert_eq!(world.status(), RunStatus::Running);
    assert_eq!(
        world.store.run.as_ref().unwrap().tie,
        Some(ChildTie::Awaited)
    );
    assert_eq!(world.nodes(), "a=finished b=in-progress c=in-progress");
    world.finish("b");
    world.finish("c");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn an_undone_child_begins_from_its_start_with_its_new_input() {
    let mut world = World::looping(|rows, passes| {
        let until = rows.contains_key("a::1");
        let again = repeat("l", until, [comp("a").into()]);
        Ok(workflow_at(passes, [again, approval("ask").into()]))
    });
    world.finish("a");
    world.finish("a::1");
    world.decide("ask", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    taken(&mut world);
    let input = RawJson::of(&json!({ "n": 2 }));
    revive(&mut world, Revival::FromStart(input.clone())).unwrap();
    assert_eq!(world.store.run.as_ref().unwrap().input, input);
    assert_eq!(world.store.outputs, []);
    assert_eq!(world.store.approvals.len(), 0);
    assert_eq!(world.loops(), "l#0=going");
    world.finish("a");
    world.finish("a::1");
    assert_eq!(world.status(), RunStatus::WaitingApproval);
}

#[test]
fn a_child_whose_end_was_not_seen_is_not_revived() {
    let mut world = parent();
    world.store.run.as_mut().unwrap().tie = Some(ChildTie::Awaited);
    world.crash();
    world.take_up().unwrap();
    revive(&mut world, Revival::WhereItStopped).unwrap();
    assert_eq!(world.status(), RunStatus::Running, "it only goes on");
    world.child_gives(json!({ "v": "x" }));
    assert!(revive(&mut world, Revival::WhereItStopped).is_err());
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_child_that_is_ended_and_wanted_again_in_one_step_is_not_ended_later() {
    let mut world = World::of(workflow([seq([approval("ask").into(), comp("b").into()])]));
    world.store.run.as_mut().expect("run row").tie = Some(ChildTie::Unwanted);
    world.crash();
    world.take_up().unwrap();
    let (now, actor) = (world.now, operator());
    let end = Fact::CancelRequested { actor };
    world.state.accept(end, now).unwrap();
    let from = Revival::FromStart(RawJson::empty_object());
    revive(&mut world, from).unwrap();
    let row = world.store.run.clone().expect("run row");
    assert_eq!(row.status, RunStatus::WaitingApproval);
    assert_eq!((row.cancel_requested_at, row.finished_at), (None, None));
    assert_eq!(row.error, None);
    world.crash();
    world.take_up().unwrap();
    world.decide("ask", true).unwrap();
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
}
