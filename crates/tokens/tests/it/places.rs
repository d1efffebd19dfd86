//! Where a store may be, and what may be in its place.

use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use smithers_tokens::Standing;

use crate::support::*;

fn code<T>(result: Result<T, smithers_tokens::Error>) -> &'static str {
    result.err().expect("a refusal").code()
}

#[test]
fn a_missing_folder_is_made_for_its_owner_alone() {
    let store = Store::new();
    let path = store.file("a/b/tokens.json");
    let origin = smithers_tokens::Origin::of_process("0");
    let ledger = smithers_tokens::Ledger::open(&path, origin).unwrap();
    ledger.issue(issue(&["run:read"]), NOW).unwrap();
    assert_eq!(
        (mode(&store.file("a")), mode(&store.file("a/b"))),
        (0o700, 0o700)
    );
}

#[test]
fn a_store_that_others_may_read_is_refused() {
    let store = Store::new();
    store.issue(&["run:read"]);
    for loose in [0o640, 0o604, 0o666, 0o620] {
        set_mode(&store.path(), loose);
        assert_eq!(
            code(store.ledger().list(NOW)),
            "TOKEN_STORE_UNREADABLE",
            "{loose:o}"
        );
        assert_eq!(
            code(store.ledger().issue(issue(&["run:read"]), NOW)),
            "TOKEN_STORE_UNREADABLE"
        );
    }
    set_mode(&store.path(), 0o600);
    set_mode(&store.file("tokens.json.secrets"), 0o644);
    assert_eq!(
        code(store.ledger().issue(issue(&["run:read"]), NOW)),
        "TOKEN_STORE_UNREADABLE"
    );
}

#[test]
fn a_folder_a_pipe_and_a_device_are_no_stores() {
    for kind in ["folder", "pipe", "device"] {
        let store = Store::new();
        let path = store.path();
        match kind {
            "folder" => std::fs::create_dir(&path).unwrap(),
            "pipe" => {
                let made = Command::new("mkfifo")
                    .args(["-m", "600"])
                    .arg(&path)
                    .status();
                assert!(made.unwrap().success());
            }
            _ => symlink("/dev/zero", &path).unwrap(),
        }
        let listed = store.try_ledger().and_then(|ledger| ledger.list(NOW));
        assert_eq!(code(listed), "TOKEN_STORE_UNREADABLE", "{kind}");
    }
}

#[test]
fn a_link_is_followed_once_and_stays_a_link() {
    let store = Store::new();
    std::fs::create_dir(store.file("real")).unwrap();
    set_mode(&store.file("real"), 0o700);
    symlink("real/grants.json", store.path()).unwrap();
    let issued = store.issue(&["run:read"]);
    store.revoke(&issued.grant.token_id, NOW);
    assert!(
        std::fs::symlink_metadata(store.path())
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        store.standing(bearer(&issued), NOW),
        Some(Standing::Revoked)
    );
    assert!(store.file("real/grants.json.audit.jsonl").exists());
    assert!(!store.file("tokens.json.lock").exists());
}

#[test]
fn a_link_to_a_link_or_into_a_folder_of_everybody_is_refused() {
    let store = Store::new();
    std::fs::create_dir(store.file("open")).unwrap();
    symlink("open/tokens.json", store.path()).unwrap();
    for loose in [0o777, 0o770, 0o702] {
        set_mode(&store.file("open"), loose);
        assert_eq!(code(store.try_ledger()), "TOKEN_STORE_UNSAFE", "{loose:o}");
    }
    set_mode(&store.file("open"), 0o755);
    assert!(store.try_ledger().is_ok());
    symlink("elsewhere", store.file("open/tokens.json")).unwrap();
    assert_eq!(code(store.try_ledger()), "TOKEN_STORE_UNSAFE");
}

#[test]
fn drafts_of_killed_processes_are_removed_by_the_next_change() {
    let store = Store::new();
    for name in [".tokens.json.00ff.draft", ".tokens.json.secrets.1234.draft"] {
        store.write(name, b"smithers_left_behind");
    }
    store.write(".tokens.json.mine", b"not a draft");
    store.issue(&["run:read"]);
    let names: Vec<String> = std::fs::read_dir(store.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !names.iter().any(|name| name.ends_with(".draft")),
        "{names:?}"
    );
    assert!(
        names.iter().any(|name| name == ".tokens.json.mine"),
        "{names:?}"
    );
}

#[test]
fn what_root_changes_stays_the_gateway_users() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (user, group) = (12_345, 12_346);
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    std::os::unix::fs::chown(store.path(), Some(user), Some(group)).unwrap();
    std::fs::remove_file(store.file("tokens.json.lock")).unwrap();
    store.revoke(&issued.grant.token_id, NOW);
    store.issue(&["run:read"]);
    for name in [
        "tokens.json",
        "tokens.json.secrets",
        "tokens.json.lock",
        "tokens.json.audit.jsonl",
    ] {
        let metadata = std::fs::metadata(store.file(name)).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (user, group), "{name}");
        assert_eq!(mode(&store.file(name)), 0o600, "{name}");
    }
}
