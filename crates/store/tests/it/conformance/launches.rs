//! Launches: what is stored of a run, and idempotency keys.

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::run::RunStatus;
use smithers_model::step::{RowChange, RunUpdate};
use smithers_model::{RawJson, Timestamp};
use smithers_store::Refusal;
use smithers_store::testkit::{RunScript, node};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_launch_reads_back_as_it_was_written,
    a_second_launch_with_the_same_key_is_the_same_launch,
    keys_of_different_workflows_do_not_meet,
    an_update_keeps_what_it_does_not_name,
    a_loaded_run_is_complete,
];

fn keyed(id: &str, workflow: &str, key: &str) -> smithers_model::step::StepWrite {
    RunScript::new(id).launch_with(|new| {
        new.row.workflow_key = workflow.into();
        new.idempotency_key = Some(key.into());
    })
}

fn a_launch_reads_back_as_it_was_written(subject: &mut Subject) {
    let mut script = RunScript::new("r");
    let mut expected = None;
    let step = script.launch_with(|new| {
        new.row.workflow_key = "typed".into();
        new.row.workflow_hash = Some("abc".into());
        new.row.system = true;
        new.row.started_at = None;
        new.row.input = RawJson::of(&json!({"name": "x", "count": 3, "more": [1]}));
        expected = Some(new.row.clone());
    });
    subject.commit(step).unwrap();
    let mut expected = expected.unwrap();
    expected.next_seq = 1;
    assert_eq!(subject.reader().run(&run("r")).unwrap(), Some(expected));
}

fn a_second_launch_with_the_same_key_is_the_same_launch(subject: &mut Subject) {
    subject.commit(keyed("first", "w", "k")).unwrap();
    for id in ["second", "first"] {
        let refusal = subject.commit(keyed(id, "w", "k")).unwrap_err();
        let run_id = run("first");
        assert_eq!(refusal, Refusal::LaunchKeyTaken { run_id });
    }
    let reader = subject.reader();
    assert_eq!(
        reader.launch_by_key(&"w".into(), "k").unwrap(),
        Some(run("first"))
    );
    assert_eq!(reader.run(&run("second")).unwrap(), None);
}

fn keys_of_different_workflows_do_not_meet(subject: &mut Subject) {
    subject.commit(keyed("first", "w", "k")).unwrap();
    subject.commit(keyed("second", "typed", "k")).unwrap();
    let reader = subject.reader();
    assert_eq!(
        reader.launch_by_key(&"typed".into(), "k").unwrap(),
        Some(run("second"))
    );
    assert_eq!(
        reader.launch_by_key(&"typed".into(), "other").unwrap(),
        None
    );
}

fn an_update_keeps_what_it_does_not_name(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let before = subject.reader().run(&run("r")).unwrap().unwrap();
    let update = RunUpdate {
        status: Some(RunStatus::Failed),
        finished_at: Some(Timestamp(77)),
        error: Some(ErrorInfo::coded("SESSION_ERROR", "Task failed: a")),
        next_frame_no: Some(4),
        config: Some(RawJson::trusted(r#"{"rootDir":"/"}"#)),
        ..RunUpdate::default()
    };
    subject
        .commit(script.step(vec![], vec![RowChange::UpdateRun(update.clone())]))
        .unwrap();
    let after = subject.reader().run(&run("r")).unwrap().unwrap();
    let mut expected = before;
    expected.status = RunStatus::Failed;
    expected.finished_at = update.finished_at;
    expected.error = update.error;
    expected.config = update.config.unwrap();
    expected.next_frame_no = 4;
    assert_eq!(after, expected);
}

fn a_loaded_run_is_complete(subject: &mut Subject) {
    use smithers_model::node::{AttemptState, NodeState};
    use smithers_store::testkit::{approval, attempt, output};
    let mut script = subject.launched("r");
    let changes = vec![
        node("b", NodeState::Finished),
        node("a", NodeState::WaitingApproval),
        attempt("b", 1, AttemptState::Finished, None),
        output("finalNote", "b", &json!({"body": "x"})),
        approval(&run("r"), "a", 5),
    ];
    subject.commit(script.step(vec![], changes)).unwrap();
    let reader = subject.reader();
    let rows = reader.load_run(&run("r")).unwrap().unwrap();
    assert_eq!(rows.row, reader.run(&run("r")).unwrap().unwrap());
    let ids: Vec<String> = rows.nodes.iter().map(|n| n.node.to_string()).collect();
    assert_eq!(ids, ["a::0", "b::0"]);
    assert_eq!(rows.attempts.len(), 1);
    assert_eq!(
        rows.approvals,
        [reader.approval(&run("r"), &"a".to_node()).unwrap().unwrap()]
    );
    assert_eq!(rows.outputs, reader.outputs(&run("r")).unwrap());
    assert_eq!(rows.outputs.len(), 1);
    assert_eq!(reader.load_run(&run("nobody")).unwrap(), None);
}

trait ToNode {
    fn to_node(&self) -> smithers_model::NodeKey;
}

impl ToNode for str {
    fn to_node(&self) -> smithers_model::NodeKey {
        smithers_model::NodeKey::new(self, 0)
    }
}
