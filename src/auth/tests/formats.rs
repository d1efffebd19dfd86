//! Every form of an entry, and every form that must not pass.

use serde_json::json;
use smithers_protocol::scope::Scope;

use smithers_protocol::error::RpcError;

use super::*;
use crate::auth::Fingerprint;

fn hashed(bearer: &str) -> String {
    format!(
        "sha256:{}",
        hex::encode(Fingerprint::of(bearer).unwrap().to_bytes())
    )
}

fn unknown() -> Result<String, String> {
    Err("Invalid token".to_owned())
}

fn store_with(text: &str) -> (Folder, GrantStore) {
    let folder = Folder::new();
    folder.write(text);
    let store = folder.open();
    (folder, store)
}

#[test]
fn an_entry_written_by_hand_is_enough() {
    let tokens = json!({"operator-token": {"role": "viewer", "scopes": ["run:read"], "userId": "user:op", "expiresAtMs": 1_000_001}});
    let (_folder, store) = store_with(&json!({"tokens": tokens}).to_string());
    let identity = store.authenticate(Some("operator-token"), NOW).unwrap();
    assert_eq!(
        (identity.role.as_str(), identity.user_id.as_deref()),
        ("viewer", Some("user:op"))
    );
    assert_eq!(identity.token_id.as_deref(), Some("0850123315d21ab9"));
    assert_eq!(identity.expires_at, Some(Timestamp(1_000_001)));
    assert!(identity.grants.holds(Scope::RunRead) && !identity.grants.holds(Scope::RunWrite));
}

#[test]
fn entries_of_all_three_versions_are_read() {
    let secret = Fingerprint::of("bearer-one").unwrap();
    let tokens = json!({
        secret.token_id(): {"scopes": ["*"], "secret": "bearer-one"},
        "bearer-two": {"scopes": ["*"], "tokenId": "tok-two", "secret": "bearer-two", "tokenHash": "ignored"},
        hashed("bearer-three"): {"scopes": ["*"]},
    });
    for version in [1, 2, 3] {
        let text = json!({"version": version, "tokens": tokens, "actionTokens": {}, "audit": []})
            .to_string();
        let (_folder, store) = store_with(&text);
        assert_eq!(verdict(&store, "bearer-one"), Ok(secret.token_id()));
        assert_eq!(verdict(&store, "bearer-two"), Ok("tok-two".into()));
        assert!(verdict(&store, "bearer-three").is_ok());
        assert_eq!(store.len(), 3);
    }
}

#[test]
fn neither_a_printed_id_nor_a_hash_is_a_bearer() {
    let id = Fingerprint::of("bearer-one").unwrap().token_id();
    let tokens = json!({
        "54014a2e7e38c8fd": {"scopes": ["*"], "tokenId": "54014a2e7e38c8fd"},
        id.clone(): {"scopes": ["*"], "tokenId": id, "secret": "bearer-one"},
        hashed("bearer-two"): {"scopes": ["*"]},
    });
    let (_folder, store) = store_with(&json!({"version": 1, "tokens": tokens}).to_string());
    for bearer in [
        "54014a2e7e38c8fd",
        &id,
        &hashed("bearer-two"),
        &hashed("bearer-two")[7..],
        "__proto__",
        "toString",
    ] {
        assert_eq!(verdict(&store, bearer), unknown(), "{bearer}");
    }
    assert!(verdict(&store, "bearer-one").is_ok());
}

#[test]
fn revocation_counts_before_expiry_whatever_its_time() {
    let tokens = json!({
        "both": {"scopes": [], "expiresAtMs": 1, "revokedAtMs": 1},
        "later": {"scopes": [], "revokedAtMs": 9_000_000_000_000_i64},
        "odd": {"scopes": [], "revokedAtMs": "yesterday"},
        "expired": {"scopes": [], "expiresAtMs": 1_000_000},
        "fraction": {"scopes": [], "expiresAtMs": 1_000_000.5},
        "not-revoked": {"scopes": [], "revokedAtMs": null, "expiresAtMs": null},
    });
    let folder = Folder::new();
    folder.write_tokens(tokens);
    let store = folder.open();
    for bearer in ["both", "later", "odd"] {
        assert_eq!(
            verdict(&store, bearer),
            Err("Token has been revoked".into()),
            "{bearer}"
        );
    }
    for bearer in ["expired", "fraction"] {
        assert_eq!(
            verdict(&store, bearer),
            Err("Token expired; issue a refreshed token.".into()),
            "{bearer}"
        );
    }
    assert!(verdict(&store, "not-revoked").is_ok());
    let error = store.authenticate(Some("both"), NOW).unwrap_err();
    let refresh = RpcError::from(error).extra("refresh").cloned();
    assert_eq!(refresh, Some("smithers token issue".into()));
    let unknown = store.authenticate(Some("nobody"), NOW).unwrap_err();
    assert_eq!(RpcError::from(unknown).extra("refresh"), None);
}

