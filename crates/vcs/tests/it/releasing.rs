//! Taking worktrees away: only when nothing would be lost with them.

use std::fs;
use std::path::PathBuf;

use smithers_model::worktree::WorktreeSpec;
use smithers_vcs::Worktrees;

use crate::repository::Repository;

async fn made(repository: &Repository) -> (Worktrees, WorktreeSpec, PathBuf) {
    let (worktrees, spec) = (
        repository.worktrees(),
        repository.spec("one", Some("topic")),
    );
    let path = worktrees.prepare(&"r1".into(), &spec).await.unwrap();
    (worktrees, spec, path)
}

#[tokio::test]
async fn a_clean_worktree_goes_and_its_branch_stays() {
    let repository = Repository::new();
    let (worktrees, spec, path) = made(&repository).await;
    assert!(worktrees.release(&"r1".into(), &spec).await.unwrap());
    assert!(!path.exists());
    assert_eq!(repository.git(&["branch", "--list", "topic"]), "topic");
}

#[tokio::test]
async fn changes_and_commits_that_are_not_merged_keep_it() {
    let repository = Repository::new();
    let (worktrees, spec, path) = made(&repository).await;
    fs::write(path.join("new.txt"), "mine").unwrap();
    assert!(!worktrees.release(&"r1".into(), &spec).await.unwrap());
    repository.commit(&path, "new.txt", "mine");
    assert!(!worktrees.release(&"r1".into(), &spec).await.unwrap());
    repository.git(&["merge", "--quiet", "topic"]);
    assert!(worktrees.release(&"r1".into(), &spec).await.unwrap());
    assert!(repository.path().join("new.txt").exists());
}

#[tokio::test]
async fn nobody_takes_away_what_is_not_theirs_or_is_to_be_kept() {
    let repository = Repository::new();
    let (worktrees, spec, path) = made(&repository).await;
    assert!(!worktrees.release(&"r2".into(), &spec).await.unwrap());
    let keeping = Worktrees::new(&[repository.path().parent().unwrap().to_owned()], true);
    assert!(!keeping.release(&"r1".into(), &spec).await.unwrap());
    assert!(path.exists());
}
