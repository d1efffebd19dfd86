//! `smithers token exec`: what the command gets, what comes back, and what is refused.

use std::process::Stdio;

use serde_json::{Value, json};
use smithers_testkit::wait::until;

use crate::support::vault::Vault;
use crate::support::{PATIENCE, start};

fn kinds(vault: &Vault) -> Vec<String> {
    let kind = |record: &Value| record["type"].as_str().unwrap().to_owned();
    vault.records().iter().skip(2).map(kind).collect()
}

#[tokio::test]
async fn the_lines_of_the_reference_page_work() {
    let mut vault = Vault::new();
    let line = "smithers token issue --scopes run:read,run:write,approval:submit --ttl 1h --action-id gateway";
    let issued = vault.shell(&format!("{line} --json")).await;
    let issued: Value = serde_json::from_str(&issued.stdout).unwrap();
    let handle = issued["actionToken"]["handle"].as_str().unwrap();
    vault.scratch.set("H", handle);
    let gateway = start(&vault.scratch).await;
    let exec = "smithers token exec --handle $H --action-id gateway --scopes run:read --command \
                'curl -sS -H \"Authorization: Bearer $SMITHERS_API_KEY\" http://localhost:7331/v1/runs'";
    let exec = exec.replace("localhost:7331", gateway.address());
    let ended = vault.shell(&exec).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), r#"{"ok":true,"data":[]}"#),
        "{ended:?}"
    );
    let id = issued["grant"]["tokenId"].as_str().unwrap();
    let revoked = vault.shell(&format!("smithers token revoke {id}")).await;
    assert!(revoked.stdout.starts_with("revoked: true\n"), "{revoked:?}");
    assert_eq!(vault.shell(&exec).await.code, Some(1));
}

#[tokio::test]
async fn a_pipe_gets_the_bytes_of_the_command_only() {
    let vault = Vault::new();
    let (id, handle, bearer) = vault.issue(&[]).await;
    let ended = vault
        .run(&[
            "exec",
            "--handle",
            &handle,
            "--command",
            "printf '%s' \"$SMITHERS_API_KEY\"",
        ])
        .await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), bearer.as_str())
    );
    assert_eq!(
        ended.stderr,
        format!("ok: true\ntokenId: {id}\nactionId: gateway\n")
    );
}

#[tokio::test]
async fn on_a_terminal_the_result_follows_the_output_of_the_command() {
    let vault = Vault::new();
    let (id, handle, _) = vault.issue(&[]).await;
    let on_terminal = |flags: &str| {
        let line = format!("smithers token exec --handle {handle} {flags} -- echo done");
        format!("script -qec '{line} 2>err' /dev/null")
    };
    let ended = vault.shell(&on_terminal("")).await;
    let text = ended.stdout.replace('\r', "");
    assert!(
        text.contains(&format!(
            "done\nok: true\ntokenId: {id}\nactionId: gateway\n"
        )),
        "{text}"
    );
    let quiet = vault.shell(&on_terminal("--quiet")).await;
    assert!(!quiet.stdout.contains("ok: true"), "{quiet:?}");
    assert!(vault.text("err").starts_with("ok: true"));
}

#[tokio::test]
async fn the_exit_code_is_that_of_the_command_or_of_its_signal() {
    let vault = Vault::new();
    let (_, handle, _) = vault.issue(&[]).await;
    let cases = [
        ("exit 0", 0),
        ("exit 7", 7),
        ("no-such-command-anywhere", 127),
        ("kill -KILL $$", 137),
        ("kill -TERM $$", 143),
    ];
    for (command, code) in cases {
        let ended = vault
            .run(&["exec", "--handle", &handle, "--command", command])
            .await;
        assert_eq!(ended.code, Some(code), "{command}: {ended:?}");
        assert_eq!(
            ended.stderr.contains("[TOKEN_EXEC_FAILED]"),
            code != 0,
            "{ended:?}"
        );
    }
    let absent = vault
        .run(&["exec", "--handle", &handle, "--", "./no-such-program"])
        .await;
    assert_eq!(absent.code, Some(1), "{absent:?}");
    let ends: Vec<Value> = vault
        .records()
        .iter()
        .filter(|record| record["type"] == "action_finished")
        .map(|record| record["exitStatus"].clone())
        .collect();
    assert_eq!(ends, [0, 7, 127, 137, 143, 1]);
}

#[tokio::test]
async fn a_program_is_run_without_a_shell() {
    let vault = Vault::new();
    let (_, handle, _) = vault.issue(&[]).await;
    let ended = vault
        .run(&[
            "exec", "--handle", &handle, "--", "printf", "%s|", "$HOME", "a b", "--json",
        ])
        .await;
    assert_eq!(ended.stdout, "$HOME|a b|--json|", "{ended:?}");
}

#[tokio::test]
async fn a_refused_handle_starts_nothing_and_is_recorded() {
    let vault = Vault::new();
    let (id, handle, _) = vault.issue(&["--scopes", "run:read"]).await;
    let (_, short, _) = vault.issue(&["--ttl", "1"]).await;
    let cases: [(&[&str], &str); 4] = [
        (
            &["--handle", "smithers_action_none"],
            "action handle not found",
        ),
        (
            &["--handle", &handle, "--action-id", "other"],
            "action handle is not valid for this action",
        ),
        (
            &["--handle", &handle, "--scopes", "run:read,run:admin"],
            "missing required scope(s): run:admin",
        ),
        (&["--handle", &short], "action handle expired"),
    ];
    for (flags, message) in cases {
        let arguments = [&["exec", "--command", "touch started"], flags].concat();
        let error = vault.error(&arguments, 1).await;
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!("TOKEN_EXEC_FAILED"), &json!(message))
        );
    }
    vault.json(&["revoke", &id]).await;
    let error = vault
        .error(
            &["exec", "--handle", &handle, "--command", "touch started"],
            1,
        )
        .await;
    assert_eq!(error["message"], "action handle revoked");
    assert!(!vault.scratch.path("started").exists());
    let denied = kinds(&vault)
        .iter()
        .filter(|kind| *kind == "action_denied")
        .count();
    assert_eq!(denied, 5);
    assert!(
        !vault
            .text("tokens.json.audit.jsonl")
            .contains("touch started")
    );
}

