//! A workflow, a caller and a reviewer that do what they can to get secrets stored, logged or answered.

use std::path::PathBuf;

use aho_corasick::AhoCorasick;
use serde_json::{Value, json};
use smithers_testkit::secrets::{Secret, by_form, by_owner, writings};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, get, log, refusal, scratch, start, wait_for};

/// Seed of the secrets.
const SEED: u64 = 20;
/// Encodings of secrets that nobody has told the gateway.
const SEEN_THROUGH: [&str; 9] = [
    "plain",
    "base64",
    "base64 behind 1 byte",
    "base64 behind 2 bytes",
    "base64url",
    "hex",
    "HEX",
    "JSON",
    "percent",
];
/// Variables with secrets that the module may read, so that the gateway knows them in every encoding.
const VARIABLES: [&str; 3] = ["IT_FIRST_TOKEN", "IT_SECOND_TOKEN", "IT_THIRD_TOKEN"];

/// What the module puts everywhere: secrets that their form gives away, some of them in every encoding, and every
/// encoding of those that the gateway knows.
struct Loot {
    unknown: Vec<String>,
    known: Vec<Secret>,
}

impl Loot {
    fn new() -> Loot {
        let by_form = by_form(SEED);
        let mut unknown: Vec<String> = by_form.iter().map(|secret| secret.text.clone()).collect();
        for secret in by_form.iter().step_by(4) {
            let writings = writings(&secret.text).into_iter();
            let seen = writings.filter(|writing| SEEN_THROUGH.contains(&writing.encoding));
            unknown.extend(seen.map(|writing| writing.text));
        }
        let known: Vec<Secret> = by_owner(SEED).into_iter().take(VARIABLES.len()).collect();
        for secret in &known {
            unknown.extend(
                writings(&secret.text)
                    .into_iter()
                    .map(|writing| writing.text),
            );
        }
        Loot { unknown, known }
    }

    /// The halves of everything, which give nothing away.
    fn halves(&self) -> Value {
        let halves = |text: &String| {
            let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
            json!([first, second])
        };
        self.unknown.iter().map(halves).collect()
    }

    /// Finds any of it; of a private key one line is enough.
    fn search(&self) -> AhoCorasick {
        let whole = self.unknown.iter().map(String::as_str);
        let known = self.known.iter().map(|secret| secret.text.as_str());
        let lines = whole.chain(known).flat_map(str::lines);
        let needles = lines.filter(|line| !line.starts_with("-----"));
        AhoCorasick::new(needles).unwrap()
    }

    /// Some that a caller must be refused with.
    fn certain(&self) -> impl Iterator<Item = &String> {
        self.unknown.iter().step_by(7)
    }
}

fn assert_clean(search: &AhoCorasick, what: &str, bytes: &[u8]) {
    if let Some(hit) = search.find(bytes) {
        let around = &bytes[hit.start().saturating_sub(120)..bytes.len().min(hit.end() + 60)];
        panic!("{what} holds a secret: {}", String::from_utf8_lossy(around));
    }
}

async fn answer(gateway: &Gateway, method: &str, params: Value) -> String {
    let answer = gateway.call(OPERATOR, method, params).await.unwrap();
    answer.map_or_else(|refused| format!("{refused:?}"), |value| value.to_string())
}

fn hostile_scratch(loot: &Loot, log_format: &str) -> Scratch {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/hostile.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_MODULE_ENV", "IT_*");
    scratch.set("IT_PARTS", loot.halves().to_string());
    for (name, secret) in VARIABLES.iter().zip(&loot.known) {
        scratch.set(name, &*secret.text);
    }
    scratch.set("SMITHERS_LOG", "debug");
    scratch.set("SMITHERS_LOG_FORMAT", log_format);
    scratch
}

/// Launches, approves and reads everything; returns every answer and event.
async fn run_everything(gateway: &Gateway, loot: &Loot) -> String {
    let mut seen = String::new();
    for secret in loot.certain() {
        let options = json!({ "runId": "refused" });
        let params =
            json!({ "workflow": "hostile", "input": { "text": secret }, "options": options });
        let refused = refusal(gateway, OPERATOR, "launchRun", params).await;
        assert_eq!(refused.code, "SECRET_IN_PAYLOAD", "{secret}");
        assert!(refused.message.contains("input.text"), "{refused:?}");
        seen += &format!("{refused:?}");
    }
    let mut socket = gateway.connect(OPERATOR, None).await.unwrap();
    let launch = json!({ "workflow": "hostile", "input": {}, "options": { "runId": "r1",
        "startedBy": { "harness": "ci", "prompt": loot.unknown.join(" ") } } });
    socket.request("launchRun", launch).await.unwrap();
    let asked = |frame: &Value| frame["event"] == "approval.requested";
    seen += &socket
        .find("the approval", asked)
        .await
        .unwrap()
        .to_string();
    seen += &answer(gateway, "listApprovals", json!({})).await;
    let decision = json!({ "runId": "r1", "nodeId": "approve", "approved": true, "note": loot.unknown.join(" ") });
    seen += &answer(gateway, "submitApproval", decision).await;
    let ended = |frame: &Value| frame["event"] == "run.completed";
    seen += &socket.find("the end", ended).await.unwrap().to_string();
    wait_for(gateway, "r1", "failed").await;
    seen += &answer(gateway, "getRun", json!({ "runId": "r1" })).await;
    seen += &answer(gateway, "listRuns", json!({})).await;
    for node in ["out", "approve", "fail"] {
        let params = json!({ "runId": "r1", "nodeId": node });
        seen += &answer(gateway, "getNodeOutput", params).await;
    }
    for secret in loot.certain() {
        seen += &answer(gateway, "getRun", json!({ "runId": secret })).await;
    }
    for path in ["/v1/runs", "/v1/runs/r1", "/metrics", "/workflows"] {
        seen += &String::from_utf8_lossy(&get(gateway, Some(OPERATOR), path).await.body);
    }
    seen
}

async fn nothing_is_found(log_format: &str) {
    let loot = Loot::new();
    let search = loot.search();
    let scratch = hostile_scratch(&loot, log_format);
    let gateway = start(&scratch).await;
    let seen = run_everything(&gateway, &loot).await;
    assert!(seen.contains("[REDACTED:"), "something was replaced");
    assert_clean(&search, "an answer", seen.as_bytes());
    let warning = "a secret was replaced before it was stored";
    let warned = log(&scratch)
        .lines()
        .any(|line| line.contains(warning) && line.contains("output.text"));
    assert!(warned, "the log names the field");
    for counted in [
        "smithers_redactions_total{rule=\"github\"}",
        "smithers_secrets_refused_total",
    ] {
        assert!(seen.contains(counted), "{counted} is counted");
    }
    let files = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(scratch.path("")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect()
    };
    assert!(files().iter().any(|path| path.ends_with("smithers.db-wal")));
    let check = || {
        for path in files() {
            assert_clean(
                &search,
                &path.display().to_string(),
                &std::fs::read(&path).unwrap(),
            );
        }
    };
    check();
    gateway.stop().await.unwrap();
    check();
}

#[tokio::test]
async fn no_provider_keys_reach_rows_inputs_outputs_events_answers_or_logs() {
    nothing_is_found("text").await;
}

#[tokio::test]
async fn no_provider_keys_reach_logs_in_json_before_they_are_forwarded() {
    nothing_is_found("json").await;
}
