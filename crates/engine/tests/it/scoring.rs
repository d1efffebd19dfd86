//! Scorers of tasks: they look at stored results, and move nothing.

use smithers_engine::Refusal;
use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::score::{Judgement, ScoreValue, ScoringKey};
use smithers_model::tree::Backoff;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::support::{World, comp, lines, workflow};

const ALWAYS: u32 = 1_000_000;

fn scoring(node: &str, attempt: u32, scorer: &str) -> ScoringKey {
    ScoringKey {
        node: NodeKey::new(node, 0),
        attempt,
        scorer: scorer.into(),
    }
}

fn said(key: ScoringKey, score: f64) -> Fact {
    let judgement = Judgement {
        score: ScoreValue::new(score).expect("a number from 0 to 1"),
        reason: Some("so".into()),
        meta: None,
        input: None,
        output: Some(RawJson::of(&1)),
        ground_truth: None,
        context: None,
    };
    Fact::Scored {
        key,
        outcome: Ok(Box::new(judgement)),
    }
}

fn silent(key: ScoringKey) -> Fact {
    Fact::Scored {
        key,
        outcome: Err(ErrorInfo::coded("SCORER_FAILED", "no idea")),
    }
}

fn scored() -> World {
    let tree = workflow([
        comp("a")
            .scored("tone", ALWAYS)
            .scored("speed", ALWAYS)
            .into(),
        comp("b").into(),
    ]);
    let mut world = World::of(tree);
    world.now = Timestamp(1_000);
    world.events();
    world
}

#[test]
fn scorers_are_asked_once_the_result_is_stored_and_the_run_goes_on_meanwhile() {
    let mut world = scored();
    assert_eq!(world.asked_scorers, []);
    world.finish("a");
    let told = world.events();
    assert_eq!(
        told[..3],
        lines("a finished 1\na is scored by tone\na is scored by speed")
    );
    assert!(told.contains(&"b started 1".to_owned()), "{told:?}");
    let keys = ["tone", "speed"].map(|scorer| scoring("a", 1, scorer));
    assert_eq!(world.asked_scorers, keys);
    assert_eq!((world.state.scorings(), world.store.scorings.len()), (2, 2));
    assert_eq!(world.store.scorings[&keys[0]].begun_at, Timestamp(1_000));
}

#[test]
fn a_score_is_kept_when_it_comes_also_after_the_end_of_the_run() {
    let mut world = scored();
    world.finish("a");
    world.now = Timestamp(1_400);
    world.accept(said(scoring("a", 1, "tone"), 0.5)).unwrap();
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
    world.events();
    world.accept(said(scoring("a", 1, "speed"), 1.0)).unwrap();
    assert_eq!(world.events(), lines("a got 1 from speed"));
    let kept = &world.store.scores[&scoring("a", 1, "tone")];
    assert_eq!((kept.scored_at, kept.duration_ms), (Timestamp(1_400), 400));
    assert_eq!((world.store.scores.len(), world.state.scorings()), (2, 0));
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_scorer_that_fails_is_told_and_moves_nothing() {
    let mut world = scored();
    world.finish("a");
    world.events();
    world.accept(silent(scoring("a", 1, "tone"))).unwrap();
    assert_eq!(world.events(), lines("a got nothing from tone: no idea"));
    assert!(world.store.scores.is_empty());
    world.finish("b");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_score_that_nobody_waits_for_is_refused() {
    let mut world = scored();
    world.finish("a");
    world.accept(said(scoring("a", 1, "tone"), 0.5)).unwrap();
    let again = world.accept(said(scoring("a", 1, "tone"), 0.7));
    assert!(
        matches!(again, Err(Refusal::UnknownAttempt { .. })),
        "{again:?}"
    );
    let other = world.accept(said(scoring("b", 1, "tone"), 0.7));
    assert!(other.is_err());
    let kept = &world.store.scores[&scoring("a", 1, "tone")];
    assert_eq!(kept.judgement.score.get(), 0.5);
}

#[test]
fn what_a_crash_cut_off_is_told_also_in_a_run_that_has_ended() {
    for is_over in [false, true] {
        let mut world = scored();
        world.finish("a");
        if is_over {
            world.finish("b");
        }
        world.crash();
        world.events();
        world.accept(Fact::ScoringsCutOff).unwrap();
        let told = "a got nothing from speed: it was cut off before it gave a score
                    a got nothing from tone: it was cut off before it gave a score";
        assert_eq!(world.events(), lines(told), "over: {is_over}");
        assert!(world.store.scorings.is_empty());
        world.accept(Fact::ScoringsCutOff).unwrap();
        assert_eq!(world.events(), lines(""), "once");
    }
}

#[test]
fn nobody_looks_at_what_failed_and_the_attempt_that_ends_well_is_scored() {
    let task = comp("a")
        .scored("tone", ALWAYS)
        .retries(1, Backoff::Fixed, 0);
    let mut world = World::of(workflow([task.into()]));
    world.fail("a", "boom");
    assert_eq!(world.asked_scorers, []);
    world.finish("a");
    assert_eq!(world.asked_scorers, [scoring("a", 2, "tone")]);
}

#[test]
fn a_call_is_told_how_many_scorers_follow_and_one_that_never_looks_is_not_asked() {
    let task = comp("a").scored("tone", ALWAYS).scored("never", 0);
    let mut world = World::of(workflow([task.into()]));
    let steps = world.steps.iter().flat_map(|step| &step.commands);
    let told = steps.filter_map(|command| match command {
        Command::StartTask { scorings, .. } => Some(*scorings),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [1]);
    world.finish("a");
    assert_eq!(world.asked_scorers, [scoring("a", 1, "tone")]);
}
