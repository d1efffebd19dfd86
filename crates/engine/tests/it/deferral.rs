//! Tasks that are mounted only once the rows they need are there.

use crate::support::{World, comp, deferred, lines, par, stat, workflow};

#[test]
fn a_deferred_task_is_unknown_until_it_is_mounted() {
    let mut world = World::reactive(|rows| {
        let sum = match rows.contains_key("a") {
            true => comp("sum").after("a").into(),
            false => deferred("sum", &["a"]),
        };
        Ok(workflow([par([sum, comp("a").into()])]))
    });
    assert_eq!(world.nodes(), "a=in-progress");
    world.events();
    world.finish("a");
    assert_eq!(
        world.events(),
        lines(
            "a finished 1
            sum pending
            frame 2 by a
            sum started 1"
        )
    );
}

#[test]
fn a_run_cannot_finish_while_a_task_misses_rows() {
    let mut world = World::of(workflow([stat("a").into(), deferred("sum", &["a", "b"])]));
    assert_eq!(
        world.events()[5..],
        lines(
            "frame 2 by a
            frame 3 stability-check
            RUN failed DEPENDENCY_DEADLOCK: Tasks wait for outputs that nothing gives: sum (needs a, b)"
        )
    );
}

#[test]
fn deferred_tasks_are_no_part_of_the_record_of_a_frame() {
    let with = workflow([stat("a").into(), deferred("sum", &["b"])]);
    assert_eq!(with.content(), workflow([stat("a").into()]).content());
}
