//! Many at once: nothing that was told as done is lost.

use std::thread;

use smithers_tokens::Standing;

use crate::support::*;

#[test]
fn thirty_that_issue_at_once_keep_thirty_grants() {
    let store = Store::new();
    let issued: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..30)
            .map(|_| scope.spawn(|| store.issue(&["run:read"])))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for issued in &issued {
        assert_eq!(store.standing(bearer(issued), NOW), Some(Standing::Active));
        assert!(try_use(&store, handle(issued), &["run:read"], NOW).is_ok());
    }
    assert_eq!(store.ledger().list(NOW).unwrap().len(), 30);
    let trail = store.trail();
    assert_eq!(
        (trail.records, trail.broken_at, trail.damaged.len()),
        (90, None, 0)
    );
}

#[test]
fn a_revocation_that_races_with_issues_is_never_lost() {
    let store = Store::new();
    let victims: Vec<_> = (0..10).map(|_| store.issue(&["run:read"])).collect();
    thread::scope(|scope| {
        for victim in &victims {
            let store = &store;
            scope.spawn(move || store.issue(&["run:read"]));
            scope.spawn(move || store.revoke(&victim.grant.token_id, NOW));
        }
    });
    for victim in &victims {
        assert_eq!(store.standing(bearer(victim), NOW), Some(Standing::Revoked));
        assert!(try_use(&store, handle(victim), &[], NOW).is_err());
    }
    assert_eq!(store.ledger().list(NOW).unwrap().len(), 20);
}

#[test]
fn a_queue_that_moves_is_waited_for_longer_than_five_seconds() {
    let store = Store::new();
    store.issue(&["run:read"]);
    let lock = std::fs::File::create(store.file("tokens.json.lock")).unwrap();
    lock.lock().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| store.ledger().issue(issue(&["run:read"]), NOW));
        // Somebody who holds the lock gets somewhere every two seconds, three times.
        for _ in 0..3 {
            thread::sleep(std::time::Duration::from_secs(2));
            assert!(!waiting.is_finished());
            let text = store.text("tokens.json");
            store.write("tokens.json", format!("{text}\n").as_bytes());
        }
        drop(lock);
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn a_store_that_somebody_holds_is_busy_after_five_seconds() {
    let store = Store::new();
    let lock = std::fs::File::create(store.file("tokens.json.lock")).unwrap();
    lock.lock().unwrap();
    let refused = store.ledger().issue(issue(&["run:read"]), NOW).unwrap_err();
    assert_eq!(refused.code(), "TOKEN_STORE_BUSY");
    assert!(!store.path().exists());
    drop(lock);
    store.issue(&["run:read"]);
}
