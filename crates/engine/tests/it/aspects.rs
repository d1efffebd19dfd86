//! Aspects: limits of a run that are looked at before a task starts.

use serde_json::json;
use smithers_model::agent::{AgentReport, TokenUsage};
use smithers_model::aspect::{AspectLimit, Aspects, OnExceeded};
use smithers_model::fact::Fact;
use smithers_model::node::NodeState;
use smithers_model::report::Report;
use smithers_model::run::RunStatus;
use smithers_model::{NodeKey, RawJson};

use crate::support::elements::Job;
use crate::support::{El, World, comp, seq, stat, workflow};

fn limited(mut job: Job, aspects: Aspects) -> El {
    job.0.aspects = Some(aspects);
    job.into()
}

fn tokens(max: u64, on_exceeded: OnExceeded) -> Aspects {
    Aspects {
        token_budget: Some(AspectLimit { max, on_exceeded }),
        latency_slo: None,
    }
}

fn age(max: u64, on_exceeded: OnExceeded) -> Aspects {
    Aspects {
        token_budget: None,
        latency_slo: Some(AspectLimit { max, on_exceeded }),
    }
}

/// Three tasks in a row; the second and the third have limits around them.
fn chain(aspects: Aspects) -> World {
    World::of(workflow([seq([
        comp("a").into(),
        limited(comp("b"), aspects),
        limited(stat("c").value(json!({ "v": "c" })), aspects),
    ])]))
}

/// Task `a` tells that it has used 7 tokens and 5 more.
fn tell(world: &mut World) {
    let usage = TokenUsage {
        model: "m".into(),
        agent: "a".into(),
        input_tokens: 7,
        output_tokens: 5,
        cache_read_tokens: 100,
        cache_write_tokens: 100,
        reasoning_tokens: 100,
    };
    let told = Fact::TaskReported {
        node: NodeKey::new("a", 0),
        attempt: 1,
        report: Report::Agent(Box::new(AgentReport::Tokens(usage))),
    };
    world.accept(told).expect("the attempt is under way");
}

/// It tells that, and ends.
fn spend(world: &mut World) {
    tell(world);
    world.finish("a");
}

fn state(world: &World, id: &str) -> NodeState {
    world.store.nodes[&NodeKey::new(id, 0)].state
}

#[test]
fn below_the_limit_a_task_starts() {
    let mut world = chain(tokens(13, OnExceeded::Fail));
    spend(&mut world);
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn at_the_limit_the_run_fails_before_the_task_starts() {
    let mut world = chain(tokens(12, OnExceeded::Fail));
    spend(&mut world);
    assert_eq!(world.status(), RunStatus::Failed);
    let error = world.store.run.clone().unwrap().error.unwrap();
    assert!(error.has_code("ASPECT_BUDGET_EXCEEDED"));
    let details = error.details.as_ref().map(RawJson::value).unwrap();
    assert_eq!(details["used"], 12);
    assert_eq!(details["nodeId"], "b");
    assert_eq!(world.attempts(), "a#1=finished");
}

#[test]
fn what_was_used_is_known_after_a_restart() {
    let mut world = chain(tokens(12, OnExceeded::SkipRemaining));
    let before = world.clone();
    spend(&mut world);
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(state(&world, "b"), NodeState::Skipped);
    assert_eq!(state(&world, "c"), NodeState::Skipped);
    // The same, cut off between the report and the end of the task.
    let mut world = before;
    tell(&mut world);
    world.crash();
    world.take_up().unwrap();
    world.finish("a");
    assert_eq!(state(&world, "b"), NodeState::Skipped);
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_warning_is_given_once_and_in_the_output_of_the_task() {
    let mut world = chain(tokens(12, OnExceeded::Warn));
    spend(&mut world);
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
    let events = world.events();
    let said: Vec<&String> = events
        .iter()
        .filter(|event| event.contains("[aspects]"))
        .collect();
    assert_eq!(
        said,
        [r#"b stderr 1 "[aspects] The tokenBudget of 12 tokens is exceeded: 12 tokens\n""#]
    );
}

#[test]
fn the_age_of_a_run_counts_from_its_start_by_the_clock_of_its_steps() {
    let mut young = chain(age(5, OnExceeded::Fail));
    young.wait_ms(4);
    young.finish("a");
    assert_eq!(young.status(), RunStatus::Running);
    let mut old = chain(age(5, OnExceeded::Fail));
    old.wait_ms(5);
    old.finish("a");
    assert_eq!(old.status(), RunStatus::Failed);
    let error = old.store.run.clone().unwrap().error.unwrap();
    let details = error.details.as_ref().map(RawJson::value).unwrap();
    assert_eq!(details["aspect"], "latencySlo");
}

#[test]
fn what_a_task_comes_to_that_is_left_out_lets_the_next_one_have_its_turn() {
    let aspects = tokens(0, OnExceeded::SkipRemaining);
    let mut world = World::of(workflow([seq([
        limited(comp("a"), aspects),
        comp("b").into(),
    ])]));
    assert_eq!(state(&world, "a"), NodeState::Skipped);
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
}
