//! The trail of access as rows.

use serde_json::Value;
use smithers_protocol::scope::Grants;
use smithers_tokens::{Fingerprint, Grant};

use super::*;

const NOW: Timestamp = Timestamp(1_000_000);

fn caller(token_id: &str) -> Identity {
    Identity {
        role: "operator".into(),
        grants: Grants::parse(["run:read"]),
        user_id: Some("user:ana".into()),
        token_id: Some(token_id.into()),
        expires_at: None,
        credential: Some(Fingerprint::of(token_id).unwrap().to_bytes()),
    }
}

fn grants(of: &[(&str, bool)]) -> GrantSet {
    let mut set = GrantSet::default();
    for (token_id, is_revoked) in of {
        let grant = Grant {
            role: "operator".into(),
            grants: Grants::parse(["run:read"]),
            user_id: None,
            token_id: (*token_id).into(),
            expires_at: None,
            is_revoked: *is_revoked,
        };
        set.insert(Fingerprint::of(token_id).unwrap(), grant);
    }
    set
}

fn told(rows: &[AuditRecord]) -> Vec<String> {
    let told = rows.iter().map(|row| {
        let subject = row.subject.as_deref().unwrap_or_default();
        format!("{} {} {subject}", row.kind, row.outcome)
    });
    told.collect()
}

fn detail(row: &AuditRecord) -> Value {
    serde_json::from_str(row.detail.as_str()).unwrap()
}

#[test]
fn the_first_use_of_a_token_is_recorded_once() {
    let trail = AccessTrail::default();
    for _ in 0..3 {
        trail.token_used(&caller("a"), Transport::Http, NOW);
        trail.token_used(&caller("b"), Transport::WebSocket, NOW);
    }
    let rows = trail.take(NOW, false);
    assert_eq!(told(&rows), ["token first-use a", "token first-use b"]);
    assert_eq!(rows[0].channel, Channel::Http);
    assert_eq!(rows[1].channel, Channel::WebSocket);
    assert_eq!(rows[0].actor_id.as_deref(), Some("user:ana"));
    assert!(trail.take(NOW, true).is_empty());
}

#[test]
fn what_a_reload_changes_is_recorded_grant_by_grant() {
    let trail = AccessTrail::default();
    let before = grants(&[("gone", false), ("same", false), ("ended", false)]);
    let after = grants(&[("same", false), ("ended", true), ("new", false)]);
    trail.store_changed(&before, &after, NOW);
    assert_eq!(
        told(&trail.take(NOW, false)),
        [
            "token revoked ended",
            "token removed gone",
            "token added new"
        ]
    );
}

#[test]
fn a_store_that_is_replaced_by_another_fills_no_memory() {
    let trail = AccessTrail::default();
    let ids: Vec<String> = (0..3_000).map(|n| format!("t{n:04}")).collect();
    let many: Vec<(&str, bool)> = ids.iter().map(|id| (id.as_str(), false)).collect();
    trail.store_changed(&GrantSet::default(), &grants(&many), NOW);
    let rows = trail.take(NOW, false);
    assert_eq!(rows.len(), MAX_CHANGES + 1);
    assert_eq!(detail(&rows[MAX_CHANGES])["more"], 2_000);
}

#[test]
fn failed_logins_are_one_row_a_minute_and_network_without_anything_that_was_presented() {
    let trail = AccessTrail::default();
    let from = |text: &str| text.parse().ok();
    for _ in 0..5 {
        trail.login_failed(from("203.0.113.7"), "unknown", NOW);
    }
    trail.login_failed(from("198.51.100.1"), "expired", NOW);
    trail.login_failed(from("127.0.0.1"), "unknown", NOW);
    assert!(trail.take(Timestamp(NOW.0 + 59_999), false).is_empty());
    let rows = trail.take(Timestamp(NOW.0 + 60_000), false);
    assert_eq!(
        told(&rows),
        [
            "login-failures refused loopback",
            "login-failures refused public"
        ]
    );
    let public = json!({ "count": 6, "outcomes": { "expired": 1, "unknown": 5 }, "fromMs": NOW.0 });
    assert_eq!(detail(&rows[1]), public);
    assert!(trail.take(Timestamp(NOW.0 + 120_000), true).is_empty());
}

#[test]
fn rows_that_cannot_be_stored_wait_in_order_and_not_without_bound() {
    let trail = AccessTrail::default();
    trail.token_used(&caller("a"), Transport::Http, NOW);
    let rows = trail.take(NOW, false);
    trail.token_used(&caller("b"), Transport::Http, NOW);
    trail.put_back(rows);
    assert_eq!(
        told(&trail.take(NOW, false)),
        ["token first-use a", "token first-use b"]
    );
    for n in 0..MAX_WAITING + 7 {
        trail.token_used(&caller(&format!("t{n}")), Transport::Http, NOW);
    }
    let rows = trail.take(NOW, false);
    assert_eq!(rows.len(), MAX_WAITING + 1);
    assert_eq!(detail(&rows[MAX_WAITING])["dropped"], 7);
}
