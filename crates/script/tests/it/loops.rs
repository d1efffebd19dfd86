//! Loops as modules write them: ids, passes, and the rows that tasks inside them see.

use smithers_model::tree::{Kind, LoopSpec, OnMaxReached};

use crate::driver::Run;
use crate::rules::frame;

fn loops(run: &Run) -> Vec<&LoopSpec> {
    let elements = run.tree.elements().iter();
    let spec = elements.filter_map(|element| match &element.kind {
        Kind::Loop(spec) => Some(spec),
        _ => None,
    });
    spec.collect()
}

fn ids(run: &Run) -> Vec<&str> {
    loops(run).iter().map(|spec| spec.id.as_str()).collect()
}

#[test]
fn a_loop_says_when_it_ends() {
    let run = frame("<Loop id='l' until={1} maxIterations={7.9} onMaxReached='fail'/><Loop/>");
    let run = run.unwrap();
    let specs = loops(&run);
    assert!(specs[0].until && !specs[1].until);
    assert_eq!((specs[0].max_iterations, specs[1].max_iterations), (7, 5));
    assert_eq!(specs[0].on_max_reached, OnMaxReached::Fail);
    assert_eq!(specs[1].on_max_reached, OnMaxReached::ReturnLast);
    assert_eq!(run.tree.elements()[2].tag, "smithers:ralph");
}

#[test]
fn a_loop_without_an_id_is_named_after_its_place() {
    let run = frame(
        "text<Loop/><Task id='sum' output={outputs.out} deps={{no: outputs.out}}>{{n: 1}}</Task>\
         <><Parallel>{'t'}<Loop/></Parallel></>",
    );
    assert_eq!(ids(&run.unwrap()), ["ralph:0.0", "ralph:0.1.0"]);
}

#[test]
fn ids_inside_nested_loops_tell_the_passes_apart() {
    let mut run = frame(
        "<Loop id='a'><Task id='x' output={outputs.out}>{{n: 1}}</Task>\
         <Sequence><Loop id='b'><Sequence><Loop id='c'>\
         <Task id='y' output={outputs.out}>{{n: 1}}</Task></Loop></Sequence></Loop></Sequence></Loop>",
    )
    .unwrap();
    let passes = [("a", 1), ("b@@a=1", 2), ("c@@a=1,b=2", 3)];
    run.passes = passes.map(|(id, pass)| (id.to_owned(), pass)).into();
    run.render().unwrap();
    assert_eq!(ids(&run), ["a", "b@@a=1", "c@@a=1,b=2"]);
    assert_eq!(run.tasks(), ["x", "y@@a=1,b=2"]);
    assert_eq!(run.task("x").node.iteration, 1);
    assert_eq!(run.task("y@@a=1,b=2").node.iteration, 3);
}

#[test]
fn a_task_gets_the_rows_of_its_own_pass() {
    let mut run = frame(
        "<Loop id='a'><Task id='plan' output={outputs.out}>{() => ({n: 10 + ctx.iterations.a})}</Task>\
         <Sequence><Loop id='b'><Task id='read' output={outputs.out} deps={{plan: outputs.out}}>\
         {({plan}) => ({n: plan.n})}</Task></Loop></Sequence></Loop>\
         <Task id='see' output={outputs.out}>{() => ({n: ctx.outputMaybe(outputs.out, {nodeId: 'read'})?.n ?? -1})}</Task>",
    )
    .unwrap();
    run.passes = [("a".to_owned(), 0)].into();
    run.render().unwrap();
    assert_eq!(run.tasks(), ["plan", "see"]);
    run.finish("plan");
    assert_eq!(run.finish("read@@a=0")["n"], 10);
    run.passes = [("a".to_owned(), 1), ("b@@a=1".to_owned(), 0)].into();
    run.render().unwrap();
    run.finish("plan");
    assert_eq!(run.finish("read@@a=1")["n"], 11);
    assert_eq!(run.finish("see")["n"], 11);
}

#[test]
fn a_task_after_an_inner_loop_gets_the_row_of_its_last_pass() {
    let mut run = frame(
        "<Loop id='a'><Sequence><Loop id='b'><Task id='read' output={outputs.out}>{{n: 1}}</Task></Loop>\
         <Task id='sum' output={outputs.out} deps={{read: outputs.out}}>{({read}) => ({n: read.n})}</Task>\
         </Sequence></Loop>",
    )
    .unwrap();
    for (pass, value) in [(0, 5), (1, 6)] {
        run.passes = [("a".to_owned(), 0), ("b@@a=0".to_owned(), pass)].into();
        run.render().unwrap();
        run.store("read@@a=0", &format!(r#"{{"n":{value}}}"#));
    }
    assert_eq!(run.finish("sum")["n"], 6);
}

#[test]
fn deps_come_by_key_and_need_every_row_unless_they_are_optional() {
    let mut run = frame(
        "<Task id='one' output={outputs.out}>{{n: 1}}</Task>\
         <Task id='both' output={outputs.out} deps={{first: outputs.out, two: outputs.out}} needs={{first: 'one'}} \
           dependsOn={['zero']}>{(d) => ({n: d.first.n, note: Object.keys(d).join()})}</Task>\
         <Task id='any' output={outputs.out} deps={{one: outputs.out, two: outputs.out}} depsOptional>\
           {(d) => ({n: 0, note: Object.keys(d).join()})}</Task>\
         <Task id='two' output={outputs.out}>{{n: 2}}</Task>",
    )
    .unwrap();
    assert_eq!(run.tasks(), ["one", "any", "two"]);
    run.finish("one");
    assert_eq!(run.tasks(), ["one", "any", "two"]);
    assert_eq!(run.finish("any")["note"], "one");
    run.finish("two");
    assert_eq!(run.tasks(), ["one", "both", "any", "two"]);
    let named = run.task("both").depends_on.iter();
    assert!(named.map(|id| id.as_str()).eq(["zero", "one", "two"]));
    assert_eq!(run.finish("both")["note"], "first,two");
}

#[test]
fn groups_hand_down_priority_and_failure_policy() {
    let task = |id: &str, more: &str| {
        format!("<Task id='{id}' output={{outputs.out}} {more}>{{{{n: 1}}}}</Task>")
    };
    let body = format!(
        "<Parallel priority={{3}} failurePolicy='quarantine'>{}{}<s.MergeQueue><Sequence failurePolicy='halt'>{}\
         </Sequence></s.MergeQueue></Parallel>{}",
        task("own", "priority={-1}"),
        task("heir", ""),
        task("queued", ""),
        task("outside", "")
    );
    let run = frame(&body).unwrap();
    let seen = ["own", "heir", "queued", "outside"].map(|id| {
        let task = run.task(id);
        (task.priority, task.quarantine)
    });
    assert_eq!(seen, [(-1, true), (3, true), (1000, false), (0, false)]);
    let queue = run
        .tree
        .elements()
        .iter()
        .find_map(|element| match &element.kind {
            Kind::Parallel(spec) if element.tag == "smithers:merge-queue" => Some(spec.clone()),
            _ => None,
        });
    assert_eq!(queue.unwrap().max_concurrency, Some(1));
}
