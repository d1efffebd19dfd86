//! The files of the store under many processes, sudden deaths and odd circumstances.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::vault::{Vault, mode, set_mode};
use crate::support::{get, start};

#[tokio::test]
async fn thirty_processes_that_issue_at_once_keep_thirty_grants() {
    let vault = Vault::new();
    let children: Vec<_> = (0..30)
        .map(|_| {
            vault
                .command(&["issue", "--json"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success());
    }
    assert_eq!(
        vault
            .json(&["list", "--active"])
            .await
            .as_array()
            .unwrap()
            .len(),
        30
    );
    let records = vault.json(&["audit", "--verify"]).await;
    assert_eq!(records.as_array().unwrap().len(), 60);
}

#[tokio::test]
async fn a_revocation_that_races_with_issues_is_never_lost() {
    let vault = Vault::new();
    let mut victims = Vec::new();
    for _ in 0..5 {
        victims.push(vault.issue(&[]).await.0);
    }
    let mut children = Vec::new();
    for victim in &victims {
        for arguments in [&["issue"][..], &["revoke", victim], &["issue"]] {
            children.push(
                vault
                    .command(arguments)
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap(),
            );
        }
    }
    for mut child in children {
        assert!(child.wait().await.unwrap().success());
    }
    let revoked = vault.json(&["list", "--revoked"]).await;
    let mut revoked: Vec<&str> = revoked
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| grant["tokenId"].as_str().unwrap())
        .collect();
    revoked.sort_unstable();
    victims.sort_unstable();
    assert_eq!(revoked, victims);
    assert_eq!(
        vault
            .json(&["list", "--active"])
            .await
            .as_array()
            .unwrap()
            .len(),
        10
    );
}

#[tokio::test]
async fn a_process_killed_at_any_instant_leaves_a_whole_store() {
    let vault = Vault::new();
    let mut complete = 0;
    for round in 0..60_u64 {
        let mut child = vault
            .command(&["issue", "--filter-output", "grant.tokenId"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Different instants of its life: the whole takes some tens of milliseconds.
        let life = Duration::from_micros(round * 997);
        let ended = tokio::time::timeout(life, child.wait()).await;
        complete += usize::from(ended.is_ok());
        child.kill().await.unwrap();
        for name in ["tokens.json", "tokens.json.secrets"] {
            let text = vault.text(name);
            let is_whole = text.is_empty() || serde_json::from_str::<Value>(&text).is_ok();
            assert!(is_whole, "{name} after round {round}: {text}");
        }
    }
    // The lock of the dead is free, and what they left behind is no obstacle.
    vault.json(&["issue"]).await;
    let kept = vault.json(&["list"]).await.as_array().unwrap().len();
    assert!(kept > complete, "{kept} of {complete}");
    let names = std::fs::read_dir(vault.scratch.path("")).unwrap();
    let drafts = names.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .ends_with(".draft")
    });
    assert_eq!(drafts.count(), 0);
}

#[tokio::test]
async fn files_are_for_their_owner_alone_whatever_the_umask() {
    let vault = Vault::new();
    let line = "umask 000; SMITHERS_TOKEN_STORE=new/tokens.json; export SMITHERS_TOKEN_STORE; smithers token issue";
    let ended = vault.shell(line).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(mode(&vault.scratch.path("new")), 0o700);
    for name in [
        "tokens.json",
        "tokens.json.secrets",
        "tokens.json.lock",
        "tokens.json.audit.jsonl",
    ] {
        assert_eq!(
            mode(&vault.scratch.path(&format!("new/{name}"))),
            0o600,
            "{name}"
        );
    }
}

/// Puts something into the place of the store that is none.
fn odd_stores() -> Vec<(&'static str, Vault)> {
    let huge = {
        let vault = Vault::with(b"{\"tokens\":{}}");
        let file = std::fs::File::options()
            .write(true)
            .open(vault.path())
            .unwrap();
        file.set_len(100 * 1024 * 1024).unwrap();
        vault
    };
    let pipe = {
        let vault = Vault::new();
        let made = std::process::Command::new("mkfifo")
            .args(["-m", "600"])
            .arg(vault.path())
            .status();
        assert!(made.unwrap().success());
        vault
    };
    let device = {
        let vault = Vault::new();
        std::os::unix::fs::symlink("/dev/zero", vault.path()).unwrap();
        vault
    };
    let loose = {
        let vault = Vault::with(br#"{"tokens":{"bearer":{"scopes":["*"]}}}"#);
        set_mode(&vault.path(), 0o644);
        vault
    };
    let twice = br#"{"tokens":{"bearer":{"scopes":["*"]},"bearer":{"scopes":["*"]}}}"#;
    let marked = "\u{feff}{\"tokens\":{\"bearer\":{\"scopes\":[\"*\"]}}}";
    vec![
        ("100 MB", huge),
        ("pipe", pipe),
        ("device", device),
        ("readable by others", loose),
        ("a key twice", Vault::with(twice)),
        ("byte order mark", Vault::with(marked.as_bytes())),
    ]
}

#[tokio::test]
async fn what_is_no_store_is_refused_by_the_commands_and_admits_nobody_to_the_gateway() {
    for (name, vault) in odd_stores() {
        let error = vault.error(&["list"], 1).await;
        assert_eq!(error["code"], "TOKEN_STORE_UNREADABLE", "{name}");
        assert_eq!(
            vault.error(&["issue"], 1).await["code"],
            "TOKEN_ISSUE_FAILED",
            "{name}"
        );
        let gateway = start(&vault.scratch).await;
        assert_eq!(
            get(&gateway, Some("bearer"), "/v1/runs").await.status,
            401,
            "{name}"
        );
        assert_eq!(get(&gateway, None, "/health").await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn a_linked_store_is_changed_in_its_place_and_an_unsafe_link_is_refused() {
    let vault = Vault::new();
    let real = vault.scratch.path("real");
    std::fs::create_dir(&real).unwrap();
    set_mode(&real, 0o700);
    std::os::unix::fs::symlink("real/grants.json", vault.path()).unwrap();
    let issued = vault.json(&["issue"]).await;
    assert_eq!(
        issued["storePath"],
        real.join("grants.json").display().to_string()
    );
    let id = issued["grant"]["tokenId"].as_str().unwrap();
    vault.json(&["revoke", id]).await;
    assert!(
        std::fs::symlink_metadata(vault.path())
            .unwrap()
            .is_symlink()
    );
    set_mode(&real, 0o777);
    assert_eq!(
        vault.error(&["list"], 1).await["code"],
        "TOKEN_STORE_UNSAFE"
    );
}

#[tokio::test]
async fn what_tools_do_not_know_is_kept() {
    let store = json!({"version": 2, "note": "by hand", "tokens": {"bearer": {"scopes": [], "team": 1}}, "audit": [{"type": "issued"}]});
    let vault = Vault::with(store.to_string().as_bytes());
    vault.json(&["issue"]).await;
    let after: Value = serde_json::from_str(&vault.text("tokens.json")).unwrap();
    assert_eq!(
        (&after["note"], &after["tokens"]["bearer"], &after["audit"]),
        (&store["note"], &store["tokens"]["bearer"], &store["audit"])
    );
}
