//! Trees that are made to break the host: code in the middle of a walk, lists without end, nothing in its place.

use smithers_model::error::ErrorInfo;
use smithers_script::ScriptHost;

use crate::driver::{Run, host, load_source, strict_host};

/// Renders `children`, which `before` may prepare, twice. The second frame must say the same.
fn render(before: &str, children: &str) -> Result<Run, ErrorInfo> {
    render_in(host(), before, children)
}

fn render_in(host: ScriptHost, before: &str, children: &str) -> Result<Run, ErrorInfo> {
    let source = format!(
        r#"/** @jsxImportSource smithers-orchestrator */
import {{ Parallel, Sequence, Task, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ createContext, useContext }} from "react";
import {{ jsx }} from "smithers-orchestrator/jsx-runtime";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ n: z.number() }}) }});
const task = (id) => <Task id={{id}} output={{outputs.out}}>{{{{ n: 1 }}}}</Task>;
const props = (id, more) => Object.defineProperties({{ output: outputs.out, children: {{ n: 1 }} }}, {{ id: {{ enumerable: true, ...id }}, ...more }});
export default smithers((ctx) => {{
  {before}
  return <Workflow name="w">{{{children}}}</Workflow>;
}});"#
    );
    let mut run = Run::open(&load_source(&host, &source), "r1", "{}").keep(host);
    run.render()?;
    let first = run.tasks();
    run.render()?;
    assert_eq!(run.tasks(), first);
    Ok(run)
}

fn tasks(before: &str, children: &str) -> Vec<String> {
    render(before, children).unwrap().tasks()
}

fn message(before: &str, children: &str) -> String {
    match render(before, children) {
        Ok(run) => panic!("it renders {:?}", run.tasks()),
        Err(error) => error.message,
    }
}

#[test]
fn a_getter_that_throws_fails_the_frame_with_what_it_threw() {
    let throwing = [
        r#"jsx(Task, props({ get() { throw new Error("mine"); } }))"#,
        r#"jsx(Sequence, { get children() { throw new Error("mine"); } })"#,
        r#"Object.defineProperty([1], 0, { get() { throw new Error("mine"); } })"#,
        r#"Object.defineProperty(task("a"), "props", { get() { throw new Error("mine"); } })"#,
        r#"new Proxy([1], { get() { throw new Error("mine"); } })"#,
        r#"jsx(Task, new Proxy(props({ value: "a" }), { ownKeys() { throw new Error("mine"); } }))"#,
    ];
    for children in throwing {
        let message = message("", children);
        assert!(message.contains("mine"), "{children}: {message}");
    }
}

#[test]
fn a_getter_that_throws_in_a_value_fails_its_task_alone() {
    let value = r#"{ get n() { throw new Error("mine"); } }"#;
    let run = render(
        "",
        &format!("[jsx(Task, {{ id: 'a', output: outputs.out, children: {value} }}), task('b')]"),
    );
    let run = run.unwrap();
    assert_eq!(run.tasks(), ["a", "b"]);
    let body = format!("{:?}", run.task("a").body);
    assert!(body.contains("mine"), "{body}");
}

#[test]
fn a_getter_may_change_the_tree_that_is_being_walked() {
    let emptying = r#"
        const list = [0, task("b"), task("c")];
        list[0] = jsx(Task, props({ get() { list.length = 0; return "a"; } }));"#;
    assert_eq!(tasks(emptying, "list"), ["a"]);
    let growing = r#"
        const list = [0];
        list[0] = jsx(Task, props({ get() { list.push(task("late")); return "a"; } }));"#;
    assert_eq!(tasks(growing, "list"), ["a"]);
    let dropping = r#"
        const holder = { inner: [task("x")] };
        const inner = new Proxy([0, 1], { get: (list, name) => {
          if (name === "0") { holder.inner.length = 0; return [task("a"), task("b")]; }
          return list[name];
        } });
        holder.inner.push(inner);"#;
    assert_eq!(tasks(dropping, "[inner, holder.inner]"), ["a", "b"]);
    let swapping = r#"
        const changed = props({ get() { delete changed.children; delete changed.output; return "a"; } });
        "#;
    assert!(message(swapping, "jsx(Task, changed)").contains("output"));
}

#[test]
fn proxies_of_elements_lists_and_properties_are_read_as_what_they_stand_for() {
    let proxied = [
        r#"new Proxy(task("a"), {})"#,
        r#"new Proxy([task("a")], {})"#,
        r#"new Proxy([task("a")], { get: (list, name) => (typeof name === "string" ? list[name] : undefined) })"#,
        r#"jsx(Task, new Proxy(props({ value: "a" }), {}))"#,
        r#"jsx(new Proxy(Task, {}), props({ value: "a" }))"#,
        r#"jsx(Sequence, new Proxy({ children: task("a") }, {}))"#,
        r#"Object.create(task("a"))"#,
        r#"new Proxy(Task(props({ value: "a" })), {})"#,
    ];
    for children in proxied {
        assert_eq!(tasks("", children), ["a"], "{children}");
    }
}

