//! Texts without secrets stay as they are, byte for byte.

use std::path::{Path, PathBuf};

use serde_json::Value;
use smithers_model::redact::{Place, Redactor};
use smithers_redact::{SecretRedactor, is_secret_name};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = std::fs::read_dir(root().join(folder)).expect("a folder of this repository");
    let paths = folder.map(|entry| entry.expect("the folder can be listed").path());
    let files: Vec<_> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "json" || end == "md")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("it is text");
            (path, text)
        })
        .collect();
    assert!(!files.is_empty());
    files
}

/// Takes the members out whose names say that they hold a secret: the recordings hold the tokens of their clients.
fn without_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !is_secret_name(name));
            members.values_mut().for_each(without_secrets);
        }
        Value::Array(items) => items.iter_mut().for_each(without_secrets),
        _ => {}
    }
}

#[test]
fn recordings_of_the_wire_hold_nothing_that_is_taken_for_a_secret() {
    let redactor = SecretRedactor::default();
    for (path, text) in files("tests/conformance/transcripts") {
        let Ok(mut recording) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        without_secrets(&mut recording);
        let text = recording.to_string();
        assert_eq!(
            redactor.certain(Place::Event, &text),
            [],
            "{}",
            path.display()
        );
        let clean = redactor.json(Place::Event, &text).map(|clean| clean.text);
        let Some(clean) = clean else { continue };
        let (before, after): (Vec<_>, Vec<_>) =
            (text.split(',').collect(), clean.split(',').collect());
        let changed: Vec<_> = before.iter().filter(|part| !after.contains(part)).collect();
        // The one path that carries a token in its query.
        assert!(
            changed.iter().all(|part| part.contains("session?token=")),
            "{}: {changed:?}",
            path.display()
        );
    }
}

/// Members of the wire and of rows that clients rely on.
#[test]
fn our_own_members_are_no_secrets() {
    for name in [
        "tokenId",
        "actionId",
        "handleId",
        "tokenHash",
        "requestId",
        "runId",
        "nodeId",
        "workflowKey",
        "gatewayWorkflowKey",
        "idempotencyKey",
        "correlationKey",
        "failedChildKeys",
        "maxTokens",
        "inputTokens",
        "outputTokens",
        "allowedScopes",
        "allowedUsers",
        "requiredScope",
        "triggeredBy",
        "startedBy",
        "author",
        "pinned",
        "spinning",
        "sessions",
        "passed",
        "bypass",
        "key",
        "keys",
        "hotpath",
        "opinion",
        "shippingAddress",
    ] {
        let document = serde_json::json!({ name: "value", "n": { name: 12 } }).to_string();
        let is_count = name.ends_with("Tokens");
        let clean = SecretRedactor::default().json(Place::Event, &document);
        assert_eq!(clean.is_some(), is_count, "{name}: {clean:?}");
    }
    let counts =
        r#"{"inputTokens":120,"max_tokens":4096,"text":"used tokens: 4096, max_tokens=12"}"#;
    assert_eq!(SecretRedactor::default().json(Place::Event, counts), None);
}

#[test]
fn prose_stays_as_it_is() {
    let redactor = SecretRedactor::default();
    for text in [
        "The token expired, so the session was closed and the cookie removed.",
        "Unexpected token: expected a bracket. Invalid password: it must be longer.",
        "A secret: nobody reads this. The credential is in the vault; ask the owner of the key.",
        "Basic authentication and bearer tokens are described in chapter 3.",
        "Pinning the dependency fixed shipping; in my opinion the spin lock was not at fault.",
        "see https://example.org:8443/docs?page=2#tokens and ssh://git@example.org/x.git",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b changed src/auth/token.rs:120:4",
        "run_01J9ZK3V6Q8R2T4W6Y8A0C2E4G finished in 12.5 s after 3 attempts",
        "550e8400-e29b-41d4-a716-446655440000 is the id of the session",
        "TypeError: Cannot read properties of undefined (reading 'token')",
        "error[E0599]: no method named `password` found for struct `Secret`",
        "task-queue-worker-7 waits; sk-learn and pk_index are names, as hf_flag is",
        "set SMITHERS_TOKEN_STORE=/data/tokens.json and PASSWORD_FILE=/run/secrets/db",
        "token=${GITHUB_TOKEN} password=**** secret=<your secret> apiKey: process.env.KEY",
        "<Task id=\"deploy\" label=\"Ask for the token\" needsApproval=\"true\">",
        "smithers::console: session opened, connection from 127.0.0.1:54321",
        "{\"level\":\"INFO\",\"target\":\"smithers::auth\",\"token.id\":\"7c1c9f295d8453f7\",\"scopes\":[\"run:read\"]}",
    ] {
        assert_eq!(redactor.line(Place::Log, text), None, "{text}");
        let document = serde_json::json!({ "text": text }).to_string();
        assert_eq!(redactor.json(Place::Event, &document), None, "{document}");
    }
}

#[test]
fn the_pages_of_this_repository_stay_as_they_are_where_they_do_not_speak_of_secrets() {
    let redactor = SecretRedactor::default();
    let mut lines = 0;
    for (path, text) in files("docs/contract").into_iter().chain(files("docs/adr")) {
        for (number, line) in text.lines().enumerate() {
            let speaks_of_them = [
                "token", "secret", "password", "session", "Bearer", "cookie", "://user",
            ]
            .iter()
            .any(|word| line.contains(word));
            if !speaks_of_them {
                lines += 1;
                assert_eq!(
                    redactor.line(Place::Log, line),
                    None,
                    "{}:{}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
    assert!(lines > 1000, "{lines}");
}
