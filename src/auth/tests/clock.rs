//! Grants while the clock is moved.

use serde_json::json;

use super::*;

const END: i64 = 2_000_000;

fn at(store: &GrantStore, bearer: &str, now: i64) -> Result<(), &'static str> {
    let found = store.authenticate(Some(bearer), Timestamp(now));
    found.map(drop).map_err(|refusal| refusal.outcome())
}

#[test]
fn a_token_expired_by_one_millisecond_is_refused() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"], "expiresAtMs": END}}));
    let store = folder.open();
    assert_eq!(at(&store, "good", END - 1), Ok(()));
    assert_eq!(at(&store, "good", END), Err("expired"));
    assert_eq!(at(&store, "good", END + 1), Err("expired"));
}

#[test]
fn a_clock_moved_back_does_not_revive_a_revoked_grant() {
    let folder = Folder::new();
    folder.write_tokens(json!({
        "now": {"scopes": ["*"], "revokedAtMs": END},
        "later": {"scopes": ["*"], "revokedAtMs": END * 1_000},
    }));
    let store = folder.open();
    for now in [END, END - 1, 1, 0, -1] {
        assert_eq!(at(&store, "now", now), Err("revoked"), "{now}");
        assert_eq!(at(&store, "later", now), Err("revoked"), "{now}");
    }
}

#[test]
fn a_grant_that_was_seen_to_have_expired_stays_so_when_the_clock_is_moved_back() {
    let folder = Folder::new();
    let grants = |end: i64| {
        json!({
            "seen": {"scopes": ["*"], "expiresAtMs": end},
            "not-seen": {"scopes": ["*"], "expiresAtMs": END},
        })
    };
    folder.write_tokens(grants(END));
    let store = folder.open();
    assert_eq!(at(&store, "seen", END), Err("expired"));
    assert_eq!(at(&store, "seen", END - 1), Err("expired"));
    assert_eq!(at(&store, "not-seen", END - 1), Ok(()));
    // Unless the store gives it another end.
    folder.write_tokens(grants(END + 1));
    store.reload();
    assert_eq!(at(&store, "seen", END - 1), Ok(()));
}

#[test]
fn a_socket_that_was_closed_for_its_expired_grant_cannot_come_back_with_the_old_time() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"], "expiresAtMs": END}}));
    let store = folder.open();
    let identity = store
        .authenticate(Some("good"), Timestamp(END - 1))
        .unwrap();
    let refusal = store.recheck(&identity, Timestamp(END)).unwrap_err();
    assert_eq!(refusal.outcome(), "expired");
    assert_eq!(at(&store, "good", END - 1), Err("expired"));
}
