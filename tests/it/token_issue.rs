//! `smithers token issue` and what shows its result.

use serde_json::json;

use crate::support::vault::Vault;

#[tokio::test]
async fn default_output_never_holds_the_bearer_in_any_format() {
    let vault = Vault::new();
    let formats = ["toon", "json", "yaml", "md", "jsonl", "table"];
    let more: [&[&str]; 3] = [
        &[],
        &["--full-output"],
        &["--filter-output", "token,grant.secret"],
    ];
    let mut outputs = String::new();
    for format in formats {
        for flags in more {
            let ended = vault
                .run(&[&["issue", "--format", format], flags].concat())
                .await;
            assert_eq!(ended.code, Some(0), "{ended:?}");
            outputs.push_str(&ended.stdout);
            outputs.push_str(&ended.stderr);
        }
    }
    for (command, flag) in [("list", "--active"), ("audit", "--verify")] {
        outputs.push_str(&vault.run(&[command, flag, "--json"]).await.stdout);
    }
    let secrets: serde_json::Value =
        serde_json::from_str(&vault.text("tokens.json.secrets")).unwrap();
    let bearers = secrets["bearers"].as_object().unwrap();
    assert_eq!(bearers.len(), 18);
    for bearer in bearers.values() {
        let secret = &bearer.as_str().unwrap()["smithers_".len()..];
        assert!(!outputs.contains(secret));
        assert!(!vault.text("tokens.json").contains(secret));
        assert!(!vault.text("tokens.json.audit.jsonl").contains(secret));
    }
}

#[tokio::test]
async fn the_bearer_is_printed_when_it_is_asked_for_and_that_is_recorded() {
    let vault = Vault::new();
    let issued = vault.json(&["issue", "--reveal-token"]).await;
    let token = issued["token"].as_str().unwrap();
    assert!(
        token.starts_with("smithers_") && token.len() == 52,
        "{token}"
    );
    assert_eq!(issued["grant"]["secret"], token);
    assert_eq!(issued.as_object().unwrap().keys().next().unwrap(), "token");
    vault.json(&["issue"]).await;
    let revealed: Vec<_> = vault
        .records()
        .iter()
        .filter(|record| record["type"] == "issued")
        .map(|record| record["revealed"].clone())
        .collect();
    assert_eq!(revealed, [true, false]);
}

#[tokio::test]
async fn the_answer_has_the_published_form() {
    let vault = Vault::new();
    let issued = vault
        .json(&[
            "issue",
            "--scopes",
            " run:read,, run:write ",
            "--user-id",
            "user:ana",
        ])
        .await;
    let grant = &issued["grant"];
    assert_eq!(grant["scopes"], json!(["run:read", "run:write"]));
    assert_eq!(
        (&grant["role"], &grant["userId"]),
        (&json!("operator"), &json!("user:ana"))
    );
    let lifetime = grant["expiresAtMs"].as_u64().unwrap() - grant["issuedAtMs"].as_u64().unwrap();
    assert_eq!(lifetime, 3_600_000);
    let (id, hash) = (
        grant["tokenId"].as_str().unwrap(),
        grant["tokenHash"].as_str().unwrap(),
    );
    assert!(hash.len() == 64 && id.len() == 16 && hash.starts_with(id));
    let action = &issued["actionToken"];
    assert_eq!(
        (&action["tokenId"], &action["actionId"]),
        (&grant["tokenId"], &json!("gateway"))
    );
    assert_eq!(action["scopes"], grant["scopes"]);
    assert!(
        action["handle"]
            .as_str()
            .unwrap()
            .starts_with("smithers_action_")
    );
    assert_eq!(issued["storePath"], vault.path().display().to_string());
    assert!(issued.get("token").is_none() && grant.get("secret").is_none());
}

#[tokio::test]
async fn the_default_form_is_toon_and_the_bearer_can_be_piped_by_its_path() {
    let vault = Vault::new();
    let ended = vault.run(&["issue", "--reveal-token"]).await;
    assert!(ended.stdout.starts_with("token: smithers_"), "{ended:?}");
    assert!(ended.stdout.contains("\ngrant:\n  tokenId: "), "{ended:?}");
    let bare = vault
        .run(&["issue", "--filter-output", "actionToken.handle"])
        .await;
    assert!(bare.stdout.starts_with("smithers_action_") && bare.stdout.lines().count() == 1);
}

