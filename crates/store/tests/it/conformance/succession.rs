//! Runs that go on as new ones: both in one step, with the rows of the first.

use serde_json::json;
use smithers_model::loops::{LoopRow, LoopState};
use smithers_model::run::RunStatus;
use smithers_model::step::{RowChange, RunUpdate, Successor};
use smithers_store::Refusal;
use smithers_store::testkit::output;

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_successor_begins_with_the_rows_and_the_loops_of_the_run_before_it,
    an_id_that_is_taken_refuses_the_whole_step,
];

/// The end of run `from` together with the beginning of run `to`.
fn handed_over(subject: &Subject, from: &str, to: &str) -> Vec<RowChange> {
    let mut row = subject.reader().run(&run(from)).unwrap().unwrap();
    row.run_id = run(to);
    (row.next_seq, row.next_stream_seq) = (0, 1);
    let loops = vec![LoopRow {
        id: "l".into(),
        iteration: 3,
        state: LoopState::Going,
        updated_at: row.created_at,
    }];
    let end = RunUpdate {
        status: Some(RunStatus::Continued),
        finished_at: Some(row.created_at),
        ..RunUpdate::default()
    };
    vec![
        output("result", "last", &json!({"text": "last"})),
        RowChange::UpdateRun(end),
        RowChange::ContinueAs(Box::new(Successor { row, loops })),
    ]
}

fn a_successor_begins_with_the_rows_and_the_loops_of_the_run_before_it(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let rows = vec![
        output("finalNote", "z", &json!({"body": "done"})),
        output("result", "a", &json!({"score": 0.5})),
    ];
    subject.commit(script.step(vec![], rows)).unwrap();
    let changes = handed_over(subject, "r", "r.2");
    subject.commit(script.step(vec![], changes)).unwrap();
    let reader = subject.reader();
    let before = reader.outputs(&run("r")).unwrap();
    assert_eq!(before.len(), 3);
    assert_eq!(before, reader.outputs(&run("r.2")).unwrap());
    let next = reader.load_run(&run("r.2")).unwrap().unwrap();
    assert_eq!(next.row.status, RunStatus::Running);
    assert_eq!((next.row.next_seq, next.row.next_stream_seq), (0, 1));
    assert_eq!(next.loops[0].iteration, 3);
    assert!(next.nodes.is_empty());
    let row = reader.run(&run("r")).unwrap().unwrap();
    assert_eq!(row.status, RunStatus::Continued);
}

fn an_id_that_is_taken_refuses_the_whole_step(subject: &mut Subject) {
    let mut script = subject.launched("r");
    subject.launched("r.2");
    let changes = handed_over(subject, "r", "r.2");
    let refused = subject.commit(script.step(vec![], changes)).unwrap_err();
    assert!(matches!(refused, Refusal::Constraint { .. }), "{refused:?}");
    let reader = subject.reader();
    let row = reader.run(&run("r")).unwrap().unwrap();
    assert_eq!(row.status, RunStatus::Running);
    assert!(reader.outputs(&run("r.2")).unwrap().is_empty());
}
