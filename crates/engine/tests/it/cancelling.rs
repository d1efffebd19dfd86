//! Cancelling in every state a run can be in.

use smithers_engine::Refusal;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::tree::Backoff;
use smithers_model::{NodeKey, RawJson};

use crate::support::world::operator;
use crate::support::{World, approval, comp, lines, par, seq, stat, workflow};

#[test]
fn a_running_run_loses_its_attempts_and_keeps_what_was_not_started() {
    let mut world = World::of(workflow([
        par([comp("a").into(), comp("b").into(), approval("gate").into()]),
        stat("last").into(),
    ]));
    world.events();
    world.cancel().unwrap();
    assert_eq!(
        world.events(),
        lines(
            "a cancelled RunCancelled
            b cancelled RunCancelled
            gate cancelled RunCancelled
            gate denied
            RUN cancelled"
        )
    );
    assert_eq!(
        world.nodes(),
        "a=cancelled b=cancelled gate=cancelled last=pending"
    );
    assert_eq!(world.attempts(), "a#1=cancelled b#1=cancelled");
    assert_eq!(world.aborted, [NodeKey::new("a", 0), NodeKey::new("b", 0)]);
    assert!(world.closed);
    let row = world.store.run.as_ref().unwrap();
    assert_eq!(
        (row.status, row.finished_at),
        (RunStatus::Cancelled, Some(world.now))
    );
    assert_eq!(row.cancel_requested_at, Some(world.now));
}

#[test]
fn the_open_questions_of_a_cancelled_run_are_denied_by_the_cancel() {
    let mut world = World::of(workflow([approval("gate").into()]));
    world.crash();
    world.cancel().unwrap();
    let approval = world.store.approvals.values().next().unwrap();
    let decision = approval.decision.as_ref().unwrap();
    assert!(!decision.approved);
    assert_eq!(decision.decided_by.as_deref(), Some("smithers:cancel"));
    assert_eq!(decision.note.as_deref(), Some("Run cancelled"));
    assert_eq!(world.store.events.last(), Some(&Event::RunCancelled));
}

#[test]
fn the_request_is_in_the_audit_trail() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.cancel().unwrap();
    let record = world.store.audit.last().unwrap();
    assert_eq!(record.kind, "cancel");
    assert_eq!(record.actor_id.as_deref(), Some("user:op"));
}

#[test]
fn a_run_can_be_cancelled_before_it_was_taken_up() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    world.events();
    world.cancel().unwrap();
    assert_eq!(
        world.events(),
        lines("a cancelled RunCancelled\n RUN cancelled")
    );
    let late = world.accept(Fact::TakenUp).unwrap_err();
    let over = RunStatus::Cancelled;
    assert_eq!(late, Refusal::NotActive { status: over });
}

#[test]
fn a_backing_off_task_is_never_started_again() {
    let job = comp("flaky").retries(3, Backoff::Fixed, 50);
    let mut world = World::of(workflow([job.into()]));
    world.fail("flaky", "boom");
    world.cancel().unwrap();
    assert_eq!(world.state.next_due(), None);
    let woken = world.accept(Fact::TimeReached).unwrap_err();
    assert_eq!(woken.to_string(), "Run is not currently active");
}

#[test]
fn a_frame_that_comes_after_the_cancel_changes_nothing() {
    let tree = workflow([comp("a").into(), comp("b").into()]);
    let mut world = World::of(tree.clone());
    let done = Fact::TaskSucceeded {
        node: NodeKey::new("a", 0),
        attempt: 1,
        output: RawJson::parse(r#"{"v":"a"}"#).unwrap(),
    };
    world.state.accept(done, world.now).unwrap();
    assert!(world.state.render_request().is_some());
    world.cancel().unwrap();
    assert_eq!(world.state.render_request(), None);
    let late = world.state.accept(Fact::Rendered(tree), world.now);
    let over = RunStatus::Cancelled;
    assert_eq!(late, Err(Refusal::NotActive { status: over }));
    assert!(world.state.take_step().is_empty());
}

#[test]
fn a_task_that_the_same_step_started_is_not_started_at_all() {
    let tree = workflow([comp("a").into(), seq([comp("b").into()])]);
    let mut world = World::of(tree.clone());
    let facts = [
        Fact::TaskSucceeded {
            node: NodeKey::new("a", 0),
            attempt: 1,
            output: RawJson::parse(r#"{"v":"a"}"#).unwrap(),
        },
        Fact::Rendered(tree),
        Fact::CancelRequested { actor: operator() },
    ];
    for fact in facts {
        world.state.accept(fact, world.now).unwrap();
    }
    world.pump();
    assert_eq!(world.nodes(), "a=finished b=cancelled");
    assert!(world.aborted.is_empty());
}

#[test]
fn cancelling_twice_is_told_apart_from_cancelling_what_has_ended() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.cancel().unwrap();
    assert_eq!(world.cancel(), Err(Refusal::AlreadyCancelled));
    let mut finished = World::of(workflow([stat("a").into()]));
    let over = RunStatus::Finished;
    assert_eq!(finished.cancel(), Err(Refusal::NotActive { status: over }));
}

#[test]
fn results_of_a_cancelled_run_are_refused() {
    let mut world = World::of(workflow([comp("a").into()]));
    world.cancel().unwrap();
    let late = Fact::TaskFailed {
        node: NodeKey::new("a", 0),
        attempt: 1,
        error: ErrorInfo::thrown("AbortError", "aborted"),
        retryable: false,
    };
    let over = RunStatus::Cancelled;
    assert_eq!(world.accept(late), Err(Refusal::NotActive { status: over }));
}
