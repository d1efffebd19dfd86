//! How runs end, apart from cancelling: well, by a failure, by a tree that cannot be run, by a deadlock.

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::run::RunStatus;

use crate::support::{World, approval, comp, later, lines, par, seq, stat, workflow};

#[test]
fn a_failed_task_ends_the_run_and_everything_under_way() {
    let mut world = World::of(workflow([
        par([comp("a").into(), comp("b").into(), approval("gate").into()]),
        stat("last").into(),
    ]));
    world.events();
    world.fail("b", "boom");
    assert_eq!(
        world.events(),
        lines(
            "b failed 1: boom
            a cancelled RunFailed
            gate cancelled RunFailed
            gate denied
            RUN failed SESSION_ERROR: Task failed: b <- boom"
        )
    );
    assert_eq!(
        world.nodes(),
        "a=cancelled b=failed gate=cancelled last=pending"
    );
    let row = world.store.run.as_ref().unwrap();
    assert_eq!(
        (row.status, row.finished_at),
        (RunStatus::Failed, Some(world.now))
    );
    let details = row.error.as_ref().unwrap().details.as_ref().unwrap();
    assert_eq!(details.value(), json!({"key": "b::0"}));
}

#[test]
fn a_static_task_that_fails_ends_the_ones_started_with_it() {
    let broken = stat("a").broken_value(ErrorInfo::coded("INVALID_OUTPUT", "a promise"));
    let mut world = World::of(workflow([par([broken.into(), stat("b").into()])]));
    assert_eq!(
        world.events()[4..],
        lines(
            "a started 1
            b started 1
            a failed 1: INVALID_OUTPUT
            b cancelled RunFailed
            RUN failed SESSION_ERROR: Task failed: a <- a promise"
        )
    );
    assert!(
        world
            .aborted
            .iter()
            .all(|node| node.node_id.as_str() == "b")
    );
    assert!(world.row("b").is_none());
}

#[test]
fn a_failure_that_is_allowed_lets_the_run_go_on_and_is_reported() {
    let tree = workflow([comp("a").may_fail().into(), stat("b").into()]);
    let mut world = World::of(tree);
    world.fail("a", "boom");
    assert_eq!(world.nodes(), "a=failed b=finished");
    assert_eq!(world.events().last().unwrap(), "RUN finished, failed: a::0");
}

#[test]
fn an_output_that_does_not_fit_names_what_is_wrong_and_what_came() {
    let mut world = World::of(workflow([comp("a").table("num").into()]));
    world.finish_with("a", json!({"n": "seven", "x": 1}));
    assert_eq!(world.status(), RunStatus::Failed);
    let attempt = world.store.attempts.values().next().unwrap();
    let error = attempt.error.as_ref().unwrap();
    assert!(error.has_code("INVALID_OUTPUT"));
    assert!(
        error
            .message
            .contains("n: expected number, received string"),
        "{}",
        error.message
    );
    let details = error.details.as_ref().unwrap().value();
    assert_eq!(details, json!({"receivedKeys": ["n", "x"]}));
    assert!(world.store.outputs.is_empty());
}

#[test]
fn trees_that_cannot_be_run_fail_the_run_before_anything_of_them_is_stored() {
    for (tree, expected) in [
        (
            workflow([seq([stat("a").into(), later("Timer")])]),
            "RUN failed RUNTIME_CAPABILITY_UNAVAILABLE: <Timer> is not in this build yet",
        ),
        (
            workflow([stat("a").into(), comp("a").into()]),
            "RUN failed DUPLICATE_ID: Duplicate task id: a",
        ),
        (
            workflow([stat("a").table("nope").into()]),
            "RUN failed UNKNOWN_OUTPUT_SCHEMA: Task a names an unknown output: nope",
        ),
    ] {
        let mut world = World::of(tree);
        assert_eq!(world.events(), ["RUN started", expected]);
        assert!(world.store.nodes.is_empty());
        assert!(world.store.frames.is_empty());
        assert!(world.closed);
    }
}

#[test]
fn a_workflow_that_throws_fails_the_run_with_its_own_error() {
    let mut world = World::reactive(|rows| {
        if rows.contains_key("a") {
            return Err(ErrorInfo::coded(
                "WORKFLOW_RENDER_FAILED",
                "x is not a function",
            ));
        }
        Ok(workflow([par([comp("a").into(), comp("b").into()])]))
    });
    world.events();
    world.finish("a");
    assert_eq!(
        world.events(),
        lines(
            "a finished 1
            b cancelled RunFailed
            RUN failed WORKFLOW_RENDER_FAILED: x is not a function"
        )
    );
}

