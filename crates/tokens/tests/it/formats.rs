//! Stores of all ages and hands, under change.

use serde_json::{Value, json};
use smithers_tokens::{Fingerprint, Standing};

use crate::support::*;

fn id(bearer: &str) -> String {
    Fingerprint::of(bearer).unwrap().token_id()
}

#[test]
fn what_is_not_known_is_kept() {
    let store = Store::with(
        r#"{"comment":"by hand","tokens":{"old":{"scopes":["run:read"],"team":"blue"}},
            "audit":[{"type":"issued"}],"actionTokens":{"h":{"odd":1}}}"#,
    );
    store.issue(&["run:read"]);
    let whole = store.json();
    assert_eq!(whole["comment"], "by hand");
    assert_eq!(
        whole["tokens"]["old"],
        json!({"scopes": ["run:read"], "team": "blue"})
    );
    assert_eq!(whole["audit"], json!([{"type": "issued"}]));
    assert_eq!(whole["actionTokens"]["h"], json!({"odd": 1}));
    assert_eq!(store.standing("old", NOW), Some(Standing::Active));
}

#[test]
fn entries_of_every_version_stay_valid_when_a_new_one_is_added() {
    let by_id = id("bearer-one");
    let store = Store::with_tokens(json!({
        by_id.clone(): {"scopes": ["*"], "tokenId": by_id, "secret": "bearer-one"},
        "bearer-two": {"scopes": ["*"]},
        Fingerprint::of("bearer-three").unwrap().store_key(): {"scopes": ["*"]},
    }));
    let issued = store.issue(&["run:read"]);
    for bearer in ["bearer-one", "bearer-two", "bearer-three", bearer(&issued)] {
        assert_eq!(
            store.standing(bearer, NOW),
            Some(Standing::Active),
            "{bearer}"
        );
    }
    assert_eq!(store.ledger().plain_bearers().unwrap(), 2);
}

