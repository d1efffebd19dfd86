//! The trail on its way out: exports, the copy that grows, signed checkpoints, and what a check finds.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::Scratch;
use smithers_testkit::wait::until;

use crate::support::{Ended, PATIENCE, count, launch, run, scratch, start, wait_for};

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Launches runs, so that each leaves a row, and stops the gateway.
async fn rows(scratch: &Scratch, names: &[&str]) {
    let gateway = start(scratch).await;
    for name in names {
        launch(&gateway, "chain", name, json!({})).await;
        wait_for(&gateway, name, "finished").await;
    }
    gateway.stop().await.unwrap();
}

async fn verify(scratch: &Scratch, arguments: &[&str]) -> (Ended, Value) {
    let arguments = [&["audit", "verify", "--json"], arguments].concat();
    let ended = run(scratch, &arguments).await;
    let answer = serde_json::from_str(&ended.stdout).unwrap_or(Value::Null);
    (ended, answer)
}

/// The trail of the database must not hold from row `seq` on, for the reason `why`.
async fn breaks_at(scratch: &Scratch, seq: i64, why: &str, arguments: &[&str]) {
    let (ended, _) = verify(scratch, arguments).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("row {seq}: {why}");
    assert!(ended.stderr.contains(&told), "{told}: {ended:?}");
    assert!(ended.stderr.contains("AUDIT_BROKEN"), "{ended:?}");
}

/// Does by hand what no operator is allowed to do, and leaves everything else as it was.
fn tamper(scratch: &Scratch, sql: &str) {
    let database = Connection::open(scratch.database()).unwrap();
    let triggers =
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '_smithers_audit'";
    let mut statement = database.prepare(triggers).unwrap();
    let triggers = statement.query_map([], |row| row.get::<_, String>(0));
    let triggers: Vec<String> = triggers.unwrap().map(Result::unwrap).collect();
    let drop = "DROP TRIGGER _smithers_audit_keep; DROP TRIGGER _smithers_audit_fixed;
                DROP TRIGGER _smithers_audit_once;";
    database.execute_batch(drop).unwrap();
    database.execute_batch(sql).unwrap();
    database.execute_batch(&triggers.join(";")).unwrap();
}

