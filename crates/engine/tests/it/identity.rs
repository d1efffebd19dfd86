//! Runs that find another workflow than the one they began with.

use smithers_engine::{ChangedWorkflow, Refusal};
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;

use crate::support::world::operator;
use crate::support::{World, approval, comp, seq, workflow};

/// A run of module `one` that waits for a decision.
fn waiting() -> World {
    let tree = workflow([seq([approval("gate").into(), comp("ship").into()])]);
    launched_with("one", World::of(tree))
}

fn launched_with(hash: &str, mut world: World) -> World {
    world
        .store
        .run
        .as_mut()
        .expect("it was launched")
        .workflow_hash = Some(hash.into());
    world
}

fn resume(accept_change: bool) -> Fact {
    Fact::ResumeRequested {
        actor: operator(),
        accept_change,
    }
}

fn code_of_error(world: &World) -> Option<String> {
    let row = world.store.run.as_ref().expect("it was launched");
    row.error.as_ref().and_then(|error| error.code.clone())
}

/// What the trail tells of changes.
fn trail(world: &World) -> Vec<(String, String)> {
    let changes = world.store.audit.iter();
    let changes = changes.filter(|record| record.kind == "workflow-change");
    changes
        .map(|record| (record.outcome.clone(), record.detail.as_str().into()))
        .collect()
}

#[test]
fn a_decision_for_a_run_of_a_changed_workflow_is_kept_and_the_run_is_held() {
    let mut world = waiting();
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.events();
    world.decide("gate", true).unwrap();
    assert_eq!(world.events(), ["RUN paused", "gate granted"]);
    assert_eq!(world.status(), RunStatus::Paused);
    assert_eq!(code_of_error(&world).unwrap(), "RESUME_METADATA_MISMATCH");
    assert_eq!(
        trail(&world),
        [("held".into(), r#"{"was":"one","is":"two"}"#.into())]
    );

    let refused = world.accept(resume(false)).unwrap_err();
    let (was, is) = ("one".into(), "two".into());
    let run = "r1".into();
    assert_eq!(refused, Refusal::WorkflowChanged { run, was, is });
    assert_eq!(world.status(), RunStatus::Paused);

    world.accept(resume(true)).unwrap();
    assert_eq!(code_of_error(&world), None);
    let row = world.store.run.as_ref().expect("it was launched");
    assert_eq!(row.workflow_hash.as_deref(), Some("two"));
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_held_run_goes_on_by_itself_no_more_and_with_the_old_module_without_words() {
    let mut world = waiting();
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.accept(Fact::TimeReached).unwrap();
    world.decide("gate", true).unwrap();
    world.restart_serving("one", ChangedWorkflow::Hold);
    assert_eq!(world.status(), RunStatus::Paused);
    world.resume().unwrap();
    assert_eq!(code_of_error(&world), None);
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_run_that_was_cut_off_is_held_with_its_tasks_ready_to_begin_again() {
    let mut world = launched_with("one", World::of(workflow([comp("a").into()])));
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.accept(Fact::TakenUp).unwrap();
    assert_eq!(world.status(), RunStatus::Paused);
    assert_eq!(world.attempts(), "a#1=cancelled");
    world.accept(resume(true)).unwrap();
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn an_operator_who_accepts_changes_has_runs_go_on_with_a_note_in_the_trail() {
    let mut world = waiting();
    world.restart_serving("two", ChangedWorkflow::Accept);
    world.decide("gate", true).unwrap();
    world.finish("ship");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(
        trail(&world),
        [("accepted".into(), r#"{"was":"one","is":"two"}"#.into())]
    );
}

#[test]
fn a_task_is_done_again_with_a_changed_workflow_only_when_that_is_accepted() {
    let mut world = launched_with("one", World::of(workflow([comp("a").into()])));
    world.finish("a");
    world.restart_serving("two", ChangedWorkflow::Hold);
    let before = world.store.events.len();
    let refused = world.retry("a", true).unwrap_err();
    assert!(matches!(refused, Refusal::WorkflowChanged { .. }));
    assert_eq!((world.store.events.len(), trail(&world).len()), (before, 0));

    let retry = Fact::RetryRequested {
        node: smithers_model::NodeKey::new("a", 0),
        dependents: true,
        actor: operator(),
        accept_change: true,
    };
    world.accept(retry).unwrap();
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_run_of_a_changed_workflow_can_be_cancelled() {
    let mut world = waiting();
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.cancel().unwrap();
    assert_eq!(world.status(), RunStatus::Cancelled);
    assert_eq!(trail(&world), []);
}

#[test]
fn runs_and_workflows_without_a_hash_never_differ() {
    let mut world = World::of(workflow([approval("gate").into()]));
    world.restart_serving("two", ChangedWorkflow::Hold);
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    let mut world = launched_with("one", World::of(workflow([approval("gate").into()])));
    world.restart_serving("", ChangedWorkflow::Hold);
    world.decide("gate", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}
