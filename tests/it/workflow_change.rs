//! Runs whose module has changed while they waited.

use serde_json::json;
use smithers_testkit::Scratch;
use smithers_testkit::wait::until;

use crate::support::{
    OPERATOR, Operator, PATIENCE, approve, count, launch, refusal, scratch, start, wait_for,
};

/// A module that asks, and whose task then says `word`.
fn write(scratch: &Scratch, word: &str) {
    write_asking(scratch, "Say it?", word);
}

/// The same with a question of its own.
fn write_asking(scratch: &Scratch, question: &str, word: &str) {
    let module = format!(
        "import {{ Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers }} from 'smithers-orchestrator';
         import {{ z }} from 'zod';
         const {{ smithers, outputs }} = createSmithers({{ said: z.object({{ word: z.string() }}), decided: approvalDecisionSchema }});
         export default smithers(() => <Workflow name=\"say\"><Sequence>
           <Approval id=\"approve\" output={{outputs.decided}} request={{{{ title: '{question}' }}}} />
           <Task id=\"say\" output={{outputs.said}}>{{{{ word: '{word}' }}}}</Task>
         </Sequence></Workflow>);"
    );
    std::fs::write(scratch.path("say.tsx"), module).unwrap();
}

fn asking() -> Scratch {
    let mut scratch = scratch();
    write(&scratch, "one");
    let module = scratch.path("say.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

/// Launches runs that wait, and changes the module while no gateway serves it.
async fn launched_and_changed(scratch: &Scratch, runs: &[&str]) {
    let gateway = start(scratch).await;
    for id in runs {
        launch(&gateway, "say", id, json!({})).await;
        wait_for(&gateway, id, "waiting-approval").await;
    }
    gateway.stop().await.unwrap();
    write(scratch, "two");
}

fn said(scratch: &Scratch, run: &str) -> i64 {
    count(
        scratch,
        &format!("SELECT count(*) FROM said WHERE run_id = '{run}' AND word = 'two'"),
    )
}

fn changes(scratch: &Scratch, outcome: &str) -> i64 {
    let sql = "SELECT count(*) FROM _smithers_audit WHERE kind = 'workflow-change'";
    count(scratch, &format!("{sql} AND outcome = '{outcome}'"))
}

#[tokio::test]
async fn a_run_of_a_changed_module_is_held_with_its_decision_until_the_change_is_accepted() {
    let scratch = asking();
    launched_and_changed(&scratch, &["r1", "r2"]).await;
    let gateway = start(&scratch).await;
    approve(&gateway, "r1").await.unwrap();
    let held = wait_for(&gateway, "r1", "paused").await;
    let error: serde_json::Value =
        serde_json::from_str(held["errorJson"].as_str().unwrap()).unwrap();
    assert_eq!(error["code"], "RESUME_METADATA_MISMATCH");
    let resume = json!({ "runId": "r1" });
    let refused = refusal(&gateway, OPERATOR, "resumeRun", resume).await;
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (409, "RESUME_METADATA_MISMATCH")
    );
    assert_eq!((said(&scratch, "r1"), changes(&scratch, "held")), (0, 1));

    let accept = json!({ "runId": "r1", "options": { "acceptWorkflowChange": true } });
    let answer = gateway.expect(OPERATOR, "resumeRun", accept).await;
    assert_eq!(answer.unwrap()["status"], "resume_requested");
    let ended = wait_for(&gateway, "r1", "finished").await;
    assert_eq!(ended["errorJson"], json!(null));
    assert_eq!(
        (said(&scratch, "r1"), changes(&scratch, "accepted")),
        (1, 1)
    );
    let untouched = gateway.expect(OPERATOR, "getRun", json!({ "runId": "r2" }));
    assert_eq!(untouched.await.unwrap()["status"], "waiting-approval");
}

#[tokio::test]
async fn an_answer_does_not_count_for_the_other_question_of_a_changed_module() {
    let mut scratch = asking();
    launched_and_changed(&scratch, &["r1"]).await;
    write_asking(&scratch, "Say two?", "two");
    scratch.set("SMITHERS_WORKFLOW_CHANGE", "accept");
    let gateway = start(&scratch).await;
    approve(&gateway, "r1").await.unwrap();
    let asked = until("the other question to be asked", PATIENCE, || async {
        let rows = gateway.expect(OPERATOR, "listApprovals", json!({})).await?;
        Ok((rows[0]["requestTitle"] == "Say two?").then_some(()))
    });
    asked.await.unwrap();
    assert_eq!(said(&scratch, "r1"), 0);
    approve(&gateway, "r1").await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(said(&scratch, "r1"), 1);
}

#[tokio::test]
async fn the_command_line_tells_what_to_do_with_a_held_run_and_does_it() {
    let scratch = asking();
    launched_and_changed(&scratch, &["r1"]).await;
    let operator = Operator::with(scratch).await;
    let refused = operator.run(&["runs", "resume", "r1"]).await;
    assert_ne!(refused.code, Some(0), "{}", refused.stdout);
    let hint = "--accept-workflow-change";
    assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    let told = operator.run(&["runs", "resume", "r1", hint]).await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    approve(&operator.gateway, "r1").await.unwrap();
    wait_for(&operator.gateway, "r1", "finished").await;
    assert_eq!(said(&operator.scratch, "r1"), 1);
}

#[tokio::test]
async fn a_gateway_that_accepts_changes_lets_runs_go_on_with_the_new_module() {
    let mut scratch = asking();
    launched_and_changed(&scratch, &["r1"]).await;
    scratch.set("SMITHERS_WORKFLOW_CHANGE", "accept");
    let gateway = start(&scratch).await;
    approve(&gateway, "r1").await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(
        (said(&scratch, "r1"), changes(&scratch, "accepted")),
        (1, 1)
    );
}
