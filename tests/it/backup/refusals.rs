//! What is refused, with a code and a hint.

use serde_json::json;

use super::{back_up, destroy};
use crate::support::{Operator, error_of, launch, run, scratch, start};

#[tokio::test]
async fn a_restore_onto_a_running_gateway_is_refused_with_force_too() {
    let operator = Operator::start().await;
    let backup = back_up(&operator.scratch).await.display().to_string();
    let to = operator.scratch.database().display().to_string();
    let error = operator
        .error(&["backup", "restore", &backup, "--to", &to, "--force"])
        .await;
    assert_eq!(error["code"], "DB_IN_USE", "{error}");
    let holder = format!("process {}", operator.gateway.process_id().unwrap());
    assert!(
        error["message"].as_str().unwrap().contains(&holder),
        "{error}"
    );
    launch(&operator.gateway, "chain", "r1", json!({})).await;
}

#[tokio::test]
async fn a_restore_over_a_database_needs_force() {
    let scratch = scratch();
    start(&scratch).await.stop().await.unwrap();
    let backup = back_up(&scratch).await.display().to_string();
    let to = scratch.database().display().to_string();
    let restore = ["backup", "restore", &backup, "--to", &to, "--json"];
    let ended = run(&scratch, &restore).await;
    assert_eq!(ended.code, Some(1));
    let error = error_of(&ended);
    assert_eq!(error["code"], "TARGET_EXISTS", "{error}");
    assert!(
        error["hint"].as_str().unwrap().contains("--force"),
        "{error}"
    );
    let forced = run(&scratch, &[&restore[..], &["--force"]].concat()).await;
    assert_eq!(forced.code, Some(0), "{forced:?}");
    start(&scratch).await;
}

#[tokio::test]
async fn damage_is_named_and_the_database_stays_as_it_was() {
    let scratch = scratch();
    start(&scratch).await.stop().await.unwrap();
    let backup = back_up(&scratch).await;
    let copy = std::fs::read_dir(&backup)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    bytes[20_000] ^= 4;
    std::fs::write(&copy, bytes).unwrap();
    let before = std::fs::read(scratch.database()).unwrap();
    let (folder, to) = (
        backup.display().to_string(),
        scratch.database().display().to_string(),
    );
    for command in [
        &["backup", "verify", &folder, "--json"][..],
        &[
            "backup", "restore", &folder, "--to", &to, "--force", "--json",
        ],
    ] {
        let ended = run(&scratch, command).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let error = error_of(&ended);
        assert_eq!(error["code"], "BACKUP_UNSOUND", "{error}");
        assert!(
            error["message"].as_str().unwrap().contains("was changed"),
            "{error}"
        );
    }
    assert_eq!(std::fs::read(scratch.database()).unwrap(), before);
}

#[tokio::test]
async fn there_is_no_backup_of_a_database_that_does_not_exist() {
    let scratch = scratch();
    destroy(&scratch);
    let ended = run(&scratch, &["backup", "create", "--json"]).await;
    let error = error_of(&ended);
    assert_eq!(error["code"], "DB_NOT_FOUND", "{error}");
    assert!(!scratch.database().exists());
    let ended = run(&scratch, &["backup", "verify", "nowhere", "--json"]).await;
    assert_eq!(error_of(&ended)["code"], "BACKUP_NOT_FOUND", "{ended:?}");
}
