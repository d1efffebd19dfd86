//! What every command has in common: formats, errors, exit codes.

use serde_json::Value;

use crate::support::{Ended, run, scratch};

fn error_of(ended: &Ended) -> Value {
    let value: Value = serde_json::from_str(&ended.stderr).expect("a JSON error");
    assert_eq!(value["ok"], false, "{value}");
    value["error"].clone()
}

#[tokio::test]
async fn an_unknown_command_is_wrong_usage_with_its_own_code() {
    for command in [&["tokens"][..], &["config", "list"]] {
        let ended = run(&scratch(), command).await;
        assert_eq!(ended.code, Some(4), "{ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
        assert!(ended.stderr.starts_with("error: unrecognized subcommand"));
        assert!(ended.stderr.contains("[COMMAND_NOT_FOUND]\n  hint: "));
    }
}

#[tokio::test]
async fn an_unknown_flag_is_wrong_usage_and_programs_get_the_error_as_json() {
    let ended = run(&scratch(), &["config", "show", "--nonsense", "--json"]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let error = error_of(&ended);
    assert_eq!(error["code"], "VALIDATION_ERROR");
    assert_eq!(error["fieldErrors"][0]["path"], "nonsense");
}

#[tokio::test]
async fn a_missing_argument_is_named() {
    let ended = run(&scratch(), &["runs", "events", "--format", "json"]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert_eq!(error_of(&ended)["fieldErrors"][0]["path"], "RUN");
}

#[tokio::test]
async fn a_command_group_alone_shows_its_help_and_is_wrong_usage() {
    let ended = run(&scratch(), &["config"]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stderr.contains("Usage: smithers config"), "{ended:?}");
}

#[tokio::test]
async fn a_failure_is_told_to_programs_as_json() {
    let mut scratch = scratch();
    scratch.set("PORT", "x");
    let ended = run(&scratch, &["config", "show", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let message = error_of(&ended)["message"].to_string();
    assert!(message.contains("PORT"), "{message}");
}

#[tokio::test]
async fn data_is_printed_in_the_format_that_was_asked_for() {
    let scratch = scratch();
    let show = |flags: &'static [&'static str]| {
        let arguments: Vec<&str> = ["config", "show"].iter().chain(flags).copied().collect();
        let scratch = &scratch;
        async move {
            let ended = run(scratch, &arguments).await;
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert!(ended.stderr.is_empty(), "{ended:?}");
            ended.stdout
        }
    };
    let enveloped: Value = serde_json::from_str(&show(&["--json", "--full-output"]).await).unwrap();
    assert_eq!(
        (&enveloped["ok"], &enveloped["meta"]["command"]),
        (&true.into(), &"config show".into())
    );
    let entries = enveloped["data"].as_array().unwrap().len();
    assert_eq!(show(&["--format", "jsonl"]).await.lines().count(), entries);
    assert!(
        show(&["--format", "toon"])
            .await
            .starts_with(&format!("[{entries}]{{name,"))
    );
    assert!(show(&["--format", "yaml"]).await.starts_with("- name: "));
    assert!(show(&["--format", "md"]).await.starts_with("| name | "));
    let table = show(&[]).await;
    assert_eq!(table.lines().count(), entries + 1);
    assert!(!table.contains('\u{1b}'), "no colours into a pipe");
    let filtered = show(&["--json", "--filter-output", "name"]).await;
    let filtered: Value = serde_json::from_str(&filtered).unwrap();
    let names = filtered.as_array().unwrap().iter();
    assert!(
        names
            .clone()
            .all(|entry| entry.as_object().unwrap().len() == 1),
        "{filtered}"
    );
    assert_eq!(names.len(), entries);
}

#[tokio::test]
async fn every_command_describes_what_it_takes() {
    let ended = run(&scratch(), &["runs", "events", "--schema"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let schema: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(schema["title"], "smithers runs events");
    assert_eq!(schema["required"], serde_json::json!(["run"]));
    assert_eq!(schema["properties"]["follow"]["type"], "boolean");
    assert_eq!(schema["properties"].get("format"), None);
}

#[tokio::test]
async fn an_error_for_programs_stays_json_and_repeats_no_bearer() {
    let bearer = "smithers_x4Jq9ZtLw2Vb7Nc0Rk5Ym8Hd3Gf6Ps1Ta-Ue_QoBi";
    let cases: [&[&str]; 3] = [
        &["token", "revoke", "--json"],
        &["token", bearer, "--json"],
        &["token", "issue", "--ttl", "1h", bearer, "--json"],
    ];
    for arguments in cases {
        let ended = run(&scratch(), arguments).await;
        assert_eq!(ended.code, Some(4), "{ended:?}");
        error_of(&ended);
        assert!(!ended.stderr.contains(&bearer[9..]), "{ended:?}");
    }
}
