//! What issuing writes, and where the bearer is.

use serde_json::json;
use smithers_tokens::{Error, Fingerprint, Issue, Mint, Standing, StoreFormat};

use crate::support::*;

#[test]
fn a_new_store_holds_the_hash_of_a_bearer_and_never_the_bearer() {
    let store = Store::new();
    let issued = store.issue(&["run:read", "run:write"]);
    let text = store.text("tokens.json");
    assert!(!text.contains(&bearer(&issued)["smithers_".len()..]));
    assert!(!text.contains(&handle(&issued)["smithers_action_".len()..]));
    let key = Fingerprint::of(bearer(&issued)).unwrap().store_key();
    let whole = store.json();
    assert_eq!(whole["version"], 3);
    assert_eq!(
        whole["tokens"][&key],
        json!({
            "tokenId": issued.grant.token_id, "role": "operator", "scopes": ["run:read", "run:write"],
            "issuedAtMs": NOW.0, "expiresAtMs": NOW.0 + 3_600_000,
        })
    );
    assert_eq!(
        store.standing(bearer(&issued), at(0)),
        Some(Standing::Active)
    );
}

#[test]
fn the_bearer_for_exec_is_in_a_file_of_its_own() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    let secrets: serde_json::Value =
        serde_json::from_str(&store.text("tokens.json.secrets")).unwrap();
    let key = Fingerprint::of(bearer(&issued)).unwrap().store_key();
    assert_eq!(secrets["bearers"][key], bearer(&issued));
    let authorised = try_use(&store, handle(&issued), &[], NOW).unwrap();
    let found = store.ledger().bearer(authorised.fingerprint, NOW).unwrap();
    assert_eq!(
        secrecy::ExposeSecret::expose_secret(&found),
        bearer(&issued)
    );
}

#[test]
fn ids_and_hashes_are_those_that_the_public_tools_derive() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    assert_eq!(issued.grant.token_hash.len(), 64);
    assert_eq!(issued.grant.token_id, issued.grant.token_hash[..16]);
    assert!(bearer(&issued).starts_with("smithers_") && bearer(&issued).len() == 9 + 43);
    assert!(handle(&issued).starts_with("smithers_action_") && handle(&issued).len() == 16 + 32);
}

#[test]
fn the_old_shape_is_written_when_it_is_asked_for() {
    let store = Store::new();
    let plain = Issue {
        format: StoreFormat::Plain,
        user_id: Some("user:ana".into()),
        ..issue(&["run:read"])
    };
    let issued = store.ledger().issue(plain, NOW).unwrap();
    let whole = store.json();
    assert_eq!(whole["version"], 2);
    assert_eq!(
        whole["tokens"][bearer(&issued)],
        json!({
            "tokenId": issued.grant.token_id, "role": "operator", "scopes": ["run:read"], "userId": "user:ana",
            "issuedAtMs": NOW.0, "expiresAtMs": NOW.0 + 3_600_000, "tokenHash": issued.grant.token_hash,
            "secret": bearer(&issued),
        })
    );
    assert_eq!(
        whole["actionTokens"][handle(&issued)]["handle"],
        handle(&issued)
    );
    assert!(!store.file("tokens.json.secrets").exists());
    assert!(try_use(&store, handle(&issued), &["run:read"], NOW).is_ok());
}

#[test]
fn files_are_for_their_owner_alone_and_the_store_ends_with_a_line_break() {
    let store = Store::new();
    store.issue(&["run:read"]);
    for name in [
        "tokens.json",
        "tokens.json.secrets",
        "tokens.json.lock",
        "tokens.json.audit.jsonl",
    ] {
        assert_eq!(mode(&store.file(name)), 0o600, "{name}");
    }
    let text = store.text("tokens.json");
    assert!(text.starts_with("{\n  \"version\": 3") && text.ends_with("}\n"));
}

#[test]
fn a_handle_can_be_minted_within_its_grant_only() {
    let store = Store::new();
    let issued = store.issue(&["run:write"]);
    let mint = |scopes: Option<&[&str]>, ttl_hours: Option<u32>| {
        let mint = Mint {
            token: issued.grant.token_id.clone(),
            action_id: "nightly".into(),
            scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            ttl: ttl_hours.map(|hours| HOUR * hours),
        };
        store.ledger().mint(mint, at(1_000))
    };
    let whole = mint(None, None).unwrap();
    assert_eq!(
        (whole.scopes, whole.expires_at_ms),
        (vec!["run:write".into()], at(3_600_000))
    );
    let narrow = mint(Some(&["run:read"]), None).unwrap();
    assert!(use_for(&store, "nightly", &narrow.handle, &["run:read"], at(2_000)).is_ok());
    assert!(use_for(&store, "nightly", &narrow.handle, &["run:write"], at(2_000)).is_err());
    assert!(matches!(
        mint(Some(&["approval:submit"]), None),
        Err(Error::NotGranted(_))
    ));
    assert!(matches!(
        mint(Some(&["custom:name"]), None),
        Err(Error::NotGranted(_))
    ));
    assert!(matches!(mint(None, Some(1)), Err(Error::Ttl(_))));
}

#[test]
fn a_full_store_takes_no_more() {
    let tokens: serde_json::Map<_, _> = (0..10_000)
        .map(|number| (format!("token-{number}"), json!({"scopes": []})))
        .collect();
    let store = Store::with_tokens(tokens.into());
    let before = store.text("tokens.json");
    let refused = store.ledger().issue(issue(&["run:read"]), NOW);
    assert_eq!(refused.unwrap_err().code(), "TOKEN_STORE_FULL");
    assert_eq!(store.text("tokens.json"), before);
    assert_eq!(store.history(), Vec::<String>::new());
}

#[test]
fn a_store_never_becomes_too_large_to_be_read() {
    let padding = "x".repeat(4 * 1024 * 1024 - 500);
    let store = Store::with(&json!({"version": 3, "note": padding}).to_string());
    let refused = store.ledger().issue(issue(&["run:read"]), NOW);
    assert_eq!(refused.unwrap_err().code(), "TOKEN_STORE_FULL");
    assert!(store.ledger().list(NOW).unwrap().is_empty());
}
