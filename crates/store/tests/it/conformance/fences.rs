//! Steps that do not continue the run as it is stored are refused, alone.

use smithers_model::event::Event;
use smithers_model::{Epoch, NodeKey};
use smithers_store::testkit::RunScript;
use smithers_store::{Refusal, RunHead};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_step_that_does_not_continue_the_run_is_fenced,
    a_step_of_an_older_process_is_fenced,
    a_newer_process_takes_a_run_over,
    a_step_for_a_run_that_does_not_exist_is_fenced,
    events_must_be_numbered_without_holes,
    a_refused_step_leaves_nothing_and_the_rest_of_the_batch_commits,
    a_second_run_with_the_same_id_is_refused,
];

fn pending(id: &str) -> Vec<Event> {
    vec![Event::NodePending {
        node: NodeKey::new(id, 0),
    }]
}

fn a_step_that_does_not_continue_the_run_is_fenced(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let mut rival = script.clone();
    subject.commit(script.step(pending("a"), vec![])).unwrap();
    let refusal = subject
        .commit(rival.step(pending("b"), vec![]))
        .unwrap_err();
    let held = RunHead {
        epoch: Epoch(1),
        next_seq: 2,
        next_stream_seq: 2,
    };
    assert_eq!(
        refusal,
        Refusal::Fenced {
            run_id: run("r"),
            held: Some(held)
        }
    );
    assert_eq!(
        subject.reader().events(&run("r"), None, 10).unwrap().len(),
        2
    );
}

fn a_step_of_an_older_process_is_fenced(subject: &mut Subject) {
    let mut script = RunScript::new("r");
    script.epoch = Epoch(5);
    subject.commit(script.launch()).unwrap();
    script.epoch = Epoch(4);
    let refusal = subject
        .commit(script.step(pending("a"), vec![]))
        .unwrap_err();
    assert!(matches!(refusal, Refusal::Fenced { .. }), "{refusal:?}");
}

fn a_newer_process_takes_a_run_over(subject: &mut Subject) {
    let mut script = subject.launched("r");
    script.epoch = Epoch(9);
    subject.commit(script.step(pending("a"), vec![])).unwrap();
    assert_eq!(
        subject.reader().run(&run("r")).unwrap().unwrap().epoch,
        Epoch(9)
    );
}

fn a_step_for_a_run_that_does_not_exist_is_fenced(subject: &mut Subject) {
    let mut script = RunScript::new("nobody");
    let refusal = subject
        .commit(script.step(pending("a"), vec![]))
        .unwrap_err();
    assert_eq!(
        refusal,
        Refusal::Fenced {
            run_id: run("nobody"),
            held: None
        }
    );
}

fn events_must_be_numbered_without_holes(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let mut step = script.step(pending("a"), vec![]);
    step.events[0].seq += 1;
    assert!(matches!(
        subject.commit(step),
        Err(Refusal::Constraint { .. })
    ));
    let mut script = RunScript::new("late");
    script.seq = 3;
    assert!(matches!(
        subject.commit(script.launch()),
        Err(Refusal::Constraint { .. })
    ));
}

fn a_refused_step_leaves_nothing_and_the_rest_of_the_batch_commits(subject: &mut Subject) {
    let (mut a, mut b) = (RunScript::new("a"), RunScript::new("b"));
    let mut rival = RunScript::new("a");
    let batch = vec![a.launch(), rival.launch(), b.launch()];
    let answers = subject.transactions().commit(batch).unwrap();
    let accepted: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [true, false, true]);
    let positions: Vec<u64> = answers
        .iter()
        .flatten()
        .map(|step| step.numbers.first_position)
        .collect();
    assert_eq!(positions, [1, 2], "a refused step takes no number");
}

fn a_second_run_with_the_same_id_is_refused(subject: &mut Subject) {
    subject.launched("r");
    let refusal = subject.commit(RunScript::new("r").launch()).unwrap_err();
    assert_eq!(refusal, Refusal::RunExists { run_id: run("r") });
}
