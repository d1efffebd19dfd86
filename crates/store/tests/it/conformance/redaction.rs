//! Secrets never become rows, and what is published is what is stored.

use std::sync::Arc;

use serde_json::json;
use smithers_model::approval::Decision;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::node::{AttemptRow, AttemptState, Heartbeat};
use smithers_model::step::{RowChange, RunUpdate};
use smithers_model::{NodeKey, RawJson, Timestamp};
use smithers_store::testkit::{RunScript, approval, output};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_bearer_is_replaced_wherever_it_comes_from,
    a_step_with_a_secret_in_a_name_is_refused,
];

fn bearer() -> String {
    format!("smithers_{}", "aB3-_xyz".repeat(6))
}

fn error() -> ErrorInfo {
    ErrorInfo::thrown("Error", format!("401 for {}", bearer()))
}

fn a_bearer_is_replaced_wherever_it_comes_from(subject: &mut Subject) {
    let mut script = RunScript::new("r");
    let launch = script.launch_with(|new| {
        new.row.input = RawJson::of(&json!({"key": bearer()}));
        new.row.config = RawJson::of(&json!({"note": bearer()}));
    });
    subject.commit(launch).unwrap();
    let decision = Decision {
        approved: true,
        note: Some(bearer()),
        decided_by: None,
        token_id: None,
        value: Some(RawJson::of(&bearer())),
        request_digest: None,
        decided_at: Timestamp(1),
    };
    let changes = vec![
        output("finalNote", "a", &json!({"body": bearer()})),
        RowChange::PutAttempt(AttemptRow {
            node: NodeKey::new("a", 0),
            attempt: 1,
            state: AttemptState::Failed,
            started_at: Timestamp(1),
            finished_at: None,
            error: Some(error()),
            retry_at: None,
            heartbeat: Some(Heartbeat {
                at: Timestamp(1),
                data: Some(RawJson::of(&json!({"key": bearer()}))),
            }),
            meta: Some(RawJson::of(&json!({"key": bearer()}))),
            cached: false,
            files: None,
        }),
        approval(&run("r"), "a", 1),
        RowChange::DecideApproval {
            node: NodeKey::new("a", 0),
            decision,
        },
        RowChange::UpdateRun(RunUpdate {
            error: Some(error().caused_by(error())),
            ..RunUpdate::default()
        }),
    ];
    let events = vec![Event::RunFailed { error: error() }];
    let committed = subject.commit(script.step(events, changes)).unwrap();
    let reader = subject.reader();
    let rows = reader.load_run(&run("r")).unwrap().unwrap();
    let stored = reader.events(&run("r"), None, 10).unwrap();
    for text in [
        format!("{rows:?}"),
        format!("{stored:?}"),
        format!("{committed:?}"),
    ] {
        assert!(!text.contains(&bearer()[..20]), "{text}");
        assert!(text.contains("[REDACTED:bearer]"), "{text}");
    }
    assert_eq!(Arc::new(committed).events, stored[1..]);
}

fn a_step_with_a_secret_in_a_name_is_refused(subject: &mut Subject) {
    let mut script = RunScript::new("r");
    subject.commit(script.launch()).unwrap();
    let row = output("finalNote", &bearer(), &json!({"body": "fine"}));
    let refused = subject
        .commit(script.clone().step(vec![], vec![row]))
        .unwrap_err();
    assert_eq!(refused.to_string(), "the id of a node holds a secret");
    let mut keyed = RunScript::new("other");
    let launch = keyed.launch_with(|new| new.idempotency_key = Some(bearer()));
    let refused = subject.commit(launch).unwrap_err();
    assert_eq!(refused.to_string(), "the idempotency key holds a secret");
    let fine = output("finalNote", "a", &json!({"body": "fine"}));
    subject.commit(script.step(vec![], vec![fine])).unwrap();
}
