//! Worktrees: made once before the first task inside, and again after a restart or a failure.

use smithers_model::NodeKey;
use smithers_model::command::Command;
use smithers_model::effect::SideEffect;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
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

fn files_of(world: &World, node: &str, attempt: u32) -> (String, Option<String>) {
    let row = &world.store.attempts[&(NodeKey::new(node, 0), attempt)];
    let files = row.files.clone().expect("it worked in a worktree");
    assert_eq!(files.path, "/trees/one");
    (files.base, files.end)
}

#[test]
fn an_attempt_knows_the_files_before_and_after_it_and_the_next_one_begins_from_them() {
    let inside = ["a", "b"].map(|id| comp(id).within("one").into());
    let mut world = World::of(workflow(inside));
    assert_eq!(files_of(&world, "a", 1), ("one 1".into(), None));
    let kept = |node: &str| Fact::FilesKept {
        node: NodeKey::new(node, 0),
        attempt: 1,
        commit: format!("after {node}"),
    };
    world.accept(kept("a")).unwrap();
    world.finish("a");
    assert_eq!(
        files_of(&world, "a", 1),
        ("one 1".into(), Some("after a".into()))
    );
    assert_eq!(files_of(&world, "b", 1), ("after a".into(), None));
    // A restart looks at the worktree anew.
    world.crash();
    world.take_up().unwrap();
    assert_eq!(files_of(&world, "b", 2), ("one 2".into(), None));
    assert_eq!(files_of(&world, "b", 1), ("after a".into(), None));
    assert!(
        world.accept(kept("b")).is_ok(),
        "what is late changes nothing"
    );
    world.finish("b");
    assert_eq!(files_of(&world, "b", 2).1, None, "they could not be kept");
}
