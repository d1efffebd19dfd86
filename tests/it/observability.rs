//! Health, metrics and logs, as an operator uses them.

use serde_json::{Value, json};
use smithers_testkit::http::{Request, exchange};

use crate::support::{
    OPERATOR, READER, get, launch, log, run, scratch, scratch_with, start, tokens, wait_for,
};

#[tokio::test]
async fn health_is_open_and_metrics_need_their_scope() {
    let mut grants = tokens();
    grants["watcher"] = json!({ "role": "monitor", "scopes": ["observability:read"] });
    let scratch = scratch_with(&grants);
    let gateway = start(&scratch).await;
    let health = get(&gateway, None, "/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json().unwrap()["ok"], true);
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    for (token, status) in [
        (None, 401),
        (Some("wrong"), 401),
        (Some(READER), 403),
        (Some("watcher"), 200),
        (Some(OPERATOR), 200),
    ] {
        let response = get(&gateway, token, "/metrics").await;
        assert_eq!(response.status, status, "{token:?}");
        let text = String::from_utf8(response.body).unwrap();
        let launched = r#"smithers_gateway_rpc_calls_total{transport="http",method="launchRun"} 1"#;
        assert_eq!(text.contains(launched), status == 200, "{token:?}: {text}");
    }
    let refused = gateway
        .call("watcher", "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(refused.unwrap_err().code, "FORBIDDEN");
}

#[tokio::test]
async fn json_logs_are_one_object_a_line_and_name_the_request() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_LOG", "debug");
    scratch.set("SMITHERS_LOG_FORMAT", "json");
    let gateway = start(&scratch).await;
    let request = Request {
        method: "POST".into(),
        path: "/v1/rpc/launchRun".into(),
        headers: vec![
            ("authorization".into(), format!("Bearer {OPERATOR}")),
            ("x-request-id".into(), "request-of-mine".into()),
        ],
        body: Some(
            json!({ "workflow": "chain", "options": { "runId": "run-of-mine" } })
                .to_string()
                .into_bytes(),
        ),
    };
    assert_eq!(
        exchange(gateway.address(), &request).await.unwrap().status,
        200
    );
    wait_for(&gateway, "run-of-mine", "finished").await;
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    let text = log(&scratch);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let served = lines
        .iter()
        .find(|line| line["request.id"] == "request-of-mine");
    let served = served.unwrap_or_else(|| panic!("no access log of the request in:\n{text}"));
    assert_eq!(
        (&served["status"], &served["path"]),
        (&json!(200), &json!("/v1/rpc/launchRun"))
    );
    let launched = lines.iter().find(|line| line["run.id"] == "run-of-mine");
    assert!(launched.is_some(), "no line names the run in:\n{text}");
}

#[tokio::test]
async fn every_metric_that_is_served_is_in_the_table_with_its_kind_labels_and_meaning() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    get(&gateway, Some("wrong"), "/v1/runs").await;
    gateway.connect(READER, None).await.unwrap();
    let listed = run(&scratch, &["metrics", "list", "--json"]).await;
    let table: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    let served = get(&gateway, Some(OPERATOR), "/metrics").await;
    let text = String::from_utf8(served.body).unwrap();
    let mut families = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let metric = table.iter().find(|metric| metric["name"] == name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(metric["kind"], kind, "{name}");
        let help = format!("# HELP {name} {}", metric["help"].as_str().unwrap());
        assert!(text.contains(&help), "{help}");
        let known = metric["labels"].as_array().unwrap();
        let samples = text
            .lines()
            .filter(|line| line.starts_with(&format!("{name}{{")));
        for sample in samples {
            let labels = sample.split_once('{').unwrap().1.split_once('}').unwrap().0;
            for label in labels.split("\",").filter_map(|pair| pair.split_once('=')) {
                assert!(known.contains(&json!(label.0)), "{} of {sample}", label.0);
            }
        }
        families += 1;
    }
    assert!(families >= 12, "{text}");
    let count = |line: &str| assert!(text.contains(line), "{line} in {text}");
    count("smithers_token_store_state{state=\"ok\"} 1");
    count(
        "smithers_gateway_auth_events_total{transport=\"http\",mode=\"token\",outcome=\"unknown\"} 1",
    );
    count(
        "smithers_gateway_auth_events_total{transport=\"websocket\",mode=\"token\",outcome=\"accepted\"} 1",
    );
}
