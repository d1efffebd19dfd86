//! Runs that go on as new ones: both in one step, with the rows of the first.

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::continuation::{ChainLink, Continuation, ContinueReason};
use smithers_model::history::Delta;
use smithers_model::loops::{LoopRow, LoopState};
use smithers_model::run::RunStatus;
use smithers_model::step::{ChildTie, RowChange, RunUpdate, Successor};
use smithers_store::Refusal;
use smithers_store::read::RunFilter;
use smithers_store::testkit::{RunScript, output};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_successor_begins_with_the_rows_and_the_loops_of_the_run_before_it,
    an_id_that_is_taken_refuses_the_whole_step,
    a_chain_is_known_by_its_first_run_and_what_was_told_can_be_forgotten,
    a_child_goes_on_as_a_child_and_is_let_go_by_its_first_id,
    runs_that_go_on_as_others_can_be_listed_among_those_that_run,
];

/// The end of run `from` together with the beginning of run `to`.
fn handed_over(subject: &Subject, from: &str, to: &str) -> Vec<RowChange> {
    let mut row = subject.reader().run(&run(from)).unwrap().unwrap();
    let link = ChainLink::after(&run(from), row.chain.as_ref());
    row.run_id = run(to);
    (row.next_seq, row.next_stream_seq) = (0, 1);
    let told = Continuation {
        parent_run_id: link.before.clone(),
        first_run_id: link.first.clone(),
        depth: link.depth,
        reason: ContinueReason::Explicit,
        iteration: 0,
        payload: RawJson::trusted(r#"{"count":1}"#),
        timestamp_ms: row.created_at,
    };
    row.chain = Some(link);
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
        RowChange::ContinueAs(Box::new(Successor {
            row,
            keeps_rows: true,
            told,
            loops,
            signals: Vec::new(),
            baseline: Delta::default().pack(),
        })),
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
    let told = next.continuation.unwrap();
    assert_eq!(told.payload.value(), json!({"count": 1}));
    let row = reader.run(&run("r")).unwrap().unwrap();
    assert_eq!(row.status, RunStatus::Continued);
}

fn a_chain_is_known_by_its_first_run_and_what_was_told_can_be_forgotten(subject: &mut Subject) {
    let mut script = subject.launched("r");
    assert_eq!(subject.reader().last_of_chain(&run("r")).unwrap(), None);
    let changes = handed_over(subject, "r", "r:next:2");
    subject.commit(script.step(vec![], changes)).unwrap();
    let mut second = RunScript::new("r:next:2");
    let changes = handed_over(subject, "r:next:2", "r:next:3");
    subject.commit(second.step(vec![], changes)).unwrap();
    let reader = subject.reader();
    for of_chain in ["r", "r:next:2", "r:next:3"] {
        let newest = reader.last_of_chain(&run(of_chain)).unwrap();
        assert_eq!(newest, Some(run("r:next:3")), "{of_chain}");
    }
    let row = reader.run(&run("r:next:2")).unwrap().unwrap();
    assert_eq!(row.next_run_id(), Some(run("r:next:3")));
    let mut third = RunScript::new("r:next:3");
    let changes = vec![RowChange::ForgetContinuation];
    subject.commit(third.step(vec![], changes)).unwrap();
    let rows = subject
        .reader()
        .load_run(&run("r:next:3"))
        .unwrap()
        .unwrap();
    assert_eq!(rows.continuation, None);
    assert_eq!(rows.row.chain.unwrap().depth, 3);
}

fn a_child_goes_on_as_a_child_and_is_let_go_by_its_first_id(subject: &mut Subject) {
    let mut parent = subject.launched("p");
    let mut child = subject.child("p:child:sub:0", "p");
    let next = "p:child:sub:0:next:2";
    let changes = handed_over(subject, "p:child:sub:0", next);
    subject.commit(child.step(vec![], changes)).unwrap();
    let tie = |id: &str, subject: &Subject| subject.reader().run(&run(id)).unwrap().unwrap().tie;
    assert_eq!(tie("p:child:sub:0", subject), Some(ChildTie::Taken));
    assert_eq!(tie(next, subject), Some(ChildTie::Awaited));
    assert!(subject.reader().ended_children(None, 9).unwrap().is_empty());
    let let_go = RowChange::LetChildGo {
        child: run("p:child:sub:0"),
        tie: ChildTie::Unwanted,
    };
    subject.commit(parent.step(vec![], vec![let_go])).unwrap();
    assert_eq!(tie("p:child:sub:0", subject), Some(ChildTie::Taken));
    assert_eq!(
        subject.reader().unwanted_children(None, 9).unwrap(),
        [run(next)]
    );
}

fn runs_that_go_on_as_others_can_be_listed_among_those_that_run(subject: &mut Subject) {
    let mut first = subject.launched("a");
    subject.launched("b");
    let changes = handed_over(subject, "a", "a:next:2");
    subject.commit(first.step(vec![], changes)).unwrap();
    let list = |filter: RunFilter| -> Vec<String> {
        let rows = subject.reader().runs(&filter).unwrap();
        rows.iter().map(|row| row.run_id.to_string()).collect()
    };
    let both = RunFilter {
        status: Some(RunStatus::Running),
        or_status: Some(RunStatus::Continued),
        ..RunFilter::default()
    };
    assert_eq!(list(both.clone()), ["a", "a:next:2", "b"]);
    let page = RunFilter {
        offset: 1,
        limit: 1,
        ..both.clone()
    };
    assert_eq!(list(page), ["a:next:2"]);
    let of_workflow = RunFilter {
        workflow: Some(
            subject
                .reader()
                .run(&run("a"))
                .unwrap()
                .unwrap()
                .workflow_key,
        ),
        ..both.clone()
    };
    assert_eq!(list(of_workflow), ["a", "a:next:2", "b"]);
    let only = RunFilter {
        or_status: None,
        ..both
    };
    assert_eq!(list(only), ["a:next:2", "b"]);
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
