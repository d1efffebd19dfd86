//! Signs of life of tasks: stored with the attempt, and handed to the next one.

use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::report::Report;
use smithers_model::tree::Backoff;
use smithers_model::{NodeKey, RawJson};

use crate::support::{World, comp, lines, workflow};

fn beat(attempt: u32, data: Option<&'static str>) -> Fact {
    let data = data.map(RawJson::trusted);
    Fact::TaskReported {
        node: NodeKey::new("a", 0),
        attempt,
        report: Report::Heartbeat { data },
    }
}

fn flaky() -> World {
    World::of(workflow([comp("a").retries(5, Backoff::Fixed, 0).into()]))
}

/// What each attempt of the run was told, and how many had failed before it.
fn told(world: &World) -> Vec<(u32, Option<&str>)> {
    let commands = world.steps.iter().flat_map(|step| &step.commands);
    let starts = commands.filter_map(|command| match command {
        Command::StartTask {
            failures,
            last_heartbeat,
            ..
        } => Some((*failures, last_heartbeat.as_ref().map(RawJson::as_str))),
        _ => None,
    });
    starts.collect()
}

#[test]
fn a_heartbeat_is_on_record_with_the_time_since_the_one_before() {
    let mut world = flaky();
    world.events();
    world.accept(beat(1, None)).unwrap();
    world.now = world.now.plus(std::time::Duration::from_millis(700));
    world.accept(beat(1, Some("{\"at\":7}"))).unwrap();
    assert_eq!(
        world.events(),
        lines("a alive 1 0\na alive 1 8 after 700 ms")
    );
    let row = &world.store.attempts[&(NodeKey::new("a", 0), 1)];
    let heartbeat = row.heartbeat.as_ref().unwrap();
    assert_eq!(heartbeat.at, world.now);
    assert_eq!(heartbeat.data, Some(RawJson::trusted("{\"at\":7}")));
}

#[test]
fn the_next_attempt_is_told_what_any_one_before_it_told_last() {
    let mut world = flaky();
    world.accept(beat(1, Some("1"))).unwrap();
    world.accept(beat(1, Some("2"))).unwrap();
    world.accept(beat(1, None)).unwrap();
    world.fail("a", "boom");
    // The second attempt says nothing, and the third one still knows.
    world.accept(beat(2, None)).unwrap();
    world.fail("a", "boom");
    world.accept(beat(3, Some("3"))).unwrap();
    // A crash counts no failure.
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    world.fail("a", "boom");
    assert_eq!(
        told(&world),
        [
            (0, None),
            (1, Some("2")),
            (2, Some("2")),
            (2, Some("3")),
            (3, Some("3"))
        ]
    );
}

#[test]
fn a_heartbeat_of_a_replaced_attempt_changes_nothing() {
    let mut world = flaky();
    world.fail("a", "boom");
    world.events();
    let steps = world.steps.len();
    world.accept(beat(1, Some("1"))).unwrap();
    assert!(world.events().is_empty());
    assert_eq!(world.steps.len(), steps, "nothing to commit");
    world.fail("a", "boom");
    assert_eq!(told(&world).last(), Some(&(2, None)));
}

#[test]
fn a_silent_attempt_says_since_when_before_it_fails() {
    let mut world = flaky();
    world.events();
    let mut error = ErrorInfo::coded("TASK_HEARTBEAT_TIMEOUT", "silent");
    error.details = Some(RawJson::trusted(
        "{\"lastHeartbeatAtMs\":12,\"timeoutMs\":500}",
    ));
    world.fail_with("a", error);
    assert_eq!(
        world.events()[..3],
        lines(
            "a silent 1 since 12 for 500
            a failed 1: TASK_HEARTBEAT_TIMEOUT
            a retrying 2"
        )
    );
}

#[test]
fn a_task_that_beats_as_its_run_is_cancelled_is_aborted() {
    let mut world = flaky();
    let (state, now) = (&mut world.state, world.now);
    state.accept(beat(1, None), now).unwrap();
    world.cancel().unwrap();
    assert_eq!(world.aborted, [NodeKey::new("a", 0)]);
}