#[tokio::test]
async fn wrong_usage_starts_nothing() {
    let vault = Vault::new();
    let (_, handle, _) = vault.issue(&[]).await;
    let exec = |flags: &[&'static str]| [&["exec", "--handle", &handle], flags].concat();
    let cases = [
        exec(&["--action-id", "", "--command", "touch started"]),
        exec(&["--env", "PATH", "--command", "touch started"]),
        exec(&["--env", "LD_PRELOAD", "--command", "touch started"]),
        exec(&["--env", "BASH_ENV", "--command", "touch started"]),
        exec(&["--env", "A-B", "--command", "touch started"]),
        exec(&["--command", "touch started", "--", "touch", "started"]),
        exec(&[]),
        vec!["exec", "--command", "touch started"],
    ];
    for arguments in cases {
        let error = vault.error(&arguments, 4).await;
        assert_eq!(error["code"], "VALIDATION_ERROR", "{arguments:?}");
    }
    assert!(!vault.scratch.path("started").exists());
    assert_eq!(kinds(&vault), Vec::<String>::new());
}

#[tokio::test]
async fn other_secrets_of_ours_are_not_passed_on_unless_named() {
    let mut vault = Vault::new();
    let (_, handle, bearer) = vault.issue(&[]).await;
    vault.scratch.set("SMITHERS_API_KEY", "outer-key");
    vault.scratch.set("SMITHERS_DEPLOY_SECRET", "outer-secret");
    vault.scratch.set("COPY", format!("Bearer {bearer}"));
    vault.scratch.set("ORDINARY", "yes");
    let names = |flags: &'static [&'static str]| {
        let arguments = [
            &["exec", "--handle", &handle, "--env", "BEARER"],
            flags,
            &["--", "env"],
        ]
        .concat();
        let vault = &vault;
        async move {
            let ended = vault.run(&arguments).await;
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let names = ended
                .stdout
                .lines()
                .filter_map(|line| Some(line.split_once('=')?.0.to_owned()));
            names.collect::<Vec<_>>()
        }
    };
    let has = |names: &[String], name: &str| names.iter().any(|known| known == name);
    let usual = names(&[]).await;
    for name in ["BEARER", "ORDINARY", "PATH"] {
        assert!(has(&usual, name), "{name} in {usual:?}");
    }
    for name in [
        "SMITHERS_API_KEY",
        "SMITHERS_TOKEN_STORE",
        "SMITHERS_DEPLOY_SECRET",
        "COPY",
    ] {
        assert!(!has(&usual, name), "{name} in {usual:?}");
    }
    let named = names(&["--inherit-env", "SMITHERS_TOKEN_STORE,COPY"]).await;
    assert!(
        has(&named, "SMITHERS_TOKEN_STORE")
            && has(&named, "COPY")
            && !has(&named, "SMITHERS_API_KEY")
    );
    let mut clean = names(&["--clean-env", "--inherit-env", "ORDINARY"]).await;
    clean.sort_unstable();
    assert_eq!(clean, ["BEARER", "ORDINARY", "PATH"]);
}

#[tokio::test]
async fn signals_reach_the_command_and_what_it_started() {
    let vault = Vault::new();
    let (_, handle, _) = vault.issue(&[]).await;
    let ready = vault.scratch.path("ready");
    let inner = format!(
        "trap 'exit 5' TERM; touch {}; while :; do sleep 0.05; done",
        ready.display()
    );
    // The shell waits for another shell: only a signal to the whole group ends both at once.
    let command = format!("sh -c \"{inner}\"; exit $?");
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut child = vault
            .command(&["exec", "--handle", &handle, "--command", &command])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = until("the command to run", PATIENCE, || async {
            Ok(ready.exists().then_some(()))
        });
        begun.await.unwrap();
        std::fs::remove_file(&ready).unwrap();
        let pid = child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", signal, &pid])
            .status();
        assert!(sent.unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, child.wait())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.code(), Some(code), "{signal}: {ended:?}");
    }
}

#[tokio::test]
async fn every_use_is_recorded_before_and_after_without_the_command() {
    let vault = Vault::new();
    let (id, handle, bearer) = vault.issue(&[]).await;
    vault
        .run(&[
            "exec",
            "--handle",
            &handle,
            "--scopes",
            "run:read",
            "--command",
            "echo very-special-words; exit 3",
        ])
        .await;
    assert_eq!(kinds(&vault), ["action_used", "action_finished"]);
    let records = vault.records();
    let (used, finished) = (&records[2], &records[3]);
    assert_eq!(
        (&used["tokenId"], &used["actionId"]),
        (&json!(id), &json!("gateway"))
    );
    assert_eq!(
        (&used["scopes"], &used["env"]),
        (&json!(["run:read"]), &json!("SMITHERS_API_KEY"))
    );
    assert_eq!(used["handleId"], records[1]["handleId"]);
    assert_eq!(used["commandSha256"].as_str().unwrap().len(), 64);
    assert!(used["pid"].is_u64() && finished["durationMs"].is_u64());
    assert_eq!(finished["exitStatus"], 3);
    let trail = vault.text("tokens.json.audit.jsonl");
    for secret in [bearer.as_str(), &handle, "very-special-words"] {
        assert!(!trail.contains(secret), "{trail}");
    }
}
