//! Worktrees: made once before the first task inside, and again after a restart or a failure.

use smithers_model::command::Command;
use smithers_model::effect::SideEffect;
use smithers_model::error::ErrorInfo;
use smithers_model::run::RunStatus;
use smithers_model::tree::Backoff;

use crate::support::{World, comp, par, workflow};

fn trouble() -> ErrorInfo {
    ErrorInfo::coded("WORKTREE_CREATE_FAILED", "the path is in use")
}

/// A world in which the first worktree cannot be made until `stage` is finished.
fn staged(retries: u32) -> World {
    let effect = SideEffect::default();
    let job = comp("a").after("stage").within("one").effect(effect);
    let job = job.retries(retries, Backoff::Fixed, 0);
    World::of(workflow([comp("stage").into(), job.into()]))
}

#[test]
fn a_worktree_is_made_once_for_all_tasks_inside_and_told_to_each() {
    let inside = ["a", "b"].map(|id| comp(id).within("one").into());
    let world = World::of(workflow([par(inside)]));
    assert_eq!(world.worktrees, ["one"]);
    let commands = world.steps.iter().flat_map(|step| &step.commands);
    let started = commands.filter_map(|command| match command {
        Command::StartTask { worktree, .. } => worktree.as_ref(),
        _ => None,
    });
    let told: Vec<&str> = started.map(|worktree| &*worktree.path).collect();
    assert_eq!(told, ["/trees/one", "/trees/one"]);
    let all = world.state.worktrees();
    assert_eq!(
        all.iter().map(|tree| &*tree.id).collect::<Vec<_>>(),
        ["one"]
    );
}

#[test]
fn after_a_restart_it_is_asked_for_again() {
    let mut world = World::of(workflow([comp("a").within("one").into()]));
    world.crash();
    world.take_up().unwrap();
    assert_eq!(world.worktrees, ["one", "one"]);
}

#[test]
fn a_task_without_a_worktree_fails_and_its_retry_asks_again_without_a_question_about_effects() {
    let mut world = staged(1);
    world.worktree_trouble = Some(trouble());
    world.finish("stage");
    assert_eq!(world.worktrees, ["one", "one"]);
    assert_eq!(world.in_flight.values().collect::<Vec<_>>(), [&2]);
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn without_a_retry_the_run_fails_with_the_reason() {
    let mut world = staged(0);
    world.worktree_trouble = Some(trouble());
    world.finish("stage");
    assert_eq!(world.status(), RunStatus::Failed);
    let error = world.store.run.clone().unwrap().error.unwrap();
    assert!(error.cause.unwrap().has_code("WORKTREE_CREATE_FAILED"));
}
