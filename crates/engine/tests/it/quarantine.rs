//! Failures that are kept apart.

use smithers_model::run::RunStatus;

use crate::support::{World, comp, deferred, lines, par, seq, stat, workflow};

#[test]
fn a_failure_in_quarantine_leaves_out_what_depends_on_it() {
    let mut world = World::of(workflow([
        par([
            comp("bad").quarantined().into(),
            comp("next").after("bad").into(),
            comp("far").after("next").into(),
            comp("other").into(),
        ]),
        stat("after").into(),
    ]));
    world.events();
    world.fail("bad", "boom");
    assert_eq!(
        world.events(),
        lines(
            "bad failed 1: boom
            frame 2 by bad
            next skipped
            far skipped"
        )
    );
    world.finish("other");
    assert_eq!(world.status(), RunStatus::Finished);
    let last = world.events().pop().unwrap();
    assert_eq!(last, "RUN finished, failed: bad::0");
    assert!(world.row("after").is_some());
}

#[test]
fn what_only_follows_a_quarantined_failure_goes_on() {
    let mut world = World::of(workflow([seq([
        comp("bad").quarantined().into(),
        stat("next").into(),
    ])]));
    world.fail("bad", "boom");
    assert_eq!(world.nodes(), "bad=failed next=finished");
}

#[test]
fn a_task_that_misses_the_row_of_a_quarantined_failure_does_not_fail_the_run() {
    let mut world = World::of(workflow([
        comp("bad").quarantined().into(),
        deferred("sum", &["bad"]),
    ]));
    world.fail("bad", "boom");
    assert_eq!(world.status(), RunStatus::Finished);
}
