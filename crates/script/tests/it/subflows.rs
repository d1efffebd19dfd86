//! Subflows as modules write them: which workflow, which input, and what is refused.

use std::sync::Arc;

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::tree::{ChildSpec, TaskBody};
use smithers_model::workflow::Workflow;

use crate::driver::{Run, host, load_source, only, try_load_source};

/// A module whose workflow holds `body`; `first` and `second` are workflows made before it.
fn module(body: &str) -> String {
    format!(
        r#"
import {{ Subflow, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ n: z.number() }}) }});
const other = createSmithers({{ output: z.object({{ n: z.number() }}), input: z.object({{ n: z.number() }}) }});
const first = smithers(() => <Workflow name="first" />);
const second = other.smithers(() => <Workflow name="second" />);
export default smithers((ctx) => <Workflow name="w">{body}</Workflow>);
"#
    )
}

fn frame(body: &str) -> Result<Run, ErrorInfo> {
    let host = host();
    let workflow = load_source(&host, &module(body));
    let mut run = Run::open(&workflow, "r1", "{}").keep(host);
    run.render().map(|()| run)
}

fn child(props: &str) -> ChildSpec {
    let run = frame(&format!(
        "<Subflow id=\"sub\" output={{outputs.out}} {props} />"
    ))
    .unwrap();
    match &run.task("sub").body {
        TaskBody::Child(spec) => (**spec).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_input_is_an_object_and_anything_else_becomes_the_value_of_one() {
    for (input, wanted) in [
        ("", json!({})),
        ("input={null}", json!({})),
        ("input={{ a: [1] }}", json!({ "a": [1] })),
        ("input={[1, 2]}", json!({ "value": [1, 2] })),
        ("input=\"x\"", json!({ "value": "x" })),
        ("input={0}", json!({ "value": 0 })),
    ] {
        let spec = child(&format!("workflow={{first}} {input}"));
        assert_eq!(spec.input.value(), wanted, "{input}");
    }
}

#[test]
fn workflows_that_only_subflows_run_are_parts_of_the_module_with_tables_of_their_own() {
    let host = host();
    let loaded = try_load_source(&host, &module("{null}")).unwrap();
    let workflow = only(loaded);
    let tables: Vec<Vec<String>> = workflow
        .parts()
        .iter()
        .map(|part| part.outputs.iter().map(|table| table.key.clone()).collect())
        .collect();
    assert_eq!(tables, [["out"], ["output"]]);
}

#[test]
fn the_position_of_a_workflow_finds_it_and_a_function_may_give_it() {
    let name_of = |props: &str| {
        let host = host();
        let body = format!("<Subflow id=\"sub\" output={{outputs.out}} {props} />");
        let workflow = load_source(&host, &module(&body));
        let run = Run::start(&workflow, "r1", "{}");
        let TaskBody::Child(spec) = &run.task("sub").body else {
            panic!("a subflow stands for a child");
        };
        let part: Arc<dyn Workflow> = workflow.part(spec.part).unwrap();
        let run = Run::start(&part, "r2", r#"{"n": 1}"#);
        run.tree.workflow_name().unwrap().to_owned()
    };
    assert_eq!(name_of("workflow={first}"), "first");
    assert_eq!(name_of("workflow={second}"), "second");
    assert_eq!(name_of("workflow={() => second}"), "second");
}

#[test]
fn a_workflow_that_no_restart_would_find_again_is_refused_with_the_subflow() {
    for (props, why) in [
        ("", "its workflow is none"),
        ("workflow={42}", "its workflow is none"),
        ("workflow={{ path: \"./x.tsx\" }}", "by path"),
        ("workflow={smithers(() => null)}", "made while rendering"),
        (
            "workflow={() => smithers(() => null)}",
            "made while rendering",
        ),
        ("workflow={() => { throw new Error(\"boom\") }}", "boom"),
        ("workflow={first} mode=\"sideways\"", "mode must be one of"),
    ] {
        let body = format!("<Subflow id=\"sub\" output={{outputs.out}} {props} />");
        let error = frame(&body).err().unwrap();
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{props}");
        assert!(
            error.message.contains("Subflow \"sub\""),
            "{}",
            error.message
        );
        assert!(error.message.contains(why), "{}", error.message);
    }
}

#[test]
fn an_inline_subflow_is_no_task_and_one_to_be_skipped_is_nothing() {
    let inline = frame("<Subflow id=\"sub\" mode=\"inline\" workflow={first} />").unwrap();
    assert!(inline.tasks().is_empty());
    let skipped = "<Subflow id=\"sub\" skipIf workflow={first} output={outputs.out} />";
    assert!(frame(skipped).unwrap().tasks().is_empty());
}
