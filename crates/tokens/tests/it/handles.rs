//! Action handles: bound to their action, their scopes and their time.

use serde_json::{Value, json};
use smithers_tokens::Denial;

use crate::support::*;

#[test]
fn a_handle_opens_its_action_only() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    assert!(use_for(&store, "gateway", handle(&issued), &[], NOW).is_ok());
    for action in ["", "gateway2", "Gateway", "gate"] {
        let denied = use_for(&store, action, handle(&issued), &[], NOW);
        assert_eq!(denied, Err(Denial::OtherAction), "{action:?}");
    }
}

#[test]
fn an_empty_action_id_in_the_store_matches_nothing() {
    let entry = json!({"tokenId": "t", "actionId": "", "scopes": []});
    let store = Store::with(
        &json!({"tokens": {"b": {"tokenId": "t", "scopes": []}}, "actionTokens": {"h": entry}})
            .to_string(),
    );
    assert!(use_for(&store, "", "h", &[], NOW).is_err());
}

#[test]
fn a_handle_gives_the_scopes_that_it_has() {
    let store = Store::new();
    let issued = store.issue(&["run:write", "custom:thing"]);
    for scopes in [
        &[][..],
        &["run:read"],
        &["run:write"],
        &["custom:thing", "run:read"],
    ] {
        assert!(
            try_use(&store, handle(&issued), scopes, NOW).is_ok(),
            "{scopes:?}"
        );
    }
    let denied = try_use(
        &store,
        handle(&issued),
        &["run:read", "run:admin", "custom"],
        NOW,
    );
    assert_eq!(
        denied,
        Err(Denial::MissingScopes("run:admin, custom".into()))
    );
}

#[test]
fn one_millisecond_too_late_is_too_late() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    assert!(try_use(&store, handle(&issued), &[], at(3_599_999)).is_ok());
    assert_eq!(
        try_use(&store, handle(&issued), &[], at(3_600_000)),
        Err(Denial::HandleExpired)
    );
    let token = try_use(&store, handle(&issued), &[], NOW)
        .unwrap()
        .fingerprint;
    assert!(store.ledger().bearer(token, at(3_600_000)).is_err());
}

#[test]
fn a_clock_that_goes_back_revives_no_revoked_grant() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    let token = try_use(&store, handle(&issued), &[], NOW)
        .unwrap()
        .fingerprint;
    store.revoke(&issued.grant.token_id, at(1_000));
    for now in [at(0), at(-1_000_000), at(2_000)] {
        assert_eq!(
            try_use(&store, handle(&issued), &[], now),
            Err(Denial::HandleRevoked)
        );
        assert!(store.ledger().bearer(token, now).is_err());
    }
}

/// A store with one grant and one handle, both as `change` leaves them.
fn tampered(change: impl Fn(&mut Value, &mut Value)) -> Store {
    let mut grant = json!({"tokenId": "tok", "scopes": ["run:read"], "expiresAtMs": NOW.0 + 1_000});
    let mut handle = json!({"tokenId": "tok", "actionId": "gateway", "scopes": ["run:read"]});
    change(&mut grant, &mut handle);
    Store::with(
        &json!({"version": 2, "tokens": {"bearer": grant}, "actionTokens": {"h": handle}})
            .to_string(),
    )
}

#[test]
fn a_handle_is_never_worth_more_than_its_grant() {
    type Change = fn(&mut Value, &mut Value);
    let cases: [(Change, Denial); 9] = [
        (
            |_, handle| handle["scopes"] = json!(["run:read", "run:write"]),
            Denial::WiderThanGrant,
        ),
        (
            |_, handle| handle["scopes"] = json!(["*"]),
            Denial::WiderThanGrant,
        ),
        (
            |_, handle| handle["tokenId"] = json!("gone"),
            Denial::GrantNotFound,
        ),
        (
            |grant, _| grant["revokedAtMs"] = json!(9_000_000_000_000_i64),
            Denial::GrantRevoked,
        ),
        (
            |grant, _| grant["expiresAtMs"] = json!(NOW.0),
            Denial::GrantExpired,
        ),
        (
            |grant, _| grant["expiresAtMs"] = json!("never"),
            Denial::GrantNotFound,
        ),
        (
            |_, handle| handle["revokedAtMs"] = json!("some day"),
            Denial::HandleRevoked,
        ),
        (
            |_, handle| handle["expiresAtMs"] = json!("never"),
            Denial::HandleNotFound,
        ),
        (
            |_, handle| handle["scopes"] = json!("run:read"),
            Denial::HandleNotFound,
        ),
    ];
    assert!(try_use(&tampered(|_, _| {}), "h", &["run:read"], NOW).is_ok());
    for (change, denial) in cases {
        assert_eq!(
            try_use(&tampered(change), "h", &["run:read"], NOW),
            Err(denial)
        );
    }
}

#[test]
fn two_grants_of_one_id_open_nothing() {
    let store = Store::with(
        &json!({"tokens": {"a": {"tokenId": "t", "scopes": []}, "b": {"tokenId": "t", "scopes": []}},
            "actionTokens": {"h": {"tokenId": "t", "actionId": "gateway", "scopes": []}}})
        .to_string(),
    );
    assert_eq!(try_use(&store, "h", &[], NOW), Err(Denial::GrantNotFound));
}

#[test]
fn on_a_host_without_the_bearer_a_handle_opens_nothing() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    std::fs::remove_file(store.file("tokens.json.secrets")).unwrap();
    assert_eq!(
        try_use(&store, handle(&issued), &[], NOW),
        Err(Denial::BearerElsewhere)
    );
}

#[test]
fn every_use_and_every_refusal_is_recorded_without_the_handle() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    let used = try_use(&store, handle(&issued), &["run:read"], at(1)).unwrap();
    store.ledger().finished(&used, 7, 250, at(2)).unwrap();
    let _ = try_use(&store, handle(&issued), &["run:admin"], at(3));
    let _ = try_use(&store, "smithers_action_unknown", &[], at(4));
    assert_eq!(
        store.history()[2..],
        [
            "action_used",
            "action_finished",
            "action_denied",
            "action_denied"
        ]
    );
    let records = store.records();
    assert_eq!(records[2]["scopes"], json!(["run:read"]));
    assert_eq!(
        (&records[3]["exitStatus"], &records[3]["durationMs"]),
        (&json!(7), &json!(250))
    );
    assert_eq!(records[4]["reason"], "missing required scope(s): run:admin");
    assert_eq!(records[5].get("tokenId"), None);
    assert_eq!(records[2]["handleId"], records[1]["handleId"]);
    assert!(
        !store
            .text("tokens.json.audit.jsonl")
            .contains(handle(&issued))
    );
}