#[test]
fn what_can_be_gone_through_is_and_what_cannot_is_refused() {
    for children in [
        r#"new Set([task("a"), task("b")])"#,
        r#"new Map([[task("a"), task("b")]])"#,
        r#"(function* () { yield task("a"); yield [[task("b")]]; })()"#,
        r#"[, task("a"), , , task("b"), ,]"#,
        r#"Object.assign(Object.create(Array.prototype), { 0: task("a"), 1: task("b"), length: 2 })"#,
    ] {
        // A generator is spent after one frame; it is made anew in each.
        assert_eq!(tasks("", children), ["a", "b"], "{children}");
    }
    for children in [
        "{}",
        "Symbol('s')",
        "(() => 1)",
        "new Date(0)",
        "/x/",
        "Symbol",
    ] {
        let message = message("", children);
        assert!(
            message.contains("cannot be rendered"),
            "{children}: {message}"
        );
    }
}

#[test]
fn lists_that_hold_themselves_and_deep_ones_end() {
    let cyclic = "const list = []; list.push(list);";
    assert!(message(cyclic, "list").contains("deeper than"));
    let deep = "let list = []; for (let n = 0; n < 20_000; n++) list = [list];";
    assert!(message(deep, "list").contains("deeper than"));
    let elements =
        "let inner = null; for (let n = 0; n < 20_000; n++) inner = <Sequence>{inner}</Sequence>;";
    assert!(message(elements, "inner").contains("deeper than 256"));
    let fragments = "let inner = null; for (let n = 0; n < 20_000; n++) inner = <>{inner}</>;";
    assert!(message(fragments, "inner").contains("deeper than 1000"));
    let provided = r#"
        const element = { type: null }; const context = createContext(null);
        const Again = () => <context.Provider value={1}><Again /></context.Provider>;"#;
    assert!(message(provided, "<Again />").contains("deeper than 1000"));
}

#[test]
fn lists_that_double_on_each_level_end() {
    let doubled = "let list = ['x']; for (let n = 0; n < 60; n++) list = [list, list];";
    let error = message(doubled, "list");
    let ends = ["more than 500000 elements", "without an end"];
    assert!(ends.iter().any(|end| error.contains(end)), "{error}");
    let long = "const text = 'x'.repeat(1 << 20); const list = new Array(1000).fill(text);";
    assert!(message(long, "list").contains("the texts of a frame"));
    let empty = "let list = []; for (let n = 0; n < 60; n++) list = [list, list];";
    let error = render_in(strict_host(), empty, "list").map(|run| run.tasks());
    assert!(error.unwrap_err().has_code("WORKFLOW_RENDER_FAILED"));
}

#[test]
fn lists_of_nothing_end_at_the_deadline() {
    for list in [
        "new Array(4294967295)",
        "new Proxy([], { get: (_, name) => name === 'length' ? 4e9 : undefined })",
    ] {
        let error = render_in(strict_host(), "", list).map(|run| run.tasks());
        let error = error.unwrap_err();
        assert!(
            error.has_code("WORKFLOW_RENDER_FAILED"),
            "{list}: {error:?}"
        );
    }
    assert_eq!(
        tasks("const list = []; list[300000] = task('a');", "list"),
        ["a"]
    );
}

#[test]
fn tasks_with_the_same_id_are_refused_however_they_are_written() {
    for pair in [
        "[task('a'), task('a')]",
        "[task('a'), <Task id='a' label='x' output={outputs.out}>{{ n: 1 }}</Task>]",
        "[<Task id='a' label='x' output={outputs.out}>{{ n: 1 }}</Task>, task('a')]",
        "[<Task key='k' id='a' output={outputs.out}>{() => ({ n: 1 })}</Task>, <Sequence>{task('a')}</Sequence>]",
    ] {
        assert!(
            message("", pair).contains("two tasks have the id \"a\""),
            "{pair}"
        );
    }
}

#[test]
fn a_context_is_set_back_when_what_is_inside_it_throws() {
    let host = host();
    let source = r#"/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { createContext, useContext } from "react";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
const Level = createContext("none");
const Show = () => <Task id={useContext(Level)} output={outputs.out}>{{ n: 1 }}</Task>;
const Bad = ({ fails }) => { if (fails) throw new Error("mine"); return null; };
export default smithers((ctx) => (
  <Workflow name="w">
    <Level.Provider value="inside"><Bad fails={ctx.iteration === 0} /></Level.Provider>
    <Show />
  </Workflow>
));"#;
    let mut run = Run::open(&load_source(&host, source), "r1", "{}").keep(host);
    run.passes.insert("pass".into(), 0);
    assert!(run.render().is_err());
    run.passes.insert("pass".into(), 1);
    run.render().unwrap();
    assert_eq!(run.tasks(), ["none"]);
}

#[test]
fn what_a_program_adds_to_all_objects_is_seen_as_the_components_see_it() {
    let polluted = "Object.prototype.skipIf = true;";
    let run = render(polluted, "task('a')");
    assert_eq!(run.unwrap().tasks(), ["[a]"]);
}
