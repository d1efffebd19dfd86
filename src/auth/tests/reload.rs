//! The store while its file changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use serde_json::json;
use smithers_protocol::scope::Scope;

use super::*;
use crate::auth::{GrantWatch, issue_demo_grant};

/// Waits until `holds`, for at most as long as a change may take to act.
fn within_a_second(holds: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(1);
    while Instant::now() < deadline {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    holds()
}

#[test]
fn a_revocation_acts_within_a_second_and_changes_the_generation() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["run:read"]}}));
    let store = Arc::new(folder.open());
    let identity = store.authenticate(Some("good"), NOW).unwrap();
    let before = store.generation();
    let _watch = GrantWatch::start(Arc::clone(&store)).unwrap();
    folder.write_tokens(json!({"good": {"scopes": ["run:read"], "revokedAtMs": 1}}));
    assert!(within_a_second(|| store.recheck(&identity, NOW).is_err()));
    assert_ne!(store.generation(), before);
    assert_eq!(
        verdict(&store, "good"),
        Err("Token has been revoked".into())
    );
}

#[test]
fn a_change_that_its_stamp_does_not_tell_is_noticed_while_the_file_is_young() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["run:read"], "expiresAtMs": 2_000_000}}));
    let store = folder.open();
    // Twice in a row, in place and of the same length: the clock of a file system may not tell these apart.
    for (end, is_valid) in [("0000000", false), ("2000000", true), ("0000000", false)] {
        let text = std::fs::read_to_string(folder.path()).unwrap();
        let number = if text.contains("2000000") {
            "2000000"
        } else {
            "0"
        };
        let value = end.parse::<u32>().unwrap().to_string();
        std::fs::write(folder.path(), text.replacen(number, &value, 1)).unwrap();
        store.refresh();
        assert_eq!(verdict(&store, "good").is_ok(), is_valid);
    }
}

#[test]
fn a_broken_file_changes_nothing() {
    let folder = Folder::new();
    folder.write_tokens(
        json!({"good": {"scopes": ["*"]}, "revoked": {"scopes": ["*"], "revokedAtMs": 1}}),
    );
    let store = folder.open();
    let before = store.generation();
    folder.write(
        r#"{"version": 2, "tokens": {"new": {"scopes": ["*"]}, "revoked": {"scopes": ["*"]}}"#,
    );
    store.refresh();
    assert!(verdict(&store, "good").is_ok());
    assert_eq!(
        verdict(&store, "revoked"),
        Err("Token has been revoked".into())
    );
    assert_eq!(verdict(&store, "new"), Err("Invalid token".into()));
    assert_eq!(store.generation(), before);
    folder.write_tokens(json!({"new": {"scopes": ["*"]}}));
    store.refresh();
    assert!(verdict(&store, "new").is_ok() && verdict(&store, "good").is_err());
}

#[test]
fn a_file_that_disappears_takes_its_grants_along() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    let store = folder.open();
    std::fs::remove_file(folder.path()).unwrap();
    store.refresh();
    assert_eq!(verdict(&store, "good"), Err("Invalid token".into()));
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    store.refresh();
    assert!(verdict(&store, "good").is_ok());
}

#[test]
fn a_link_is_followed_when_it_is_swapped() {
    let folder = Folder::new();
    let (one, two) = (
        folder.folder.path().join("one"),
        folder.folder.path().join("two"),
    );
    for (path, bearer) in [(&one, "first"), (&two, "second")] {
        std::fs::write(
            path,
            json!({"tokens": {bearer: {"scopes": ["*"]}}}).to_string(),
        )
        .unwrap();
        set_mode(path, 0o600);
    }
    std::os::unix::fs::symlink(&one, folder.path()).unwrap();
    let store = folder.open();
    assert!(verdict(&store, "first").is_ok());
    let swap = folder.folder.path().join("swap");
    std::os::unix::fs::symlink(&two, &swap).unwrap();
    std::fs::rename(swap, folder.path()).unwrap();
    store.refresh();
    assert!(verdict(&store, "second").is_ok() && verdict(&store, "first").is_err());
}

#[test]
fn a_file_that_says_the_same_does_not_change_the_generation() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    let store = folder.open();
    let before = store.generation();
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    store.refresh();
    assert_eq!(store.generation(), before);
}

#[test]
fn an_identity_ends_with_its_grant_or_when_that_changes() {
    let folder = Folder::new();
    let grant =
        |scopes: &str| json!({"scopes": [scopes], "tokenId": "tok", "expiresAtMs": 2_000_000});
    folder.write_tokens(json!({"good": grant("run:write")}));
    let store = folder.open();
    let identity = store.authenticate(Some("good"), NOW).unwrap();
    assert_eq!(store.recheck(&identity, NOW), Ok(()));
    folder.write_tokens(json!({"good": grant("run:read")}));
    store.refresh();
    assert_eq!(
        store.recheck(&identity, NOW).unwrap_err().message(),
        "Token has been changed; connect again"
    );
    folder.write_tokens(json!({"good": grant("run:write")}));
    store.refresh();
    let expired = store.recheck(&identity, Timestamp(2_000_000)).unwrap_err();
    assert_eq!(expired.message(), "Token expired; issue a refreshed token.");
    // Another bearer under the same id is another token.
    folder.write_tokens(json!({"other": grant("run:write")}));
    store.refresh();
    assert_eq!(
        store.recheck(&identity, NOW).unwrap_err().message(),
        "Invalid token"
    );
}

#[test]
fn a_demo_grant_lives_an_hour_beside_the_file_and_is_written_nowhere() {
    let folder = Folder::new();
    folder.write_tokens(json!({"good": {"scopes": ["*"]}}));
    let text = std::fs::read_to_string(folder.path()).unwrap();
    let store = folder.open();
    let bearer = issue_demo_grant(&store, NOW).unwrap();
    let identity = store
        .authenticate(Some(bearer.expose_secret()), NOW)
        .unwrap();
    let held: Vec<_> = identity.grants.scopes().iter().collect();
    assert_eq!(
        held,
        [
            Scope::RunRead,
            Scope::RunWrite,
            Scope::ApprovalRead,
            Scope::ApprovalSubmit,
            Scope::ScoreRead,
            Scope::ObservabilityRead,
        ]
    );
    assert_eq!(std::fs::read_to_string(folder.path()).unwrap(), text);
    std::fs::remove_file(folder.path()).unwrap();
    store.refresh();
    assert_eq!(store.recheck(&identity, NOW), Ok(()));
    let after_an_hour = Timestamp(NOW.0 + 3_600_000);
    let expired = store.authenticate(Some(bearer.expose_secret()), after_an_hour);
    assert!(expired.is_err());
}
