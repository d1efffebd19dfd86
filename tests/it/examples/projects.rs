//! Examples of more than one file.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Example, folder, result_of};

#[tokio::test]
async fn json_data_is_imported_like_a_module() {
    let sum = result_of("json-data", json!({}), "sum").await;
    assert_eq!(sum["nodes"], 24);
}

#[tokio::test]
async fn typescript_project_is_found_through_its_tsconfig() {
    let commits = json!(["feat: search", "fix: typo"]);
    let notes = result_of("typescript-project", json!({ "commits": commits }), "notes").await;
    let expected = "minor release\n* feat: search\n* fix: typo";
    assert_eq!(notes["notes"], expected);
}

#[tokio::test]
async fn npm_dependency_is_found_in_node_modules() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["gateway.tsx", "package.json", "package-lock.json"] {
        let from = folder().join("npm-dependency").join(file);
        std::fs::copy(from, copy.path().join(file)).unwrap();
    }
    npm_install(copy.path());
    let example = Example::serve_from(copy.path(), "npm-dependency").await;
    let run = example.launch(json!({ "duration": "2 days" })).await;
    run.finishes().await;
    let expected = json!({ "milliseconds": 172_800_000, "words": "2 days" });
    assert_eq!(run.output("convert").await, expected);
}

fn npm_install(folder: &Path) {
    let installed = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .output()
        .expect("npm is installed; the tests with real packages need it");
    assert!(installed.status.success(), "{installed:?}");
}
