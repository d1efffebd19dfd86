//! What the command line says about itself: explanations, completions, the reference.

use serde_json::Value;

use crate::support::{error_of, run, scratch};

#[tokio::test]
async fn an_error_code_is_explained_with_its_cause_and_what_to_do() {
    let scratch = scratch();
    let ended = run(&scratch, &["explain", "RUN_NOT_ACTIVE"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in ["HTTP 409", "Why it happens:", "What to do:"] {
        assert!(ended.stdout.contains(part), "{part} in {ended:?}");
    }
    let ended = run(&scratch, &["explain", "unavailable", "--json"]).await;
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(found[0]["code"], "UNAVAILABLE");
    assert_eq!(found[0]["status"], 503);
    assert_eq!(found[0]["retryable"], true);

    let ended = run(&scratch, &["explain", "GATEWAY_UNREACHABEL", "--json"]).await;
    let error = error_of(&ended);
    assert_eq!(error["code"], "UNKNOWN_CODE", "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("GATEWAY_UNREACHABLE"), "{hint}");
}

#[tokio::test]
async fn all_codes_are_listed() {
    let ended = run(&scratch(), &["explain", "--list", "--json"]).await;
    let codes: Value = serde_json::from_str(&ended.stdout).unwrap();
    let has = |code: &str| {
        codes
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["code"] == code)
    };
    for code in ["FORBIDDEN", "SESSION_ERROR", "TLS_FAILED", "DB_IN_USE"] {
        assert!(has(code), "{code}");
    }
}

#[tokio::test]
async fn an_error_without_a_hint_of_its_own_says_where_to_read_about_its_code() {
    let ended = run(&scratch(), &["runs", "list", "--url", "ftp://host"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stderr
            .ends_with("[INVALID_URL]\n  hint: smithers explain INVALID_URL\n"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_gateway_that_cannot_start_tells_a_code_and_the_cause() {
    let mut scratch = scratch();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    scratch.set("PORT", port.to_string());
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("[LISTEN_FAILED]\n  because: "),
        "{ended:?}"
    );
}

#[tokio::test]
async fn shells_learn_the_commands() {
    let scratch = scratch();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(&scratch, &["completions", shell]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        for word in ["approvals", "after-seq"] {
            assert!(ended.stdout.contains(word), "{word} for {shell}");
        }
    }
}

#[tokio::test]
async fn the_reference_holds_commands_configuration_and_codes() {
    let ended = run(&scratch(), &["reference"]).await;
    let reference: Value = serde_json::from_str(&ended.stdout).unwrap();
    let rows = |name: &str| reference[name].as_array().unwrap().clone();
    let commands = rows("commands");
    let list = commands
        .iter()
        .find(|page| page["command"] == "smithers runs list")
        .unwrap();
    assert!(
        list["examples"]
            .as_str()
            .unwrap()
            .contains("--status failed")
    );
    let names: Vec<&str> = list["arguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"--limit <LIMIT>"), "{names:?}");
    let is_general = |row: &Value| row["name"] == "--json";
    assert!(rows("options").iter().any(is_general));
    // The reference is the same on every machine: nothing of this environment is in it.
    let port = rows("configuration")
        .into_iter()
        .find(|row| row["name"] == "PORT")
        .unwrap();
    assert_eq!(port["value"], "7331");
    assert!(rows("errors").len() > 100);
}
