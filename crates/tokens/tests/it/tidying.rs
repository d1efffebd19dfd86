//! Rotation and pruning.

use std::time::Duration;

use serde_json::json;
use smithers_tokens::{Issue, Rotate, Standing, StoreFormat};

use crate::support::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rotation(token: &str) -> Rotate {
    Rotate {
        token: token.into(),
        grace: Duration::from_secs(300),
        ttl: None,
        max_ttl: 30 * DAY,
        format: StoreFormat::Hashed,
        is_revealed: false,
    }
}

#[test]
fn a_rotated_token_has_an_heir_with_its_properties_and_ends_after_the_grace() {
    let store = Store::new();
    let old = Issue {
        role: "robot".into(),
        user_id: Some("user:ana".into()),
        action_ids: vec!["gateway".into(), "nightly".into()],
        ..issue(&["run:read", "run:write"])
    };
    let old = store.ledger().issue(old, NOW).unwrap();
    let rotated = store
        .ledger()
        .rotate(&rotation(&old.grant.token_id), at(1_000))
        .unwrap();
    let new = &rotated.issued;
    assert_ne!(new.grant.token_id, old.grant.token_id);
    assert_eq!(
        (&new.grant.role, &new.grant.scopes, &new.grant.user_id),
        (&old.grant.role, &old.grant.scopes, &old.grant.user_id)
    );
    assert_eq!(new.grant.expires_at_ms, at(3_601_000));
    let actions: Vec<&str> = new
        .handles
        .iter()
        .map(|new| new.action_id.as_str())
        .collect();
    assert_eq!(actions, ["gateway", "nightly"]);
    assert_eq!(rotated.old_expires_at, at(301_000));
    assert_eq!(
        store.standing(bearer(&old), at(300_999)),
        Some(Standing::Active)
    );
    assert_eq!(
        store.standing(bearer(&old), at(301_000)),
        Some(Standing::Expired)
    );
    assert_eq!(
        store.standing(bearer(new), at(301_000)),
        Some(Standing::Active)
    );
    let record = store.records().pop().unwrap();
    assert_eq!(
        (&record["type"], &record["newTokenId"]),
        (&json!("rotated"), &json!(new.grant.token_id))
    );
}

#[test]
fn a_grace_never_prolongs_a_token() {
    let store = Store::new();
    let old = store.issue(&["run:read"]);
    let rotate = Rotate {
        grace: 2 * HOUR,
        ..rotation(&old.grant.token_id)
    };
    assert_eq!(
        store
            .ledger()
            .rotate(&rotate, at(0))
            .unwrap()
            .old_expires_at,
        at(3_600_000)
    );
}

#[test]
fn what_has_ended_is_not_rotated_and_no_heir_lives_too_long() {
    let store = Store::new();
    let old = store.issue(&["run:read"]);
    let rotate = |rotate: &Rotate, now| store.ledger().rotate(rotate, now).unwrap_err().code();
    let too_long = Rotate {
        ttl: Some(31 * DAY),
        ..rotation(&old.grant.token_id)
    };
    assert_eq!(rotate(&too_long, NOW), "TTL_TOO_LONG");
    assert_eq!(
        rotate(&rotation(&old.grant.token_id), at(3_600_000)),
        "TOKEN_NOT_ACTIVE"
    );
    store.revoke(&old.grant.token_id, NOW);
    assert_eq!(
        rotate(&rotation(&old.grant.token_id), NOW),
        "TOKEN_NOT_ACTIVE"
    );
    assert_eq!(rotate(&rotation("nobody"), NOW), "TOKEN_NOT_FOUND");
}

#[test]
fn a_token_without_an_end_gets_an_heir_with_one() {
    let store = Store::with_tokens(json!({"forever": {"scopes": ["run:read"]}}));
    let rotated = store.ledger().rotate(&rotation("forever"), NOW).unwrap();
    assert_eq!(rotated.issued.grant.expires_at_ms, at(3_600_000));
    assert_eq!(
        store.standing("forever", at(300_000)),
        Some(Standing::Expired)
    );
}

#[test]
fn pruning_drops_what_ended_long_ago_and_nothing_else() {
    let end = |ms: i64| json!({"scopes": [], "expiresAtMs": NOW.0 + ms});
    let handle = |token: &str| json!({"tokenId": token, "actionId": "a", "scopes": []});
    let store = Store::with(
        &json!({"tokens": {
                "old": {"tokenId": "id-old", "scopes": [], "expiresAtMs": NOW.0 - 1_001},
                "young": {"tokenId": "id-young", "scopes": [], "expiresAtMs": NOW.0 - 999},
                "active": end(1), "forever": {"scopes": []},
                "revoked": {"scopes": [], "revokedAtMs": NOW.0 - 1_000},
                "later": {"scopes": [], "revokedAtMs": NOW.0 + 5_000, "expiresAtMs": 1},
                "odd": {"scopes": [], "revokedAtMs": "once"},
            },
            "actionTokens": {"h1": handle("id-old"), "h2": handle("id-young"), "h3": handle("nobody")}})
        .to_string(),
    );
    let age = Duration::from_millis(1_000);
    let preview = store.ledger().prunable(age, NOW).unwrap();
    assert_eq!(store.json()["tokens"].as_object().unwrap().len(), 7);
    let pruned = store.ledger().prune(age, NOW).unwrap();
    assert_eq!(pruned, preview);
    assert_eq!(pruned.handles, 2);
    let left = store.json()["tokens"].clone();
    let left: Vec<&String> = left.as_object().unwrap().keys().collect();
    assert_eq!(left, ["young", "active", "forever", "later", "odd"]);
    assert_eq!(store.standing("revoked", NOW), None);
    assert_eq!(store.history(), ["pruned"]);
    store.ledger().prune(age, NOW).unwrap();
    assert_eq!(store.history(), ["pruned"], "nothing more to record");
}
