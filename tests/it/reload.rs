//! A module that changes while the gateway serves.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, count, database, get, launch, log, scratch, start, until_true, wait_for,
};

/// A module whose task says `word`, with its text in a file beside it.
fn write(scratch: &Scratch, word: &str, kind: &str) {
    let word = format!("export const word = '{word}';\n");
    std::fs::write(scratch.path("word.ts"), word).unwrap();
    let module = format!(
        "import {{ Task, Workflow, createSmithers }} from 'smithers-orchestrator';
         import {{ z }} from 'zod';
         import {{ word }} from './word';
         const {{ smithers, outputs }} = createSmithers({{ said: z.object({{ word: {kind} }}) }});
         export default smithers(() => <Workflow name=\"say\"><Task id=\"say\" output={{outputs.said}}>{{{{ word }}}}</Task></Workflow>);"
    );
    std::fs::write(scratch.path("say.tsx"), module).unwrap();
}

fn saying(word: &str) -> Scratch {
    let mut scratch = scratch();
    write(&scratch, word, "z.string()");
    let module = scratch.path("say.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_LOG", "info");
    scratch
}

/// Runs the workflow and returns what its task said.
async fn said(gateway: &Gateway) -> Value {
    let run = uuid::Uuid::new_v4().to_string();
    launch(gateway, "say", &run, json!({})).await;
    wait_for(gateway, &run, "finished").await;
    let params = json!({ "runId": run, "nodeId": "say", "iteration": 0 });
    let output = gateway.expect(OPERATOR, "getNodeOutput", params).await;
    output.unwrap()["row"]["word"].clone()
}

/// Waits until a run says `word`.
async fn until_said(gateway: &Gateway, word: &str) {
    until_true("the new revision to be served", || async {
        said(gateway).await == word
    })
    .await;
}

async fn until_logged(scratch: &Scratch, text: &str) {
    until_true(text, || async { log(scratch).contains(text) }).await;
}

#[tokio::test]
async fn a_hangup_serves_the_changed_module_and_keeps_it_when_the_next_is_broken() {
    let scratch = saying("one");
    let gateway = start(&scratch).await;
    assert_eq!(said(&gateway).await, "one");
    write(&scratch, "two", "z.string()");
    gateway.signal("HUP").await.unwrap();
    until_said(&gateway, "two").await;

    std::fs::write(scratch.path("word.ts"), "export const word = ;\n").unwrap();
    gateway.signal("HUP").await.unwrap();
    until_logged(&scratch, "> 1 | export const word = ;").await;
    assert_eq!(said(&gateway).await, "two");

    write(&scratch, "3", "z.number()");
    gateway.signal("HUP").await.unwrap();
    until_logged(&scratch, "SCHEMA_CHANGE_HOT").await;
    assert_eq!(said(&gateway).await, "two");
    let deployments = "SELECT count(*) FROM _smithers_deployments";
    assert_eq!(count(&scratch, deployments), 2);
    let ended = format!("{deployments} WHERE stopped_at_ms IS NOT NULL");
    assert_eq!(count(&scratch, &ended), 1);
}

#[tokio::test]
async fn a_watched_module_is_served_when_one_of_its_files_changes() {
    let mut scratch = saying("one");
    scratch.set("SMITHERS_MODULE_WATCH", "true");
    let gateway = start(&scratch).await;
    assert_eq!(said(&gateway).await, "one");
    std::fs::write(scratch.path("word.ts"), "export const word = 'changed';\n").unwrap();
    until_said(&gateway, "changed").await;
}

#[tokio::test]
async fn a_file_that_was_missing_is_seen_when_it_comes_and_so_are_its_edits() {
    let mut scratch = saying("one");
    scratch.set("SMITHERS_MODULE_WATCH", "true");
    let gateway = start(&scratch).await;
    let word = scratch.path("word.ts");
    std::fs::write(&word, "export { word } from './later/other';\n").unwrap();
    until_logged(&scratch, "./later/other").await;
    assert_eq!(said(&gateway).await, "one");

    std::fs::create_dir(scratch.path("later")).unwrap();
    let other = scratch.path("later/other.ts");
    std::fs::write(&other, "export const word = ;\n").unwrap();
    until_logged(&scratch, "> 1 | export const word = ;").await;
    std::fs::write(&other, "export const word = 'late';\n").unwrap();
    until_said(&gateway, "late").await;
    for result in ["served", "refused"] {
        let name = format!("smithers_module_reloads_total{{result=\"{result}\"}}");
        until_true(&name, || async { counts(&gateway, &name).await }).await;
    }
}

/// Whether metric `name` is there.
async fn counts(gateway: &Gateway, name: &str) -> bool {
    let page = get(gateway, Some(OPERATOR), "/metrics").await;
    let text = String::from_utf8(page.body).unwrap();
    text.lines().any(|line| line.starts_with(name))
}

#[tokio::test]
async fn a_watched_module_follows_the_paths_of_its_tsconfig() {
    let mut scratch = saying("one");
    scratch.set("SMITHERS_MODULE_WATCH", "true");
    let paths = |target: &str| {
        let config = json!({ "compilerOptions": { "paths": { "@word": [target] } } });
        std::fs::write(scratch.path("tsconfig.json"), config.to_string()).unwrap();
    };
    paths("./first.ts");
    for word in ["first", "second"] {
        let text = format!("export const word = '{word}';\n");
        std::fs::write(scratch.path(&format!("{word}.ts")), text).unwrap();
    }
    let text = "export { word } from '@word';\n";
    std::fs::write(scratch.path("word.ts"), text).unwrap();
    let gateway = start(&scratch).await;
    assert_eq!(said(&gateway).await, "first");
    paths("./second.ts");
    until_said(&gateway, "second").await;
}

#[tokio::test]
async fn launches_during_reloads_end_and_run_on_the_revision_that_their_row_names() {
    let scratch = saying("0");
    let gateway = start(&scratch).await;
    for n in 0..40 {
        if n % 5 == 0 {
            write(&scratch, &n.to_string(), "z.string()");
            gateway.signal("HUP").await.unwrap();
        }
        launch(&gateway, "say", &format!("run-{n}"), json!({})).await;
    }
    for n in 0..40 {
        wait_for(&gateway, &format!("run-{n}"), "finished").await;
    }
    until_said(&gateway, "35").await;
    let mixed = "SELECT count(*) FROM (SELECT r.workflow_hash FROM said s
                 JOIN _smithers_runs r ON r.run_id = s.run_id
                 GROUP BY r.workflow_hash HAVING count(DISTINCT s.word) > 1)";
    let mixed = database(&scratch).query_row(mixed, [], |row| row.get::<_, u32>(0));
    assert_eq!(mixed.unwrap(), 0);
}
