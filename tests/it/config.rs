//! What the command line says about the configuration.

use serde_json::Value;

use crate::support::{get, run, scratch, start};

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

#[tokio::test]
async fn the_file_of_settings_is_used_by_the_gateway_and_shown_with_its_line() {
    let mut scratch = scratch();
    let file = scratch.path("smithers.toml");
    std::fs::write(
        &file,
        "[listen]\nmax_body_bytes = 2048\n\n[streams]\nevent_window = 3\n",
    )
    .unwrap();
    scratch.set("SMITHERS_CONFIG", file.display().to_string());
    scratch.set("SMITHERS_GATEWAY_EVENT_WINDOW", "5");
    let ended = run(&scratch, &["config", "show", "--json"]).await;
    let entries: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let shown = |key: &str| {
        let entry = entries.iter().find(|entry| entry["key"] == key).unwrap();
        (entry["value"].clone(), entry["origin"].clone())
    };
    let place = format!("file ({}:2)", file.display());
    assert_eq!(
        shown("listen.max_body_bytes"),
        ("2048".into(), place.into())
    );
    assert_eq!(
        shown("streams.event_window"),
        ("5".into(), "environment".into())
    );
    let gateway = start(&scratch).await;
    let body = "x".repeat(2049);
    let token = Some(crate::support::OPERATOR);
    let refused = crate::support::send(&gateway, "POST", "/v1/rpc/listRuns", token, Some(&body));
    assert_eq!(
        refused.await.status,
        413,
        "the bound of the file is in force"
    );
    assert_eq!(get(&gateway, None, "/health").await.status, 200);
}

#[tokio::test]
async fn config_check_tells_every_mistake_of_the_file_at_once_and_a_gateway_does_not_start_with_it()
{
    let scratch = scratch();
    let file = scratch.path("wrong.toml");
    std::fs::write(&file, "[listen]\nprot = 1\nworkers = \"two\"\n[listn]\n").unwrap();
    let file = file.display().to_string();
    for command in [&["config", "check"][..], &["gateway"], &["config", "show"]] {
        let arguments = [command, &["--config", &file]].concat();
        let ended = run(&scratch, &arguments).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        for place in [
            "2:1: `listen.prot`",
            "3:11: listen.workers",
            "4:2: section `listn`",
        ] {
            let place = format!("{file}:{place}");
            assert!(ended.stderr.contains(&place), "{place} in {}", ended.stderr);
        }
        assert_eq!(ended.stdout, "");
    }
}

#[tokio::test]
async fn the_printed_example_is_a_configuration_that_is_accepted() {
    let scratch = scratch();
    let example = run(&scratch, &["config", "example"]).await;
    assert_eq!(example.code, Some(0), "{example:?}");
    assert!(
        example.stdout.contains("#port = 7331"),
        "{}",
        example.stdout
    );
    let file = scratch.path("example.toml");
    std::fs::write(&file, example.stdout).unwrap();
    let file = file.display().to_string();
    let ended = run(&scratch, &["config", "check", "--config", &file]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(&file), "{ended:?}");
}
