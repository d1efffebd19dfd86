//! Questions of a workflow that is changed while they wait.

use std::cell::Cell;
use std::rc::Rc;

use smithers_engine::ChangedWorkflow;
use smithers_model::NodeKey;
use smithers_model::approval::{ApprovalStatus, Decision};
use smithers_model::fact::Fact;
use smithers_model::run::{Actor, RunStatus};

use crate::support::world::{answer, operator};
use crate::support::{World, approval, comp, seq, workflow};

/// A run of module `one` that waits for `required` people, and what the workflow calls its question.
fn waiting(required: u32) -> (World, Rc<Cell<&'static str>>) {
    let title = Rc::new(Cell::new("Ship 1?"));
    let shown = title.clone();
    let mut world = World::reactive(move |_| {
        let gate = approval("gate").titled(shown.get()).requiring(required);
        Ok(workflow([seq([gate.into(), comp("ship").into()])]))
    });
    let row = world.store.run.as_mut().expect("it was launched");
    row.workflow_hash = Some("one".into());
    gate_mut(&mut world).asked_by = Some("one".into());
    (world, title)
}

fn gate_mut(world: &mut World) -> &mut smithers_model::approval::Approval {
    let gate = world.store.approvals.get_mut(&NodeKey::new("gate", 0));
    gate.expect("it was asked")
}

fn status(world: &mut World) -> ApprovalStatus {
    gate_mut(world).status()
}

fn resume_with_the_change(world: &mut World) {
    let actor = operator();
    let accept_change = true;
    let resumed = world.accept(Fact::ResumeRequested {
        actor,
        accept_change,
    });
    resumed.expect("the change is accepted");
}

#[test]
fn an_answer_to_other_words_does_not_count_when_a_changed_workflow_goes_on() {
    let (mut world, title) = waiting(1);
    title.set("Ship 2?");
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Paused);
    resume_with_the_change(&mut world);
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    assert_eq!(status(&mut world), ApprovalStatus::Requested);
    assert_eq!(gate_mut(&mut world).request.title, "Ship 2?");
    world.decide("gate", true).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn an_answer_to_the_same_words_counts_and_so_do_votes() {
    let (mut world, _) = waiting(2);
    let vote = |user: &str| {
        let decision = Decision {
            decided_by: Some(user.into()),
            ..answer(true)
        };
        let actor = Actor {
            user_id: Some(user.into()),
            ..operator()
        };
        (decision, actor)
    };
    let (decision, actor) = vote("ann");
    world.decide_as("gate", decision, actor).unwrap();
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.accept(Fact::TimeReached).unwrap();
    resume_with_the_change(&mut world);
    assert_eq!(gate_mut(&mut world).votes.len(), 1);
    let (decision, actor) = vote("bob");
    world.decide_as("gate", decision, actor).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_question_that_waits_is_asked_anew_in_the_words_of_the_changed_workflow_without_its_votes() {
    let (mut world, title) = waiting(2);
    world.decide("gate", true).unwrap();
    assert_eq!(gate_mut(&mut world).votes.len(), 1);
    let before = gate_mut(&mut world).request_digest.clone();
    title.set("Ship 2?");
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.accept(Fact::TimeReached).unwrap();
    resume_with_the_change(&mut world);
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    let gate = gate_mut(&mut world);
    assert_ne!(gate.request_digest, before);
    assert_eq!(
        (gate.votes.len(), gate.asked_by.as_deref()),
        (0, Some("two"))
    );
}

#[test]
fn a_retry_with_a_changed_workflow_asks_again_when_the_words_have_changed() {
    for (words, is_asked) in [("Ship 1?", false), ("Ship 2?", true)] {
        let (mut world, title) = waiting(1);
        world.decide("gate", true).unwrap();
        world.finish("ship");
        assert_eq!(world.status(), RunStatus::Finished);
        title.set(words);
        world.restart_serving("two", ChangedWorkflow::Accept);
        world.retry("gate", false).unwrap();
        let asked = world.status() == RunStatus::WaitingApproval;
        assert_eq!(asked, is_asked, "{words}");
    }
}

#[test]
fn words_that_change_by_themselves_ask_nobody_again() {
    let (mut world, title) = waiting(1);
    title.set("Ship it at noon?");
    world.restart_serving("one", ChangedWorkflow::Hold);
    world.decide("gate", true).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn what_has_come_of_an_answer_stays_when_the_words_change() {
    let (mut world, title) = waiting(1);
    world.decide("gate", true).unwrap();
    title.set("Ship 2?");
    world.restart_serving("two", ChangedWorkflow::Accept);
    world.accept(Fact::TakenUp).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(gate_mut(&mut world).request.title, "Ship 1?");
}
