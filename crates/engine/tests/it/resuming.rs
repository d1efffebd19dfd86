//! Runs that are read back: after a crash, after a refused step, after being parked.

use smithers_engine::Refusal;
use smithers_model::audit::Channel;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::support::world::operator;
use crate::support::{World, approval, asking, comp, lines, par, stat, workflow};

fn succeeded(id: &str, attempt: u32) -> Fact {
    Fact::TaskSucceeded {
        node: NodeKey::new(id, 0),
        attempt,
        output: RawJson::trusted(r#"{"v":"late"}"#),
    }
}

#[test]
fn results_of_attempts_that_a_resume_replaced_are_noted_and_dropped() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    world.events();
    world.accept(succeeded("a", 1)).unwrap();
    assert_eq!(world.events(), ["a late 1"]);
    assert_eq!(world.steps.last().unwrap().changes, []);
    world.finish("a");
    assert_eq!(world.row("a").unwrap()["v"], "a");
}

#[test]
fn a_result_that_comes_twice_is_dropped_the_second_time() {
    let mut world = World::of(workflow([comp("a").into(), comp("b").into()]));
    world.finish("a");
    world.events();
    world.accept(succeeded("a", 1)).unwrap();
    assert_eq!(world.events(), ["a late 1"]);
}

#[test]
fn a_result_that_nobody_asked_for_is_refused() {
    let mut world = World::of(workflow([comp("a").into(), comp("b").into()]));
    for (id, attempt) in [("a", 2), ("a", 0), ("b", 1), ("nope", 1)] {
        let refused = world.accept(succeeded(id, attempt)).unwrap_err();
        let node = NodeKey::new(id, 0);
        assert_eq!(refused, Refusal::UnknownAttempt { node, attempt });
    }
}

#[test]
fn a_run_that_was_read_back_does_nothing_before_it_is_taken_up() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    assert_eq!(world.state.render_request(), None);
    world.state.continue_step(world.now);
    assert!(world.state.take_step().is_empty());
    let refused = world.accept(succeeded("a", 1)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a result cannot happen now: the run was not taken up"
    );
}

#[test]
fn a_decision_between_the_crash_and_the_resume_is_kept() {
    let tree = workflow([par([comp("slow").into(), asking(comp("gated")).into()])]);
    let mut world = World::of(tree);
    world.crash();
    world.events();
    world.decide("gated", true).unwrap();
    assert_eq!(world.events(), ["gated granted"]);
    world.accept(Fact::TakenUp).unwrap();
    assert_eq!(
        world.events(),
        lines("RUN started\n frame 2\n slow started 2\n gated started 1")
    );
}

#[test]
fn a_parked_run_that_is_taken_up_parks_again() {
    let mut world = World::of(workflow([approval("gate").into()]));
    world.crash();
    world.events();
    world.accept(Fact::TakenUp).unwrap();
    assert_eq!(
        world.events(),
        lines("RUN started\n frame 2\n RUN waiting-approval")
    );
}

#[test]
fn taking_a_run_up_twice_makes_one_frame() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    world.events();
    for _ in 0..2 {
        world.state.accept(Fact::TakenUp, world.now).unwrap();
    }
    world.pump();
    let events = lines("RUN started\n RUN started\n frame 2\n a started 2");
    assert_eq!(world.events(), events);
}

#[test]
fn a_refused_step_fails_the_run_with_the_reason_and_ends_what_was_under_way() {
    let mut world = World::of(workflow([par([comp("a").into(), comp("b").into()])]));
    world.crash();
    world.events();
    let reason = ErrorInfo::coded("DB_WRITE_FAILED", "constraint");
    world.accept(Fact::StepRefused(reason)).unwrap();
    assert_eq!(
        world.events(),
        lines(
            "a cancelled RunFailed
            b cancelled RunFailed
            RUN failed DB_WRITE_FAILED: constraint"
        )
    );
    assert_eq!(world.attempts(), "a#1=cancelled b#1=cancelled");
}

#[test]
fn a_finished_run_cannot_be_taken_up() {
    let mut world = World::of(workflow([stat("a").into()]));
    world.crash();
    let refused = world.accept(Fact::TakenUp).unwrap_err();
    let over = RunStatus::Finished;
    assert_eq!(refused, Refusal::NotActive { status: over });
}

#[test]
fn who_asked_for_a_run_to_go_on_is_in_the_audit_trail_and_nothing_else_changes() {
    let mut world = World::of(workflow([approval("gate").into()]));
    let before = world.store.events.len();
    let actor = operator();
    let asked = Fact::ResumeRequested {
        actor,
        accept_change: false,
    };
    world.accept(asked).unwrap();
    let record = world.store.audit.last().unwrap();
    let shown = (record.kind.as_str(), record.channel, &*record.outcome);
    assert_eq!(shown, ("resume", Channel::Http, "accepted"));
    assert_eq!(record.actor_id.as_deref(), Some("user:op"));
    assert_eq!(world.store.events.len(), before);
}

#[test]
fn the_first_start_of_a_run_is_remembered() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    world.now = Timestamp(7_000);
    world.accept(Fact::TakenUp).unwrap();
    let row = world.store.run.as_ref().unwrap();
    assert_eq!(row.started_at, Some(Timestamp(1_000)));
}

#[test]
fn a_new_session_of_a_running_run_gets_every_row_and_makes_a_new_frame() {
    let mut world = World::of(workflow([par([comp("a").into(), comp("b").into()])]));
    world.finish("a");
    world.events();
    world.state.session_opened();
    assert_eq!(world.state.render_request().unwrap().rows_from, 0);
    assert_eq!(world.state.render_input().new_rows.len(), 1);
}

#[test]
fn a_failure_that_was_committed_without_its_consequence_has_it_after_the_resume() {
    let mut world = World::of(workflow([comp("a").into()]));
    let mut cut = world.clone();
    world.fail("a", "boom");
    let step = world.steps.last().unwrap();
    let of_nodes = step.changes.iter().filter(|change| {
        let name = format!("{change:?}");
        name.starts_with("PutNode") || name.starts_with("PutAttempt")
    });
    let partial = smithers_model::step::Step {
        changes: of_nodes.cloned().collect(),
        ..Default::default()
    };
    cut.store.past.is_made_up = true;
    cut.store.commit(&partial);
    cut.crash();
    cut.accept(Fact::TakenUp).unwrap();
    let last = cut.events().pop().unwrap();
    assert_eq!(last, "RUN failed SESSION_ERROR: Task failed: a <- boom");
}
