//! The journal of effects: what is under way, what came later, what is put aside.

use smithers_model::effect::{Archival, CallStatus, EndedCalls};
use smithers_model::node::AttemptState;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};
use smithers_store::testkit::{RunScript, attempt, tool_call};

use super::{Subject, for_each_backend, run};

for_each_backend![
    calls_that_are_over_and_may_be_had_again_need_not_be_known,
    calls_of_later_attempts_are_listed_the_newest_first,
    archived_calls_ask_nobody_any_more,
];

/// Attempt 1 of `a` had an effect that must not be repeated; attempt 1 of `b` one that may, with a tool that must not.
/// Both attempts started at 8.
fn with_calls(subject: &mut Subject) -> RunScript {
    let mut script = subject.launched("r");
    let changes = vec![
        attempt("a", 1, AttemptState::Failed, None),
        attempt("b", 1, AttemptState::InProgress, None),
        tool_call("a", 1, 0, false),
        tool_call("b", 1, 0, true),
        tool_call("b", 1, 1, false),
    ];
    subject.commit(script.step(vec![], changes)).unwrap();
    script
}

fn open(subject: &Subject) -> Vec<String> {
    let notes = subject.reader().open_effects(&run("r")).unwrap();
    let told = notes.iter().map(|note| {
        let (node, status) = (&note.node.node_id, note.status.as_str());
        format!("{node} {}.{} {status}", note.attempt, note.seq)
    });
    told.collect()
}

fn calls_that_are_over_and_may_be_had_again_need_not_be_known(subject: &mut Subject) {
    let mut script = with_calls(subject);
    let all = ["a 1.0 started", "b 1.0 started", "b 1.1 started"];
    assert_eq!(open(subject), all);
    let end = |node: &str, status| {
        RowChange::EndToolCalls(EndedCalls {
            node: NodeKey::new(node, 0),
            attempt: 1,
            status,
            at: Timestamp(20),
        })
    };
    let changes = vec![
        end("a", CallStatus::Unknown),
        end("b", CallStatus::Finished),
    ];
    subject.commit(script.step(vec![], changes)).unwrap();
    assert_eq!(open(subject), ["a 1.0 unknown", "b 1.1 unknown"]);
}

fn calls_of_later_attempts_are_listed_the_newest_first(subject: &mut Subject) {
    with_calls(subject);
    let reader = subject.reader();
    let after = |at| {
        let calls = reader.effects_after(&run("r"), Timestamp(at)).unwrap();
        let tokens = calls.into_iter().map(|call| call.token);
        tokens.collect::<Vec<_>>()
    };
    assert_eq!(after(7), ["b 1 1", "b 1 0", "a 1 0"]);
    assert_eq!(after(8), Vec::<String>::new());
}

fn archived_calls_ask_nobody_any_more(subject: &mut Subject) {
    let mut script = with_calls(subject);
    let archive = |attempts: &[(&str, u32)]| {
        let attempts = attempts.iter();
        RowChange::ArchiveToolCalls(Archival {
            attempts: attempts
                .map(|(node, attempt)| (NodeKey::new(*node, 0), *attempt))
                .collect(),
            op: "rewind".into(),
            reason: "frame 1".into(),
            at: Timestamp(30),
        })
    };
    let archived = |subject: &Subject| subject.reader().archived_effects(&run("r")).unwrap();
    subject
        .commit(script.step(vec![], vec![archive(&[("a", 2), ("c", 1)])]))
        .unwrap();
    assert_eq!((open(subject).len(), archived(subject)), (3, 0));
    subject
        .commit(script.step(vec![], vec![archive(&[("a", 1), ("b", 1)])]))
        .unwrap();
    assert_eq!((open(subject).len(), archived(subject)), (0, 3));
}
