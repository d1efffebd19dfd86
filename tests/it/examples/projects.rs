//! Examples of more than one file.

use serde_json::json;

use super::result_of;

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
