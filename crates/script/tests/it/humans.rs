//! HumanTasks: what a person is asked for, and what the task does with the answer.

use serde_json::json;
use smithers_model::ownership::OnExpire;
use smithers_model::tree::TaskBody;
use smithers_model::workflow::CallError;

use crate::driver::wait;
use crate::rules::frame;

#[test]
fn a_human_task_asks_for_a_row_and_tells_its_form() {
    let run = frame("<HumanTask id='h' output={outputs.out} prompt='How many?' timeoutMs={5000}/>")
        .unwrap();
    let task = run.task("h");
    assert!(matches!(task.body, TaskBody::Answer(_)));
    let request = &task.approval.as_ref().unwrap().request;
    assert_eq!(request.summary.as_deref(), Some("How many?"));
    assert_eq!(request.ownership.expires_after_ms, Some(5_000));
    assert_eq!(request.ownership.on_expire, OnExpire::Deny);
    let schema = request.answer_schema.as_ref().unwrap().value();
    assert_eq!(schema["properties"]["n"]["type"], "number");
    assert_eq!(schema["required"], json!(["n"]));
}

#[test]
fn the_answer_is_checked_with_the_schema_and_becomes_the_row() {
    let mut run = frame("<HumanTask id='h' output={outputs.out} prompt='How many?'/>").unwrap();
    let row = wait(run.answered("h", &json!({ "n": 3 }))).unwrap();
    assert_eq!(row.value()["n"], 3);
    match wait(run.answered("h", &json!({ "n": "three" }))) {
        Err(CallError::Failed { error, retryable }) => {
            let code = error.code.as_deref();
            assert_eq!((code, retryable), (Some("INVALID_OUTPUT"), false));
        }
        other => panic!("it should have failed: {other:?}"),
    }
}

#[test]
fn a_human_task_without_a_text_to_ask_is_refused() {
    let error = frame("<HumanTask id='h' output={outputs.out} prompt={7}/>")
        .err()
        .unwrap();
    assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"));
    assert!(
        error.message.contains("HumanTask \"h\""),
        "{}",
        error.message
    );
}