#[tokio::test]
async fn the_default_store_is_in_the_home_folder() {
    let mut vault = Vault::new();
    vault.scratch.unset("SMITHERS_TOKEN_STORE");
    let home = vault.scratch.path("home");
    std::fs::create_dir(&home).unwrap();
    vault.scratch.set("HOME", home.display().to_string());
    let issued = vault.json(&["issue"]).await;
    let store = home.join(".smithers/tokens.json");
    assert_eq!(issued["storePath"], store.display().to_string());
    assert_eq!(crate::support::vault::mode(&home.join(".smithers")), 0o700);
}

#[tokio::test]
async fn lifetimes_are_bounded() {
    let vault = Vault::new();
    let too_long: [&[&str]; 5] = [
        &["--ttl", "10000d"],
        &["--ttl", "721h"],
        &["--ttl", "25h", "--scopes", "approval:submit"],
        &["--ttl", "25h", "--scopes", "run:admin"],
        &["--ttl", "2d", "--scopes", "*"],
    ];
    for flags in too_long {
        let error = vault.error(&[&["issue"], flags].concat(), 1).await;
        assert_eq!(error["code"], "TTL_TOO_LONG", "{flags:?}");
    }
    for bad in ["", "0", "-1h", "1w", "soon", "1h30m"] {
        let flag = format!("--ttl={bad}");
        let error = vault.error(&["issue", &flag], 1).await;
        assert_eq!(error["code"], "INVALID_DURATION", "{bad:?}");
    }
    assert!(!vault.path().exists(), "nothing was begun");
    vault.json(&["issue", "--ttl", "30d"]).await;
    vault
        .json(&["issue", "--ttl", "24h", "--scopes", "*"])
        .await;
}

#[tokio::test]
async fn an_operator_sets_the_longest_lifetime() {
    let mut vault = Vault::new();
    vault.scratch.set("SMITHERS_TOKEN_MAX_TTL", "2h");
    vault.json(&["issue", "--ttl", "2h"]).await;
    let error = vault.error(&["issue", "--ttl", "2.1h"], 1).await;
    assert_eq!(error["code"], "TTL_TOO_LONG");
    vault.scratch.set("SMITHERS_TOKEN_MAX_TTL", "often");
    assert_eq!(vault.error(&["issue"], 1).await["code"], "INVALID_DURATION");
}