#[test]
fn a_grant_without_scopes_allows_nothing() {
    let folder = Folder::new();
    folder.write_tokens(json!({"bare": {}, "mixed": {"scopes": [1, null, "run:read"]}}));
    let store = folder.open();
    let identity = store.authenticate(Some("bare"), NOW).unwrap();
    assert_eq!(
        (
            identity.role.as_str(),
            identity.grants.scopes().iter().count()
        ),
        ("operator", 0)
    );
    let mixed = store.authenticate(Some("mixed"), NOW).unwrap();
    assert_eq!(mixed.grants.written(), ["run:read"]);
}

#[test]
fn an_entry_that_cannot_be_judged_is_left_out_and_the_others_stay() {
    let many: Vec<String> = (0..65).map(|number| format!("scope:{number}")).collect();
    let folder = Folder::new();
    folder.write_tokens(json!({
        "text-end": {"scopes": ["*"], "expiresAtMs": "tomorrow"},
        "text-scopes": {"scopes": "*"},
        "many-scopes": {"scopes": many},
        "long-scope": {"scopes": ["s".repeat(65)]},
        "long-user": {"scopes": ["*"], "userId": "u".repeat(257)},
        "number-user": {"scopes": ["*"], "userId": 7},
        "two words": {"scopes": ["*"]},
        "good": {"scopes": ["*"]},
    }));
    let store = folder.open();
    assert_eq!(store.len(), 1);
    assert!(verdict(&store, "good").is_ok());
    assert_eq!(verdict(&store, "text-end"), unknown());
}

#[test]
fn a_text_that_is_ambiguous_or_no_store_admits_nobody() {
    let both = format!(
        r#"{{"tokens":{{"good":{{"scopes":["*"]}},"{}":{{"scopes":["*"]}}}}}}"#,
        hashed("good")
    );
    for text in [
        "",
        "[]",
        "{",
        "\u{feff}{\"tokens\":{\"good\":{\"scopes\":[\"*\"]}}}",
        r#"{"tokens":{"good":{"scopes":["*"],"revokedAtMs":1},"good":{"scopes":["*"]}}}"#,
        r#"{"tokens":{"good":{"scopes":["*"],"revokedAtMs":1,"revokedAtMs":null}}}"#,
        r#"{"tokens":{},"tokens":{"good":{"scopes":["*"]}}}"#,
        r#"{"version":4,"tokens":{"good":{"scopes":["*"]}}}"#,
        r#"{"tokens":[{"good":{"scopes":["*"]}}]}"#,
        r#"{"tokens":{"good":{"scopes":["*"]}}} x"#,
        &both,
    ] {
        let (_folder, store) = store_with(text);
        assert_eq!(verdict(&store, "good"), unknown(), "{text:?}");
        assert!(store.is_empty());
    }
}

#[test]
fn bearers_of_impossible_form_are_refused_before_they_are_looked_up() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    let store = folder.open();
    for bearer in [
        "good ",
        "go od",
        "good\0",
        "goöd",
        &"x".repeat(513),
        &"x".repeat(1 << 20),
    ] {
        assert_eq!(verdict(&store, bearer), unknown());
    }
    let required = Err("A bearer token is required".to_owned());
    assert_eq!(verdict(&store, ""), required);
    assert_eq!(
        store
            .authenticate(None, NOW)
            .map(|_| String::new())
            .map_err(|error| error.message().to_owned()),
        required
    );
}

#[test]
fn an_absent_store_refuses_every_token() {
    let store = Folder::new().open();
    assert_eq!(verdict(&store, "good"), unknown());
}

#[test]
fn a_file_that_others_may_read_is_refused_unless_that_is_allowed() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    for mode in [0o640, 0o604, 0o444, 0o620] {
        set_mode(&folder.path(), mode);
        assert!(folder.open().is_empty(), "{mode:o}");
        assert_eq!(folder.open_with(true).len(), 1, "{mode:o}");
    }
    set_mode(&folder.path(), 0o400);
    assert_eq!(folder.open().len(), 1);
}

#[test]
fn only_a_file_of_moderate_size_is_a_store() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path()).unwrap();
    set_mode(&folder.path(), 0o700);
    assert!(folder.open().is_empty());
    std::fs::remove_dir(folder.path()).unwrap();

    let padding = " ".repeat(4 * 1024 * 1024);
    folder.write(&format!(
        r#"{{"tokens":{{"good":{{"scopes":["*"]}}}}}}{padding}"#
    ));
    assert!(folder.open().is_empty());
}

#[test]
fn a_pipe_in_place_of_the_file_does_not_hang_the_gateway() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg("-m")
        .arg("600")
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(made.success());
    assert!(folder.open().is_empty());
}

#[test]
fn a_store_keeps_no_bearer_in_memory() {
    let folder = Folder::new();
    folder.write_tokens(
        json!({"a-very-secret-bearer": {"scopes": ["*"], "secret": "a-very-secret-bearer"}}),
    );
    assert!(!format!("{:?}", folder.open()).contains("very-secret"));
}
