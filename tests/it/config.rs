//! What the command line says about the configuration.

use serde_json::Value;

use crate::support::{run, scratch};

#[tokio::test]
async fn config_show_prints_every_value_with_its_origin() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_GATEWAY_EVENT_WINDOW", "77");
    let ended = run(&scratch, &["config", "show"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let line = |name: &str| {
        let mut lines = ended.stdout.lines();
        let line = lines.find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in:\n{}", ended.stdout))
            .split_whitespace()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        line("SMITHERS_GATEWAY_EVENT_WINDOW"),
        ["SMITHERS_GATEWAY_EVENT_WINDOW", "77", "environment"]
    );
    assert_eq!(
        line("SMITHERS_DB_SYNCHRONOUS"),
        ["SMITHERS_DB_SYNCHRONOUS", "full", "default"]
    );
}

#[tokio::test]
async fn config_show_as_json_can_be_parsed_and_covers_the_reference_deployment() {
    let scratch = scratch();
    let ended = run(&scratch, &["config", "show", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let entries: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let reference = [
        ("PORT", "7331"),
        ("SMITHERS_DB_PATH", "/data/smithers.db"),
        ("SMITHERS_TOKEN_STORE", "/data/tokens.json"),
        ("SMITHERS_GATEWAY_MODULE", "/workspace/gateway.mjs"),
        ("SMITHERS_GATEWAY_HEARTBEAT_MS", "15000"),
        ("SMITHERS_GATEWAY_EVENT_WINDOW", "10000"),
        ("SMITHERS_GATEWAY_HEADERS_TIMEOUT_MS", "30000"),
        ("SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS", "60000"),
    ];
    for (name, default) in reference {
        let entry = entries.iter().find(|entry| entry["name"] == name);
        let entry = entry.unwrap_or_else(|| panic!("no {name} in {}", ended.stdout));
        assert_eq!(entry["default"], default, "{name}");
        assert!(
            entry["origin"].is_string() && entry["value"].is_string(),
            "{entry}"
        );
    }
}

#[tokio::test]
async fn a_bad_configuration_stops_the_start_and_names_every_bad_variable() {
    let mut scratch = scratch();
    let bad = [
        ("PORT", "port-secret"),
        ("SMITHERS_GATEWAY_WORKERS", "0"),
        ("SMITHERS_LOG_FORMAT", "xml-secret"),
        ("SMITHERS_DB_SYNCHRONOUS", "sometimes-secret"),
        ("SMITHERS_GATEWAY_HEARTBEAT_MS", "-1"),
    ];
    for (name, value) in bad {
        scratch.set(name, value);
    }
    for command in [&["gateway"][..], &["config", "show"]] {
        let ended = run(&scratch, command).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        for (name, _) in bad {
            assert!(
                ended.stderr.contains(name),
                "no {name} in:\n{}",
                ended.stderr
            );
        }
        assert!(
            !ended.stderr.contains("secret"),
            "a refused value is repeated:\n{}",
            ended.stderr
        );
    }
    assert!(!scratch.database().exists(), "nothing was begun");
}
