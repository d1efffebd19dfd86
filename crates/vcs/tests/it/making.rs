//! Making worktrees: once for a run, never over somebody else's.

use std::fs;
use std::path::Path;

use smithers_model::RunId;
use smithers_vcs::{Error, Worktrees};

use crate::repository::Repository;

#[tokio::test]
async fn a_worktree_is_made_on_a_new_branch_and_found_again_by_its_run() {
    let repository = Repository::new();
    let (worktrees, spec) = (
        repository.worktrees(),
        repository.spec("one", Some("topic")),
    );
    let path = worktrees.prepare(&"r1".into(), &spec).await.unwrap();
    assert_eq!(fs::read_to_string(path.join("a.txt")).unwrap(), "one");
    fs::write(path.join("b.txt"), "mine").unwrap();
    assert_eq!(worktrees.prepare(&"r1".into(), &spec).await.unwrap(), path);
    assert_eq!(fs::read_to_string(path.join("b.txt")).unwrap(), "mine");
    assert_eq!(repository.git(&["branch", "--list", "topic"]), "+ topic");
}

#[tokio::test]
async fn another_run_gets_neither_the_path_nor_the_branch_and_nothing_is_lost() {
    let repository = Repository::new();
    let (worktrees, spec) = (
        repository.worktrees(),
        repository.spec("one", Some("topic")),
    );
    let path = worktrees.prepare(&"r1".into(), &spec).await.unwrap();
    fs::write(path.join("b.txt"), "mine").unwrap();
    for wanted in [&spec, &repository.spec("two", Some("topic"))] {
        let error = worktrees.prepare(&"r2".into(), wanted).await.unwrap_err();
        assert!(
            error.to_string().ends_with("in use by smithers run r1"),
            "{error}"
        );
        let info = error.to_info();
        assert!(info.has_code("WORKTREE_CREATE_FAILED") && error.may_pass());
    }
    assert_eq!(fs::read_to_string(path.join("b.txt")).unwrap(), "mine");
    let other = repository.spec("two", Some("main"));
    let error = worktrees.prepare(&"r2".into(), &other).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn a_folder_with_files_in_it_is_left_alone() {
    let repository = Repository::new();
    let spec = repository.spec("one", None);
    fs::create_dir_all(&spec.path).unwrap();
    fs::write(Path::new(&spec.path).join("precious"), "x").unwrap();
    let error = repository.worktrees().prepare(&"r1".into(), &spec).await;
    assert!(
        error
            .unwrap_err()
            .to_info()
            .has_code("VCS_WORKSPACE_CREATE_FAILED")
    );
    assert!(Path::new(&spec.path).join("precious").exists());
}

#[tokio::test]
async fn what_a_crash_left_half_made_is_made_again() {
    for broken in [".git", "a.txt"] {
        let repository = Repository::new();
        let (worktrees, spec) = (
            repository.worktrees(),
            repository.spec("one", Some("topic")),
        );
        let path = worktrees.prepare(&"r1".into(), &spec).await.unwrap();
        let name = "project/.git/worktrees/one/smithers-ready";
        fs::remove_file(repository.path().parent().unwrap().join(name)).unwrap();
        fs::remove_file(path.join(broken)).unwrap();
        if broken == ".git" {
            fs::remove_dir_all(&path).unwrap();
        }
        let again = repository.worktrees().prepare(&"r1".into(), &spec).await;
        assert_eq!(
            fs::read_to_string(again.unwrap().join("a.txt")).unwrap(),
            "one"
        );
    }
}

#[tokio::test]
async fn runs_that_begin_together_all_get_their_worktrees() {
    let repository = Repository::new();
    let worktrees = repository.worktrees();
    let wanted: Vec<_> = (0..4)
        .map(|n| repository.spec(&format!("t{n}"), None))
        .collect();
    let runs: Vec<_> = (0..4).map(|n| RunId::new(format!("r{n}"))).collect();
    let made = tokio::join!(
        worktrees.prepare(&runs[0], &wanted[0]),
        worktrees.prepare(&runs[1], &wanted[1]),
        worktrees.prepare(&runs[2], &wanted[2]),
        worktrees.prepare(&runs[3], &wanted[3]),
    );
    for path in [made.0, made.1, made.2, made.3] {
        assert!(path.unwrap().join("a.txt").exists());
    }
}

#[tokio::test]
async fn git_runs_only_below_the_folders_of_the_operator() {
    let repository = Repository::new();
    let spec = repository.spec("one", None);
    for worktrees in [
        Worktrees::default(),
        Worktrees::new(&[repository.path().join("trees")], false),
    ] {
        let error = worktrees.prepare(&"r1".into(), &spec).await.unwrap_err();
        assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
    }
}

#[tokio::test]
async fn no_hook_of_the_repository_runs() {
    use std::os::unix::fs::PermissionsExt;
    let repository = Repository::new();
    let hook = repository.path().join(".git/hooks/post-checkout");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        "#!/bin/sh\ntouch \"$(git rev-parse --show-toplevel)/ran\"\n",
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let spec = repository.spec("one", None);
    let path = repository.worktrees().prepare(&"r1".into(), &spec).await;
    assert!(!path.unwrap().join("ran").exists());
}

#[tokio::test]
async fn a_name_that_looks_like_an_option_is_refused() {
    let repository = Repository::new();
    let spec = repository.spec("one", Some("--force"));
    let error = repository.worktrees().prepare(&"r1".into(), &spec).await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("no name of a branch")
    );
}