#[test]
fn an_upgrade_hashes_every_bearer_and_everything_keeps_working() {
    let by_id = id("bearer-one");
    let store = Store::with(
        &json!({"version": 1, "note": 7,
            "tokens": {
                by_id.clone(): {"scopes": ["run:read"], "tokenId": by_id, "secret": "bearer-one", "team": "blue"},
                "bearer-two": {"scopes": ["run:read"], "revokedAtMs": 5},
                "54014a2e7e38c8fd": {"tokenId": "54014a2e7e38c8fd", "scopes": ["*"]},
            },
            "actionTokens": {"smithers_action_old": {"handle": "smithers_action_old", "tokenId": by_id,
                "actionId": "gateway", "scopes": ["run:read"]}},
        })
        .to_string(),
    );
    let upgraded = store.ledger().upgrade(false, NOW).unwrap();
    assert_eq!((upgraded.token_ids.len(), upgraded.handles), (2, 1));
    let text = store.text("tokens.json");
    for secret in ["bearer-one", "bearer-two", "smithers_action_old"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let whole = store.json();
    assert_eq!((&whole["version"], &whole["note"]), (&json!(3), &json!(7)));
    let key = Fingerprint::of("bearer-one").unwrap().store_key();
    assert_eq!(whole["tokens"][key]["team"], "blue");
    assert_eq!(store.standing("bearer-one", NOW), Some(Standing::Active));
    assert_eq!(store.standing("bearer-two", NOW), Some(Standing::Revoked));
    let authorised = try_use(&store, "smithers_action_old", &["run:read"], NOW).unwrap();
    assert!(store.ledger().bearer(authorised.fingerprint, NOW).is_ok());
    assert_eq!(
        store.ledger().upgrade(false, NOW).unwrap().token_ids.len(),
        0
    );
}

#[test]
fn an_upgrade_can_forget_the_bearers() {
    let store = Store::with_tokens(json!({"bearer-one": {"scopes": ["run:read"]}}));
    store.ledger().upgrade(true, NOW).unwrap();
    assert!(!store.file("tokens.json.secrets").exists());
    assert_eq!(store.standing("bearer-one", NOW), Some(Standing::Active));
}

#[test]
fn the_entry_for_a_deployment_holds_a_hash_and_makes_its_bearer_valid_there() {
    let here = Store::new();
    let issued = here.issue(&["run:read"]);
    let plain =
        Store::with_tokens(json!({"by-hand": {"scopes": ["run:read"], "secret": "by-hand"}}));
    for (store, bearer) in [(&here, bearer(&issued)), (&plain, "by-hand")] {
        let entry = store.ledger().entry(bearer).unwrap();
        assert!(!entry.to_string().contains(bearer), "{entry}");
        let there = Store::with(&json!({"version": 3, "tokens": entry}).to_string());
        assert_eq!(there.standing(bearer, NOW), Some(Standing::Active));
        assert!(!there.file("tokens.json.secrets").exists());
    }
}

#[test]
fn neither_a_key_equal_to_its_id_nor_a_hash_is_a_bearer() {
    let store = Store::with_tokens(json!({
        "54014a2e7e38c8fd": {"scopes": ["*"], "tokenId": "54014a2e7e38c8fd"},
    }));
    let issued = store.issue(&["*"]);
    let key = Fingerprint::of(bearer(&issued)).unwrap().store_key();
    for presented in [
        "54014a2e7e38c8fd",
        &key,
        &issued.grant.token_hash,
        &issued.grant.token_id,
        "__proto__",
    ] {
        assert_eq!(store.standing(presented, NOW), None, "{presented}");
    }
}

#[test]
fn names_of_other_languages_are_ordinary_keys() {
    let store = Store::with_tokens(json!({"__proto__": {"scopes": ["run:read"]}}));
    assert_eq!(store.standing("constructor", NOW), None);
    assert_eq!(store.standing("__proto__", NOW), Some(Standing::Active));
    assert_eq!(
        try_use(&store, "__proto__", &[], NOW),
        Err(smithers_tokens::Denial::HandleNotFound)
    );
}

#[test]
fn an_ambiguous_or_broken_store_is_refused_and_left_as_it_is() {
    let long = format!(r#"{{"tokens":{{}}}}{}"#, " ".repeat(4 * 1024 * 1024));
    for text in [
        "",
        "[]",
        "{",
        "null",
        "\u{feff}{\"tokens\":{}}",
        r#"{"tokens":{"a":{"scopes":[]},"a":{"scopes":["*"]}}}"#,
        r#"{"tokens":{"a":{"scopes":[],"team":1,"team":2}}}"#,
        r#"{"tokens":{},"tokens":{}}"#,
        r#"{"tokens":{},"note":1,"note":2}"#,
        r#"{"tokens":{},"actionTokens":{"h":{},"h":{}}}"#,
        r#"{"tokens":{},"actionTokens":[]}"#,
        r#"{"tokens":[]}"#,
        r#"{"version":4,"tokens":{}}"#,
        &long,
    ] {
        let store = Store::with(text);
        let ledger = store.ledger();
        let refused = [
            ledger.issue(issue(&["run:read"]), NOW).unwrap_err(),
            ledger.revoke(&one("a"), NOW).unwrap_err(),
            ledger.list(NOW).unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.code(), "TOKEN_STORE_UNREADABLE", "{text:.40}");
        }
        assert!(store.text("tokens.json") == text);
    }
}

#[test]
fn listing_shows_no_bearer_and_no_whole_hash() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    try_use(&store, handle(&issued), &[], at(5)).unwrap();
    let list = store.ledger().list(at(10)).unwrap();
    let shown = store.ledger().show(&issued.grant.token_id, at(10)).unwrap();
    let text = format!(
        "{} {}",
        json!(list),
        json!([json!(shown.0), json!(shown.1)])
    );
    for secret in [bearer(&issued), handle(&issued), &issued.grant.token_hash] {
        assert!(!text.contains(secret), "{text}");
    }
    let list: Value = json!(list);
    assert_eq!(list[0]["tokenId"], issued.grant.token_id);
    assert_eq!(
        (&list[0]["state"], &list[0]["handles"]),
        (&json!("active"), &json!(1))
    );
    assert_eq!(list[0]["lastUsedAtMs"], NOW.0 + 5);
    assert_eq!(shown.1[0].action_id, "gateway");
}
