//! Revocation: by every name, for good, and with everything that hangs on it.

use serde_json::json;
use smithers_tokens::{Denial, Fingerprint, Revocation, Standing, Target};

use crate::support::*;

#[test]
fn a_token_is_revoked_by_its_id_its_bearer_or_its_key() {
    for name in ["id", "bearer", "key"] {
        let store = Store::new();
        let issued = store.issue(&["run:read"]);
        let text = match name {
            "id" => issued.grant.token_id.clone(),
            "bearer" => bearer(&issued).to_owned(),
            _ => Fingerprint::of(bearer(&issued)).unwrap().store_key(),
        };
        let revoked = store.revoke(&text, at(7));
        assert_eq!(revoked[0].token_id, issued.grant.token_id, "{name}");
        assert_eq!(
            store.standing(bearer(&issued), at(7)),
            Some(Standing::Revoked)
        );
    }
}

#[test]
fn revoking_a_token_revokes_its_handles_and_is_recorded() {
    let store = Store::new();
    let (issued, other) = (store.issue(&["run:read"]), store.issue(&["run:read"]));
    let revocation = Revocation {
        target: Target::One(issued.grant.token_id.clone()),
        reason: Some("laptop lost".into()),
    };
    let revoked = store.ledger().revoke(&revocation, at(9)).unwrap();
    assert_eq!((revoked[0].handles, revoked[0].was_revoked), (1, false));
    let handles = store.json()["actionTokens"].clone();
    let marks: Vec<_> = handles.as_object().unwrap().values().collect();
    assert_eq!(marks[0]["revokedAtMs"], NOW.0 + 9);
    assert!(marks[1].get("revokedAtMs").is_none());
    assert_eq!(
        try_use(&store, handle(&issued), &[], at(10)),
        Err(Denial::HandleRevoked)
    );
    assert!(try_use(&store, handle(&other), &[], at(10)).is_ok());
    let record = store
        .records()
        .into_iter()
        .find(|record| record["type"] == "revoked")
        .unwrap();
    assert_eq!(record["tokenId"], issued.grant.token_id);
    assert_eq!(
        (&record["reason"], &record["handleCount"]),
        (&json!("laptop lost"), &json!(1))
    );
    assert_eq!(record["atMs"], NOW.0 + 9);
    assert!(record["actor"]["uid"].is_u64() && record["host"].is_string());
}

#[test]
fn the_first_time_of_a_revocation_is_kept() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    store.revoke(&issued.grant.token_id, at(5));
    let again = store.revoke(&issued.grant.token_id, at(50));
    assert!(again[0].was_revoked);
    assert_eq!(again[0].revoked_at, Some(at(5)));
    let tokens = store.json()["tokens"].clone();
    assert_eq!(
        tokens.as_object().unwrap().values().next().unwrap()["revokedAtMs"],
        NOW.0 + 5
    );
    assert_eq!(
        store
            .history()
            .iter()
            .filter(|kind| *kind == "revoked")
            .count(),
        2
    );
}

#[test]
fn a_handle_can_be_revoked_alone() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    let revoked = store.revoke(handle(&issued), at(5));
    assert!(revoked[0].handle_id.is_some());
    assert_eq!(
        store.standing(bearer(&issued), at(5)),
        Some(Standing::Active)
    );
    assert_eq!(
        try_use(&store, handle(&issued), &[], at(5)),
        Err(Denial::HandleRevoked)
    );
}

#[test]
fn all_tokens_of_a_user_or_all_of_the_store_can_be_revoked_at_once() {
    let store = Store::with_tokens(json!({
        "ana-1": {"scopes": [], "userId": "ana"}, "ana-2": {"scopes": [], "userId": "ana"},
        "bob-1": {"scopes": [], "userId": "bob"}, "odd": {"scopes": "*", "userId": "ana"},
    }));
    let revoke = |target: Target| {
        let revocation = Revocation {
            target,
            reason: None,
        };
        store
            .ledger()
            .revoke(&revocation, NOW)
            .map(|revoked| revoked.len())
    };
    assert_eq!(revoke(Target::User("ana".into())).unwrap(), 2);
    assert_eq!(store.standing("bob-1", NOW), Some(Standing::Active));
    assert_eq!(
        revoke(Target::User("nobody".into())).unwrap_err().code(),
        "TOKEN_NOT_FOUND"
    );
    assert_eq!(revoke(Target::All).unwrap(), 4);
    assert_eq!(store.standing("bob-1", NOW), Some(Standing::Revoked));
}

#[test]
fn an_entry_that_no_gateway_accepts_can_be_revoked_all_the_same() {
    let store = Store::with_tokens(json!({
        "54014a2e7e38c8fd": {"tokenId": "54014a2e7e38c8fd", "scopes": ["*"]},
    }));
    store.revoke("54014a2e7e38c8fd", NOW);
    assert_eq!(
        store.json()["tokens"]["54014a2e7e38c8fd"]["revokedAtMs"],
        NOW.0
    );
}

#[test]
fn what_is_not_in_the_store_cannot_be_revoked_and_nothing_changes() {
    let store = Store::new();
    store.issue(&["run:read"]);
    let before = store.text("tokens.json");
    for text in ["nobody", "", "0000000000000000", "a b", &"x".repeat(10_000)] {
        let error = store.ledger().revoke(&one(text), NOW).unwrap_err();
        assert_eq!(error.code(), "TOKEN_NOT_FOUND");
    }
    assert_eq!(store.text("tokens.json"), before);
}

#[test]
fn the_bearer_of_a_revoked_token_leaves_the_file_of_secrets() {
    let store = Store::new();
    let (issued, other) = (store.issue(&["run:read"]), store.issue(&["run:read"]));
    store.revoke(&issued.grant.token_id, NOW);
    let secrets = store.text("tokens.json.secrets");
    assert!(!secrets.contains(bearer(&issued)) && secrets.contains(bearer(&other)));
}

#[test]
fn a_damaged_file_of_secrets_hinders_no_revocation() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    store.write("tokens.json.secrets", b"{");
    store.revoke(&issued.grant.token_id, NOW);
    assert_eq!(
        store.standing(bearer(&issued), NOW),
        Some(Standing::Revoked)
    );
    let refused = store.ledger().issue(issue(&["run:read"]), NOW).unwrap_err();
    assert_eq!(refused.code(), "TOKEN_STORE_UNREADABLE");
}
