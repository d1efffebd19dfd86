//! What tasks tell while they run: one event each, and nothing from an attempt that is not under way.

use std::collections::BTreeMap;

use proptest::prelude::*;
use smithers_engine::Refusal;
use smithers_model::agent::{AgentEvent, AgentReport, TokenUsage};
use smithers_model::event::Event;
use smithers_model::fact::Fact;
use smithers_model::report::{OutputStream, Report};
use smithers_model::tree::Backoff;
use smithers_model::{NodeKey, RawJson};

use crate::support::driver::{Driver, Mishaps};
use crate::support::random::shapes;
use crate::support::scenario::Scenario;
use crate::support::{World, comp, par, workflow};

fn told(id: &str, attempt: u32, report: Report) -> Fact {
    Fact::TaskReported {
        node: NodeKey::new(id, 0),
        attempt,
        report,
    }
}

fn wrote(id: &str, attempt: u32, text: &str) -> Fact {
    let stream = OutputStream::Stdout;
    let text = text.into();
    told(id, attempt, Report::Output { stream, text })
}

#[test]
fn what_a_task_wrote_is_on_record_before_its_end() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.events();
    world.accept(wrote("a", 1, "one\n")).unwrap();
    let (stream, limit) = (OutputStream::Stderr, 200_000);
    let cut = told("a", 1, Report::Truncated { stream, limit });
    world.accept(cut).unwrap();
    world.finish("a");
    assert_eq!(
        world.events()[..3],
        [
            r#"a stdout 1 "one\n""#,
            r#"a stderr 1 "\n[truncated: more than 200000 bytes]\n""#,
            "a finished 1",
        ]
    );
}

#[test]
fn output_of_many_tasks_and_the_end_of_one_are_one_step() {
    let mut world = World::of(workflow([par([comp("a").into(), comp("b").into()])]));
    let before = world.steps.len();
    for n in 0..10 {
        let (state, now) = (&mut world.state, world.now);
        state.accept(wrote("a", 1, &format!("{n}\n")), now).unwrap();
        state.accept(wrote("b", 1, &format!("{n}\n")), now).unwrap();
    }
    world.finish("a");
    assert_eq!(world.steps.len(), before + 1);
    assert_eq!(world.steps[before].events.len(), 20 + 2, "and the frame");
}

#[test]
fn much_output_fills_a_step() {
    let mut world = World::of(workflow([comp("a").into()]));
    let text = "x".repeat(8 * 1024);
    for _ in 0..31 {
        let fact = wrote("a", 1, &text);
        world.state.accept(fact, world.now).unwrap();
        assert!(!world.state.step_is_full());
    }
    let fact = wrote("a", 1, &text);
    world.state.accept(fact, world.now).unwrap();
    assert!(world.state.step_is_full());
}

#[test]
fn a_replaced_attempt_is_not_heard_and_leaves_no_trace() {
    let job = comp("a").retries(1, Backoff::Fixed, 0);
    let mut world = World::of(workflow([job.into()]));
    world.fail("a", "boom");
    world.events();
    world.accept(wrote("a", 1, "late\n")).unwrap();
    assert_eq!(world.events(), [""; 0]);
    world.accept(wrote("a", 2, "new\n")).unwrap();
    assert_eq!(world.events(), [r#"a stdout 2 "new\n""#]);
    world.finish("a");
    world.events();
    let after = world.accept(wrote("a", 2, "after the end\n"));
    assert!(matches!(after, Err(Refusal::NotActive { .. })), "{after:?}");
}

#[test]
fn nobody_tells_anything_of_an_attempt_that_was_never_made() {
    let mut world = World::of(workflow([comp("a").into()]));
    let unknown = world.accept(wrote("a", 2, "x"));
    assert!(
        matches!(unknown, Err(Refusal::UnknownAttempt { .. })),
        "{unknown:?}"
    );
    world.crash();
    let cut_off = world.accept(wrote("a", 1, "x"));
    assert!(
        matches!(cut_off, Err(Refusal::Illegal { .. })),
        "{cut_off:?}"
    );
}

/// Every attempt under way writes, and so do those before it, which nobody hears.
fn everybody_writes(world: &mut World) {
    for (node, newest) in world.in_flight.clone() {
        for attempt in 1..=newest {
            let said = world.accept(Fact::TaskReported {
                node: node.clone(),
                attempt,
                report: Report::Output {
                    stream: OutputStream::Stdout,
                    text: "noise\n".into(),
                },
            });
            said.expect("the attempt was made");
        }
    }
}

/// Checks that what was written stands between the start and the end of its attempt.
fn check_places(events: &[Event]) {
    let mut under_way = BTreeMap::new();
    for event in events {
        match event {
            Event::RunStarted => under_way.clear(),
            Event::NodeStarted { node, attempt, .. } => drop(under_way.insert(node, attempt)),
            Event::NodeFinished { node, .. } | Event::NodeFailed { node, .. } => {
                under_way.remove(node);
            }
            Event::NodeOutput { node, attempt, .. } => {
                assert_eq!(under_way.get(node), Some(&attempt), "{node}");
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn output_changes_nothing_but_the_log(
        shape in shapes(), choices in prop::collection::vec(any::<u16>(), 0..60),
    ) {
        let scenario = Scenario::new(shape);
        let mishaps = Mishaps { crashes: true, losses: true, ..Mishaps::default() };
        let driver = Driver { scenario: &scenario, choices: &choices, mishaps };
        let (mut silent, mut noisy) = (scenario.world(), scenario.world());
        driver.play(&mut silent, |_| ());
        driver.play(&mut noisy, everybody_writes);
        check_places(&noisy.store.events);
        noisy.store.events.retain(|event| !matches!(event, Event::NodeOutput { .. }));
        prop_assert_eq!(noisy.store, silent.store);
    }
}

#[test]
fn what_an_agent_tells_is_on_record_in_order_and_only_of_the_attempt_under_way() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.events();
    let event = AgentReport::Event(AgentEvent {
        engine: "e".into(),
        event: RawJson::trusted(r#"{"type":"started"}"#),
    });
    let tokens = AgentReport::Tokens(TokenUsage {
        model: "m".into(),
        agent: "a".into(),
        input_tokens: 7,
        output_tokens: 5,
        cache_read_tokens: 1,
        cache_write_tokens: 1,
        reasoning_tokens: 1,
    });
    for report in [event, tokens.clone()] {
        let report = Report::Agent(Box::new(report));
        world.accept(told("a", 1, report)).unwrap();
    }
    world.finish("a");
    assert_eq!(
        world.events()[..3],
        [
            r#"a agent 1 {"type":"started"}"#,
            "a tokens 1 12",
            "a finished 1"
        ]
    );
    let late = told("a", 1, Report::Agent(Box::new(tokens)));
    let (state, now) = (&mut world.state, world.now);
    drop(state.accept(late, now));
    assert_eq!(world.events(), Vec::<String>::new());
}
