//! Results that are kept for others, and those that stand for an attempt's own (workflow-model 8.6).

use serde_json::json;
use smithers_model::cache::{CacheFill, CacheRequest, CacheScope, CachedResult, MAX_PAYLOAD};
use smithers_model::command::Command;
use smithers_model::fact::Fact;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::support::{World, comp, lines, workflow};

fn cached() -> World {
    World::of(workflow([comp("a").kept().into()]))
}

fn request(ttl_ms: Option<u64>) -> CacheRequest {
    CacheRequest {
        scope: CacheScope::Workflow,
        task_key: "a".into(),
        iteration: None,
        version: Some("7".into()),
        ttl_ms,
        output_schema_sig: "s".into(),
        agent_sig: None,
        tools_sig: None,
        model: None,
        prompt_sig: None,
        by: json!(null),
    }
}

fn keep(attempt: u32) -> Fact {
    Fact::ResultToKeep {
        node: NodeKey::new("a", 0),
        attempt,
        fill: Box::new(CacheFill {
            key: "k".into(),
            request: request(Some(500)),
        }),
    }
}

fn hit(attempt: u32) -> Fact {
    Fact::CacheHit {
        node: NodeKey::new("a", 0),
        attempt,
        hit: Box::new(CachedResult {
            key: "k".into(),
            source_run_id: "r0".into(),
            age_ms: 30,
            payload: RawJson::of(&json!({ "v": "kept" })),
        }),
    }
}

#[test]
fn only_a_task_that_asks_for_it_is_looked_up() {
    let world = World::of(workflow([comp("a").kept().into(), comp("b").into()]));
    let commands = world.steps.iter().flat_map(|step| &step.commands);
    let looked_up = commands.filter_map(|command| match command {
        Command::StartTask { node, cached, .. } => Some((node.node_id.to_string(), *cached)),
        _ => None,
    });
    // The second waits for the first.
    assert_eq!(looked_up.collect::<Vec<_>>(), [("a".to_owned(), true)]);
}

#[test]
fn a_hit_is_an_attempt_with_all_its_events_and_says_where_it_is_from() {
    let mut world = cached();
    world.events();
    world.accept(hit(1)).unwrap();
    assert_eq!(
        world.events()[..2],
        lines("a hit of r0 after 30 ms\na finished 1")
    );
    let attempt = &world.store.attempts[&(NodeKey::new("a", 0), 1)];
    assert!(attempt.cached);
    assert_eq!(world.row("a").unwrap()["v"], "kept");
    assert!(
        world.store.kept.is_empty(),
        "what was taken is not kept anew"
    );
}

#[test]
fn a_result_is_kept_with_its_row_and_one_of_a_failed_attempt_is_not() {
    let mut world = World::of(workflow([comp("a")
        .kept()
        .retries(1, smithers_model::tree::Backoff::Fixed, 0)
        .into()]));
    world.accept(keep(1)).unwrap();
    world.fail("a", "boom");
    world.finish("a");
    assert!(
        world.store.kept.is_empty(),
        "the second attempt asked for nothing"
    );

    let mut world = cached();
    world.now = Timestamp(1_000);
    world.accept(keep(1)).unwrap();
    world.finish("a");
    let kept = &world.store.kept["k"];
    assert_eq!(kept.expires_at, Some(Timestamp(1_500)));
    assert_eq!(
        (kept.source_attempt, kept.version.as_deref()),
        (1, Some("7"))
    );
    let attempt = &world.store.attempts[&(NodeKey::new("a", 0), 1)];
    assert!(!attempt.cached);
}

#[test]
fn what_is_too_large_is_stored_and_not_kept() {
    let mut world = cached();
    world.accept(keep(1)).unwrap();
    world.finish_with("a", json!({ "v": "x".repeat(MAX_PAYLOAD) }));
    assert!(world.row("a").is_some());
    assert!(world.store.kept.is_empty());
}

#[test]
fn a_hit_that_comes_after_the_attempt_was_cut_off_changes_nothing() {
    let mut world = cached();
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    world.accept(hit(1)).unwrap();
    assert!(world.row("a").is_none());
    world.accept(hit(2)).unwrap();
    assert!(world.row("a").is_some());
}