#[tokio::test]
async fn a_lifetime_without_unit_is_milliseconds_and_a_short_one_is_warned_about() {
    let vault = Vault::new();
    let ended = vault.run(&["issue", "--ttl", "500"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("warning: the token lives for 500 milliseconds only")
    );
    assert!(
        vault
            .run(&["issue", "--ttl", "3600000"])
            .await
            .stderr
            .is_empty()
    );
}

#[tokio::test]
async fn scopes_that_nobody_knows_or_that_are_missing_are_refused() {
    let vault = Vault::new();
    let error = vault
        .error(&["issue", "--scopes", "run:read,bogus:scope"], 1)
        .await;
    assert_eq!(error["code"], "UNKNOWN_SCOPE");
    assert!(error["message"].as_str().unwrap().contains("bogus:scope"));
    assert_eq!(
        vault.error(&["issue", "--scopes", ""], 1).await["code"],
        "EMPTY_SCOPES"
    );
    assert!(!vault.path().exists());
    vault
        .json(&["issue", "--scopes", "bogus:scope", "--allow-unknown-scope"])
        .await;
    vault
        .json(&["issue", "--scopes", "", "--allow-empty"])
        .await;
    vault
        .json(&["issue", "--scopes", "approval:read getRun runs.*"])
        .await;
}

#[tokio::test]
async fn names_without_form_are_wrong_usage() {
    let vault = Vault::new();
    let long = "u".repeat(257);
    let cases: [&[&str]; 6] = [
        &["--action-id", ""],
        &["--user-id", &long],
        &["--user-id", "team:release"],
        &["--user-id", "system:expiry"],
        &["--role", "two\nlines"],
        &["--nonsense"],
    ];
    for flags in cases {
        let error = vault.error(&[&["issue"], flags].concat(), 4).await;
        assert_eq!(error["code"], "VALIDATION_ERROR", "{flags:?}");
    }
    assert!(!vault.path().exists());
}

#[tokio::test]
async fn a_token_that_launches_and_approves_is_issued_with_a_warning() {
    let vault = Vault::new();
    let both = vault
        .run(&["issue", "--scopes", "run:write,approval:submit"])
        .await;
    assert_eq!(both.code, Some(0), "{both:?}");
    assert!(
        both.stderr
            .contains("warning: this token can launch runs and approve"),
        "{both:?}"
    );
    assert!(
        vault
            .run(&["issue", "--scopes", "run:write"])
            .await
            .stderr
            .is_empty()
    );
}

#[tokio::test]
async fn the_recommended_scopes_are_profiles_with_their_lifetimes() {
    let vault = Vault::new();
    let minute = 60_000;
    let profiles = [
        (
            "dashboard",
            json!(["run:read", "approval:read"]),
            480 * minute,
        ),
        ("launcher", json!(["run:read", "run:write"]), 60 * minute),
        (
            "approver",
            json!(["run:read", "approval:read", "approval:submit"]),
            15 * minute,
        ),
        (
            "operator",
            json!(["run:read", "run:write", "approval:submit"]),
            60 * minute,
        ),
    ];
    for (profile, scopes, lifetime) in profiles {
        let grant = vault.json(&["issue", "--profile", profile]).await["grant"].clone();
        assert_eq!(grant["scopes"], scopes, "{profile}");
        let end = grant["expiresAtMs"].as_u64().unwrap();
        assert_eq!(
            end - grant["issuedAtMs"].as_u64().unwrap(),
            lifetime,
            "{profile}"
        );
    }
    let error = vault
        .error(&["issue", "--profile", "dashboard", "--scopes", "*"], 4)
        .await;
    assert_eq!(error["code"], "VALIDATION_ERROR");
}

#[tokio::test]
async fn the_store_of_older_tools_is_read_written_on_request_and_upgraded() {
    let store = json!({"version": 2, "tokens": {"by-hand-token": {"scopes": ["run:read"], "team": "blue"}}});
    let vault = Vault::with(store.to_string().as_bytes());
    let ended = vault.run(&["issue"]).await;
    assert!(ended.stderr.contains("note: 1 older entries"), "{ended:?}");
    let (_, _, plain) = vault.issue(&["--store-format", "2"]).await;
    assert!(vault.text("tokens.json").contains(&plain));
    let upgraded = vault.json(&["upgrade"]).await;
    assert_eq!(
        (&upgraded["upgraded"], &upgraded["version"]),
        (&json!(2), &json!(3))
    );
    let text = vault.text("tokens.json");
    assert!(!text.contains(&plain) && !text.contains("by-hand-token"));
    assert!(text.contains("\"team\": \"blue\""));
}

#[tokio::test]
async fn a_store_in_the_old_shape_is_begun_on_request() {
    let vault = Vault::new();
    let (_, handle, bearer) = vault.issue(&["--store-format", "2"]).await;
    let store: serde_json::Value = serde_json::from_str(&vault.text("tokens.json")).unwrap();
    assert_eq!(store["version"], 2);
    assert_eq!(store["tokens"][&bearer]["secret"], bearer);
    assert_eq!(store["actionTokens"][&handle]["handle"], handle);
}

#[tokio::test]
async fn tokens_are_listed_and_shown_by_state_and_user_without_secrets() {
    let vault = Vault::new();
    let (ana, _, _) = vault.issue(&["--user-id", "user:ana"]).await;
    let (bob, handle, bearer) = vault.issue(&["--user-id", "user:bob"]).await;
    vault.json(&["issue", "--ttl", "1"]).await;
    vault.json(&["revoke", &ana, "--reason", "left"]).await;
    let count = |list: serde_json::Value| list.as_array().unwrap().len();
    assert_eq!(count(vault.json(&["list"]).await), 3);
    assert_eq!(vault.json(&["list", "--active"]).await[0]["tokenId"], bob);
    assert_eq!(
        vault.json(&["list", "--revoked"]).await[0]["revokedReason"],
        "left"
    );
    assert_eq!(count(vault.json(&["list", "--expired"]).await), 1);
    assert_eq!(
        vault.json(&["list", "--user-id", "user:bob"]).await[0]["tokenId"],
        bob
    );
    let shown = vault.json(&["show", &bob]).await;
    assert_eq!(shown["actionTokens"][0]["actionId"], "gateway");
    let table = vault.run(&["list"]).await.stdout;
    assert!(
        table.starts_with("ID ") && table.contains("revoked"),
        "{table}"
    );
    for text in [table, shown.to_string()] {
        assert!(!text.contains(&handle) && !text.contains(&bearer), "{text}");
    }
    assert_eq!(
        vault.error(&["show", "nobody"], 1).await["code"],
        "TOKEN_NOT_FOUND"
    );
}

#[tokio::test]
async fn a_further_handle_and_a_rotation_keep_within_the_grant() {
    let vault = Vault::new();
    let (id, handle, _) = vault.issue(&["--scopes", "run:write"]).await;
    let mint = ["mint-action", "--token-id", &id, "--action-id", "nightly"];
    let minted = vault
        .json(&[&mint[..], &["--scopes", "run:read", "--ttl", "10m"]].concat())
        .await;
    assert_eq!(minted["actionToken"]["scopes"], json!(["run:read"]));
    let wide = vault
        .error(&[&mint[..], &["--scopes", "approval:submit"]].concat(), 1)
        .await;
    assert_eq!(wide["code"], "SCOPE_NOT_GRANTED");
    let long = vault
        .error(&[&mint[..], &["--ttl", "2h"]].concat(), 1)
        .await;
    assert_eq!(long["code"], "TTL_TOO_LONG");
    let rotated = vault
        .json(&["rotate", "--token-id", &id, "--grace", "1"])
        .await;
    assert_eq!(rotated["rotated"], id);
    assert_eq!(rotated["grant"]["scopes"], json!(["run:write"]));
    assert_eq!(rotated["actionTokens"].as_array().unwrap().len(), 2);
    let old = vault
        .error(&["exec", "--handle", &handle, "--command", "true"], 1)
        .await;
    assert_eq!(old["message"], "grant expired");
    let handle = rotated["actionTokens"][0]["handle"].as_str().unwrap();
    let new = vault
        .run(&["exec", "--handle", handle, "--command", "true"])
        .await;
    assert_eq!(new.code, Some(0), "{new:?}");
}

#[tokio::test]
async fn ended_tokens_are_pruned_and_their_records_stay() {
    let vault = Vault::new();
    let (id, _, _) = vault.issue(&["--ttl", "1"]).await;
    vault.json(&["issue"]).await;
    let preview = vault
        .json(&["prune", "--older-than", "1", "--dry-run"])
        .await;
    assert_eq!(preview["tokenIds"], json!([id]));
    assert_eq!(vault.json(&["list"]).await.as_array().unwrap().len(), 2);
    assert_eq!(
        vault.json(&["prune", "--older-than", "1"]).await["pruned"],
        1
    );
    assert_eq!(vault.json(&["list"]).await.as_array().unwrap().len(), 1);
    let records = vault.json(&["audit", "--token-id", &id, "--verify"]).await;
    let kinds: Vec<_> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["type"])
        .collect();
    assert_eq!(kinds, ["issued", "action_issued", "pruned"]);
}

#[tokio::test]
async fn the_audit_trail_is_printed_by_age_and_checked() {
    let vault = Vault::new();
    let (id, _, _) = vault.issue(&[]).await;
    vault.json(&["revoke", &id]).await;
    assert_eq!(
        vault
            .json(&["audit", "--since", "1h"])
            .await
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let lines = vault.run(&["audit", "--format", "jsonl"]).await.stdout;
    assert_eq!(lines.lines().count(), 3);
    let trail = vault.scratch.path("tokens.json.audit.jsonl");
    std::fs::write(
        &trail,
        vault
            .text("tokens.json.audit.jsonl")
            .replacen("operator", "nobody", 1),
    )
    .unwrap();
    let ended = vault.run(&["audit", "--verify"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("line 2 of the audit trail")
            && ended.stderr.contains("[TOKEN_AUDIT_BROKEN]")
    );
    assert!(
        vault
            .run(&["audit"])
            .await
            .stderr
            .starts_with("warning: line 2")
    );
}
