//! What a Worktree tells the tasks inside of it.

use smithers_model::workflow::CallError;

use crate::driver::wait;
use crate::rules::frame;

const TASK: &str = "<Task id='a' output={outputs.out}>{() => ({ n: 1 })}</Task>";

#[test]
fn the_innermost_worktree_around_a_task_counts_and_its_path_begins_at_the_module() {
    let inner = format!(
        "<s.Worktree path='trees/../inner' branch='b' baseBranch='dev'>{TASK}</s.Worktree>"
    );
    let run = frame(&format!(
        "<s.Worktree id='outer' path='outer'><Parallel>{inner}</Parallel></s.Worktree>"
    ));
    let run = run.unwrap();
    let worktree = run.task("a").worktree.clone().unwrap();
    assert_eq!(worktree.path, format!("{}/inner", worktree.root));
    assert_eq!(worktree.id, format!("worktree:{}", worktree.path));
    assert_eq!(worktree.branch.as_deref(), Some("b"));
    assert_eq!(worktree.base_branch, "dev");
    assert!(frame(TASK).unwrap().task("a").worktree.is_none());
}

#[test]
fn two_worktrees_with_one_id_and_one_without_a_path_are_refused() {
    let two = "<s.Worktree id='x' path='a' /><s.Worktree id='x' path='b' />";
    for (tree, code) in [
        (two, "DUPLICATE_ID"),
        ("<s.Worktree path=' ' />", "WORKTREE_EMPTY_PATH"),
    ] {
        let error = frame(tree).err().unwrap();
        assert!(error.has_code(code), "{}", error.message);
    }
}

#[test]
fn an_agent_is_told_where_it_works() {
    let agent = "{ supportsNativeStructuredOutput: true, generate: async ({ prompt }) => { throw new Error(prompt.slice(0, 40)); } }";
    let task = format!("<Task id='a' output={{outputs.out}} agent={{{agent}}}>Go on</Task>");
    let mut run = frame(&format!("<s.Worktree path='one'>{task}</s.Worktree>")).unwrap();
    match wait(run.call("a")) {
        Err(CallError::Failed { error, .. }) => {
            assert_eq!(error.message, "You work in a git worktree of your own a");
        }
        other => panic!("it should have failed: {other:?}"),
    }
}
