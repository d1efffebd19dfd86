//! The log: numbers, replay, the version counter.

use smithers_model::event::Event;
use smithers_model::{NodeKey, RunId};
use smithers_store::testkit::RunScript;

use super::{Subject, for_each_backend, run};

for_each_backend![
    visible_events_get_stream_numbers_and_versions_without_holes,
    replay_continues_after_any_number,
    positions_and_versions_run_through_all_runs,
    what_is_answered_is_what_is_stored,
    a_step_without_events_says_where_the_next_one_begins,
];

fn started(id: &str) -> Event {
    Event::NodeStarted {
        node: NodeKey::new(id, 0),
        attempt: 1,
        child_run_id: None,
    }
}

/// Launch (1 hidden event), then hidden and visible ones in turn.
fn some_events(subject: &mut Subject, id: &str) -> RunScript {
    let mut script = subject.launched(id);
    let events = vec![started("a"), Event::RunStarted, started("b"), started("c")];
    subject.commit(script.step(events, vec![])).unwrap();
    script
}

fn visible_events_get_stream_numbers_and_versions_without_holes(subject: &mut Subject) {
    some_events(subject, "r");
    let events = subject.reader().events(&run("r"), None, 100).unwrap();
    let numbers: Vec<_> = events
        .iter()
        .map(|event| (event.seq, event.stream_seq, event.state_version))
        .collect();
    assert_eq!(
        numbers,
        [
            (0, None, None),
            (1, Some(1), Some(1)),
            (2, None, None),
            (3, Some(2), Some(2)),
            (4, Some(3), Some(3)),
        ]
    );
    assert_eq!(subject.reader().state_version().unwrap(), 3);
}

fn replay_continues_after_any_number(subject: &mut Subject) {
    some_events(subject, "r");
    let reader = subject.reader();
    let visible = |after, limit| -> Vec<u64> {
        let events = reader.visible_events(&run("r"), after, limit).unwrap();
        events.iter().filter_map(|event| event.stream_seq).collect()
    };
    assert_eq!(visible(0, 2), [1, 2]);
    assert_eq!(visible(2, 2), [3]);
    assert!(visible(3, 2).is_empty());
    assert!(visible(u64::MAX, 2).is_empty());
    let all = |after| reader.events(&run("r"), after, 2).unwrap()[0].seq;
    assert_eq!((all(None), all(Some(0)), all(Some(2))), (0, 1, 3));
}

fn positions_and_versions_run_through_all_runs(subject: &mut Subject) {
    let mut scripts = [subject.launched("a"), subject.launched("b")];
    let batch = scripts
        .iter_mut()
        .map(|script| script.step(vec![started("x"), started("y")], vec![]))
        .collect();
    let answers = subject.transactions().commit(batch).unwrap();
    let events = answers
        .into_iter()
        .flat_map(|answer| answer.unwrap().events);
    let numbers: Vec<_> = events
        .map(|e| (e.position, e.state_version.unwrap()))
        .collect();
    assert_eq!(numbers, [(3, 1), (4, 2), (5, 3), (6, 4)]);
}

fn what_is_answered_is_what_is_stored(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let step = subject
        .commit(script.step(vec![started("a")], vec![]))
        .unwrap();
    let stored = subject.reader().events(&run("r"), Some(0), 10).unwrap();
    assert_eq!(step.events, stored);
    let newest = subject.reader().newest_event(&run("r")).unwrap();
    assert_eq!(newest.as_ref(), stored.last());
    assert_eq!(subject.reader().newest_event(&run("none")).unwrap(), None);
    assert_eq!(step.numbers.first_position, stored[0].position);
    let payload = stored[0].payload.value();
    assert_eq!(payload["runId"], "r");
    assert_eq!(stored[0].type_name, "NodeStarted");
}

fn a_step_without_events_says_where_the_next_one_begins(subject: &mut Subject) {
    let mut script = some_events(subject, "r");
    let step = subject.commit(script.step(vec![], vec![])).unwrap();
    assert_eq!(
        (
            step.numbers.first_position,
            step.numbers.first_state_version
        ),
        (6, 4)
    );
    assert!(
        subject
            .reader()
            .events(&RunId::from("none"), None, 1)
            .unwrap()
            .is_empty()
    );
}
