//! Tasks that a person answers: a bad answer is refused with the reason, and the task goes on waiting.

use serde_json::{Value, json};
use smithers_engine::Refusal;
use smithers_model::RawJson;
use smithers_model::approval::Decision;
use smithers_model::command::Command;
use smithers_model::run::RunStatus;

use crate::support::world::{answer, operator};
use crate::support::{World, human, workflow};

fn note(text: &str) -> Decision {
    Decision {
        note: Some(text.into()),
        ..answer(true)
    }
}

fn value(value: &Value) -> Decision {
    Decision {
        value: Some(RawJson::of(value)),
        ..answer(true)
    }
}

fn reason(world: &mut World, decision: Decision) -> String {
    match world.decide_as("ask", decision, operator()) {
        Err(Refusal::InvalidDecision { message }) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bad_answer_is_refused_and_a_good_one_is_what_the_task_stores() {
    let mut world = World::of(workflow([human("ask").into()]));
    world.events();
    assert!(reason(&mut world, answer(true)).contains("holds no JSON"));
    assert!(reason(&mut world, note("{}")).contains("must have a field `v`"));
    assert!(reason(&mut world, value(&json!({ "v": 7 }))).contains("must be of type string"));
    assert!(world.events().is_empty());
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world
        .decide_as("ask", note(r#"{"v":"fine"}"#), operator())
        .unwrap();
    let commands = world.steps.iter().flat_map(|step| &step.commands);
    let given = commands.into_iter().find_map(|command| match command {
        Command::StartTask { given, .. } => given.clone(),
        _ => None,
    });
    assert_eq!(given.unwrap().value(), json!({ "v": "fine" }));
    world.finish("ask");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_decision_counts_before_the_note_and_a_no_needs_no_answer() {
    let mut world = World::of(workflow([human("ask").into()]));
    let both = Decision {
        note: Some("thought about it".into()),
        ..value(&json!({ "v": "yes" }))
    };
    world.decide_as("ask", both, operator()).unwrap();
    let mut denied = World::of(workflow([human("ask").into()]));
    denied.decide("ask", false).unwrap();
    assert_eq!(denied.status(), RunStatus::Failed);
}