#[tokio::test]
async fn the_chain_shows_a_row_that_was_changed_after_the_triggers_were_dropped() {
    let scratch = scratch();
    rows(&scratch, &["a", "b", "c"]).await;
    let (ended, answer) = verify(&scratch, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(answer["publicKey"].as_str().map(str::len), Some(64));
    assert!(answer["checkpoints"].as_u64() >= Some(1), "{answer}");
    tamper(
        &scratch,
        "UPDATE _smithers_audit SET actor_id = 'user:other' WHERE seq = 4",
    );
    breaks_at(&scratch, 4, "it does not follow", &[]).await;
}

#[tokio::test]
async fn a_tail_that_was_cut_off_or_rewritten_as_a_sound_chain_shows_by_its_checkpoints() {
    let scratch = scratch();
    rows(&scratch, &["a", "b"]).await;
    let newest = count(&scratch, "SELECT max(seq) FROM _smithers_audit");
    tamper(
        &scratch,
        "DELETE FROM _smithers_audit WHERE seq = (SELECT max(seq) FROM _smithers_audit)",
    );
    breaks_at(&scratch, newest, "it was signed, and the trail ends", &[]).await;
    // The next rows take the place of the one that is gone: the chain holds, and is another one.
    rows(&scratch, &["c"]).await;
    breaks_at(&scratch, newest, "it is not the one that was signed", &[]).await;
}

#[tokio::test]
async fn checkpoints_count_only_when_a_trusted_key_has_signed_them() {
    let scratch = scratch();
    rows(&scratch, &["a"]).await;
    let (_, answer) = verify(&scratch, &[]).await;
    let noted = answer["publicKey"].as_str().unwrap();
    let (ended, _) = verify(&scratch, &["--public-key", noted]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Whoever can write beside the database signs anew with a key of their own.
    for suffix in ["-key", "-checkpoints.jsonl"] {
        let name = format!("{}.audit{suffix}", shown(&scratch.database()));
        std::fs::remove_file(name).unwrap();
    }
    rows(&scratch, &["b"]).await;
    let (ended, _) = verify(&scratch, &["--public-key", noted]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let why = "its checkpoint is not signed with a key that is trusted";
    assert!(ended.stderr.contains(why), "{ended:?}");
}

#[tokio::test]
async fn an_export_that_was_cut_off_goes_on_after_its_last_whole_line() {
    let scratch = scratch();
    rows(&scratch, &["a", "b", "c"]).await;
    let (whole, cut) = (scratch.path("whole.jsonl"), scratch.path("cut.jsonl"));
    let export = ["audit", "export", "--json", "--out", &shown(&whole)];
    let ended = run(&scratch, &export).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let text = std::fs::read_to_string(&whole).unwrap();
    let footer: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(footer, said);

    std::fs::write(&cut, &text[..text.len() * 2 / 3]).unwrap();
    let (ended, answer) = verify(&scratch, &[&shown(&cut)]).await;
    assert_eq!((ended.code, &answer["complete"]), (Some(0), &json!(false)));
    let ended = run(&scratch, &["audit", "export", "--resume", &shown(&cut)]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(std::fs::read_to_string(&cut).unwrap(), text);

    let forged = text.replacen("\"accepted\"", "\"denied\"", 1);
    std::fs::write(&cut, forged).unwrap();
    let (ended, _) = verify(&scratch, &[&shown(&cut)]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(run(&scratch, &export).await.code, Some(1), "it exists");
}

#[tokio::test]
async fn the_copy_has_every_row_once_over_restarts_and_deaths() {
    let mut scratch = scratch();
    let sink = scratch.path("sink.jsonl");
    rows(&scratch, &["before"]).await;
    scratch.set("SMITHERS_AUDIT_SINK", shown(&sink));
    rows(&scratch, &["a", "b"]).await;
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "c", json!({})).await;
    wait_for(&gateway, "c", "finished").await;
    gateway.kill9().await.unwrap();
    // What a death in the middle of a line would leave.
    let text = std::fs::read_to_string(&sink).unwrap();
    std::fs::write(&sink, text + "{\"seq\":99,\"rec").unwrap();
    rows(&scratch, &["d"]).await;
    let (ended, answer) = verify(&scratch, &[&shown(&sink)]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let all = count(&scratch, "SELECT max(seq) FROM _smithers_audit");
    assert_eq!(
        (&answer["rows"], &answer["lastSeq"]),
        (&json!(all), &json!(all))
    );
}

#[tokio::test]
async fn a_copy_with_rows_that_the_trail_has_lost_is_kept_and_a_new_one_begins() {
    let mut scratch = scratch();
    let sink = scratch.path("sink.jsonl");
    scratch.set("SMITHERS_AUDIT_SINK", shown(&sink));
    rows(&scratch, &["a"]).await;
    let before = std::fs::read_to_string(&sink).unwrap();
    let newest = count(&scratch, "SELECT max(seq) FROM _smithers_audit");
    tamper(
        &scratch,
        "DELETE FROM _smithers_audit WHERE seq = (SELECT max(seq) FROM _smithers_audit)",
    );
    rows(&scratch, &["b"]).await;
    let (ended, answer) = verify(&scratch, &[&shown(&sink)]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let all = count(&scratch, "SELECT max(seq) FROM _smithers_audit");
    assert_eq!(answer["lastSeq"], all);
    let folder = std::fs::read_dir(sink.parent().unwrap()).unwrap();
    let begin = format!("sink.jsonl.{newest}-");
    let kept = folder.map(|entry| entry.unwrap().path()).find(|path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(&begin)
    });
    assert_eq!(std::fs::read_to_string(kept.unwrap()).unwrap(), before);
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_holds_nobody_up_and_catches_up_later() {
    let mut scratch = scratch();
    let sink = scratch.path("sink");
    std::fs::create_dir(&sink).unwrap();
    scratch.set("SMITHERS_AUDIT_SINK", shown(&sink));
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "a", json!({})).await;
    wait_for(&gateway, "a", "finished").await;
    let told = until("a warning", PATIENCE, || async {
        let log = crate::support::log(&scratch);
        Ok(log.contains("is not copied or signed").then_some(()))
    });
    told.await.unwrap();
    std::fs::remove_dir(&sink).unwrap();
    let copied = until("the row to reach the copy", PATIENCE, || async {
        let text = std::fs::read_to_string(&sink).unwrap_or_default();
        Ok(text.contains("\"kind\":\"launch\"").then_some(()))
    });
    copied.await.unwrap();
    gateway.stop().await.unwrap();
}
