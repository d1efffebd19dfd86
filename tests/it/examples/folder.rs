//! The folder itself: every example is described, and every example is run.

use std::collections::BTreeSet;

use super::folder;

/// Names of the folders in `examples/`.
fn names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder()).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[test]
fn every_example_has_a_line_in_the_readme() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for name in names() {
        let line = format!("- [{name}]({name}/");
        let described = readme.lines().any(|text| text.starts_with(&line));
        assert!(described, "examples/README.md says nothing of {name}");
    }
}

#[test]
fn every_example_is_run_by_a_test() {
    let tests = [
        include_str!("agents.rs"),
        include_str!("approvals.rs"),
        include_str!("basics.rs"),
        include_str!("patterns.rs"),
        include_str!("failures.rs"),
        include_str!("loops.rs"),
        include_str!("projects.rs"),
        include_str!("waits.rs"),
    ]
    .concat();
    for name in names() {
        assert!(
            tests.contains(&format!("\"{name}\"")),
            "no test runs {name}"
        );
    }
}
