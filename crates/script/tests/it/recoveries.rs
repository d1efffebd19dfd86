//! Sagas and try blocks as modules write them.

use smithers_model::tree::Kind;

use crate::driver::Run;
use crate::rules::frame;

/// The elements from the first saga or try block on, with what is known of each.
fn drawn(run: &Run) -> Vec<String> {
    let elements = run.tree.elements().iter();
    elements
        .filter_map(|element| match &element.kind {
            Kind::Saga(saga) => Some(format!("saga {} {:?}", saga.id, saga.on_failure)),
            Kind::Try(block) => Some(format!("try {} {:?}", block.id, block.catch_errors)),
            Kind::Region(region) => Some(format!("{region:?}")),
            Kind::Group => Some(element.tag.clone()),
            Kind::Task(task) => Some(task.node.node_id.to_string()),
            _ => None,
        })
        .collect()
}

fn refusal(body: &str) -> String {
    match frame(body) {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.message,
    }
}

#[test]
fn steps_are_given_as_a_list_or_as_children() {
    let steps = "[{id: 'one', action: <Task id='a' output={outputs.out}>{{n: 1}}</Task>, compensation: <Task id='b' output={outputs.out}>{{n: 1}}</Task>}]";
    let listed = frame(&format!(
        "<s.Saga id='s' onFailure='compensate-and-fail' steps={{{steps}}}/>"
    ))
    .unwrap();
    let written = frame(
        "<s.Saga id='s' onFailure='compensate-and-fail'>{null}<>\
         <s.Saga.Step id='one' compensation={<Task id='b' output={outputs.out}>{{n: 1}}</Task>}>\
         <Task id='a' output={outputs.out}>{{n: 1}}</Task></s.Saga.Step></></s.Saga>",
    )
    .unwrap();
    let expected = [
        "saga s CompensateAndFail",
        "Actions",
        "smithers:saga-step",
        "a",
        "Compensations",
        "smithers:saga-step",
        "b",
    ];
    assert_eq!(drawn(&listed), expected);
    assert_eq!(drawn(&written), expected);
}

#[test]
fn a_try_block_has_the_parts_it_is_given() {
    let task = |id: &str| format!("<Task id='{id}' output={{outputs.out}}>{{{{n: 1}}}}</Task>");
    let (a, b, c) = (task("a"), task("b"), task("c"));
    let run = frame(&format!(
        "<s.TryCatchFinally id='t' try={{{a}}} catch={{{b}}} catchErrors={{['TASK_TIMEOUT']}} finally={{{c}}}/>\
         <s.TryCatchFinally try={{{}}} catch={{() => null}}/>",
        task("d")
    ))
    .unwrap();
    assert_eq!(
        drawn(&run),
        [
            "try t [\"TASK_TIMEOUT\"]",
            "Try",
            "a",
            "Catch",
            "b",
            "Finally",
            "c",
            "try tcf:0.1 []",
            "Try",
            "d",
        ]
    );
}

#[test]
fn ids_carry_the_passes_of_outer_loops() {
    let run = frame(
        "<Loop id='outer'><Sequence><Loop id='inner'><Sequence>\
         <s.TryCatchFinally id='t' try={<Task id='a' output={outputs.out}>{{n: 1}}</Task>}/>\
         </Sequence></Loop></Sequence></Loop>",
    )
    .unwrap();
    assert_eq!(drawn(&run), ["try t@@outer=0 []", "Try", "a@@outer=0"]);
}

#[test]
fn an_agent_whose_failure_is_dealt_with_is_tried_once_more_only() {
    let run = frame(
        "<s.TryCatchFinally try={<Task id='a' output={outputs.out} agent={new s.AnthropicAgent({model: 'm'})}>hi</Task>}\
         catch={<Task id='b' output={outputs.out} agent={new s.AnthropicAgent({model: 'm'})}>hi</Task>}\
         finally={<Task id='c' output={outputs.out} agent={new s.AnthropicAgent({model: 'm'})}>hi</Task>}/>",
    )
    .unwrap();
    let retries = ["a", "b", "c"].map(|id| run.task(id).retry.retries);
    assert_eq!(retries, [1, 1, 3]);
}

#[test]
fn what_is_left_out_is_not_there() {
    let run = frame("<s.Saga id='s' skipIf steps={[]}/><s.TryCatchFinally skipIf/>").unwrap();
    assert!(drawn(&run).is_empty());
}

#[test]
fn mistakes_are_named() {
    for (body, message) in [
        ("<s.Saga id='s'/>", "Saga \"s\": it needs steps"),
        (
            "<s.Saga id='s' steps={[{id: 'x', action: <a/>}]}/>",
            "Saga \"s\": step \"x\" has no compensation",
        ),
        (
            "<s.Saga id='s' steps={[{id: 'x', compensation: <a/>}]}/>",
            "Saga \"s\": step \"x\" has no action",
        ),
        (
            "<s.Saga id='s'><Sequence/></s.Saga>",
            "Saga \"s\": its children must be Saga.Step",
        ),
        (
            "<s.Saga id='s' onFailure='retry' steps={[{id: 'x', action: <a/>, compensation: <a/>}]}/>",
            "Saga \"s\": onFailure must be one of compensate, compensate-and-fail, fail, got \"retry\"",
        ),
        (
            "<s.SagaStep id='x'/>",
            "Saga.Step \"x\": it belongs directly into a Saga",
        ),
        (
            "<s.TryCatchFinally id='t'/>",
            "TryCatchFinally \"t\": it needs something to `try`",
        ),
        (
            "<s.TryCatchFinally id='t' try={<a/>} catchErrors='X'/>",
            "TryCatchFinally \"t\": catchErrors must be a list of codes",
        ),
    ] {
        assert_eq!(refusal(body), message, "{body}");
    }
}