#[test]
fn nothing_that_can_go_on_is_a_deadlock_after_one_more_look() {
    let tree = workflow([par([
        comp("a").after("gone").into(),
        comp("b").after("a").into(),
    ])]);
    let mut world = World::of(tree);
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            a pending
            b pending
            frame 1
            frame 2 deadlock-check
            RUN failed DEPENDENCY_DEADLOCK: No task can go on: a, b; \
             dependencies that are not mounted: gone"
        )
    );
}

#[test]
fn a_wide_deadlock_is_told_in_few_words() {
    let stuck = (0..12).map(|n| comp(&format!("t{n}")).after("gone").into());
    let mut world = World::of(workflow([par(stuck)]));
    let last = world.events().pop().unwrap();
    assert!(last.contains("t8, t9 and 2 more; "), "{last}");
    assert!(last.ends_with("not mounted: gone"), "{last}");
}

#[test]
fn the_second_look_can_break_a_deadlock() {
    let looks = std::cell::Cell::new(0);
    let mut world = World::reactive(move |_| {
        looks.set(looks.get() + 1);
        let mut children = vec![comp("a").after("helper").into()];
        if looks.get() > 1 {
            children.push(stat("helper").into());
        }
        Ok(workflow([par(children)]))
    });
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn the_stability_check_is_made_once_per_set_of_tasks() {
    let looks = std::cell::Cell::new(0);
    let mut world = World::reactive(move |_| {
        looks.set(looks.get() + 1);
        let mut children = vec![stat("a").into()];
        if looks.get() >= 3 {
            children.push(stat("b").into());
        }
        Ok(workflow(children))
    });
    assert_eq!(
        world.events()[4..],
        lines(
            "a finished 1
            frame 2 by a
            b pending
            frame 3 stability-check
            b started 1
            b finished 1
            frame 4 by b
            frame 5 stability-check
            RUN finished"
        )
    );
}

#[test]
fn a_workflow_of_nothing_finishes() {
    let mut world = World::of(workflow([]));
    assert_eq!(
        world.events(),
        lines("RUN started\n frame 1\n frame 2 stability-check\n RUN finished")
    );
}

#[test]
fn a_running_task_that_is_unmounted_is_left_to_finish_and_its_row_is_stored() {
    let mut world = World::reactive(|rows| {
        let mut children = vec![comp("quick").into()];
        if !rows.contains_key("quick") {
            children.push(comp("slow").into());
        }
        Ok(workflow([par(children)]))
    });
    world.finish("quick");
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("slow");
    assert!(world.row("slow").is_some());
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn an_unmounted_task_that_throws_is_reported_and_does_not_fail_the_run() {
    let mut world = World::reactive(|rows| {
        let mut children = vec![comp("quick").into()];
        if !rows.contains_key("quick") {
            children.push(comp("slow").into());
        }
        Ok(workflow([par(children)]))
    });
    world.finish("quick");
    world.fail("slow", "boom");
    assert_eq!(
        world.events().last().unwrap(),
        "RUN finished, failed: slow::0"
    );
}

#[test]
fn a_question_that_no_frame_asks_any_more_ends_with_the_run() {
    let mut world = World::reactive(|rows| {
        let mut children = vec![comp("a").into()];
        if rows.is_empty() {
            children.push(approval("gate").into());
        }
        Ok(workflow([par(children)]))
    });
    world.finish("a");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "a=finished gate=cancelled");
    let events = world.events();
    let end = events[events.len() - 3..].to_vec();
    assert_eq!(
        end,
        lines("gate cancelled Unmounted\n gate denied\n RUN finished")
    );
}

#[test]
fn a_task_that_is_mounted_again_is_not_run_again() {
    let mut world = World::reactive(|rows| {
        let mut children = vec![comp("b").into(), comp("c").into()];
        if rows.len() != 1 {
            children.insert(0, stat("a").into());
        }
        Ok(workflow(children))
    });
    world.finish("b");
    world.finish("c");
    assert_eq!(world.attempts(), "a#1=finished b#1=finished c#1=finished");
}

#[test]
fn the_first_frame_names_the_workflow() {
    let world = World::reactive(|_| {
        let mut tree = smithers_model::tree::TreeBuilder::default();
        let kind = smithers_model::tree::Kind::Workflow {
            name: "nightly build".into(),
        };
        tree.open(kind, "smithers:workflow", vec![]);
        Ok(tree.finish())
    });
    assert_eq!(world.store.run.unwrap().workflow_name, "nightly build");
}
