//! What a module says about results that may be used again.

use smithers_model::cache::{CacheRequest, CacheScope};

use crate::driver::{Run, host, load_source};

fn module(body: &str) -> String {
    format!(
        r#"import {{ Sequence, Task, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ r: z.object({{ v: z.string() }}) }});
const agent = {{ id: "writer", model: "m-1", generate: async ({{ prompt }}) => ({{ output: {{ v: prompt.slice(0, 2) }} }}) }};
{body}"#
    )
}

fn of_task(task: &str) -> String {
    module(&format!(
        r#"export default smithers(() => <Workflow name="w">{task}</Workflow>);"#
    ))
}

/// What the result of task `a` depends on, as the module says.
fn asked(source: &str) -> Option<CacheRequest> {
    let host = host();
    let mut run = Run::open(&load_source(&host, source), "r1", "{}");
    run.render().unwrap();
    assert!(run.task("a").cached);
    run.ask("a").unwrap()
}

#[test]
fn a_policy_says_who_may_use_a_result_and_for_how_long() {
    let task = r#"<Task id="a" output={outputs.r} cache={{ scope: "global", key: "k", version: 2, ttlMs: 9.7, by: (c) => ({ id: c.stepId, pass: c.loop.iteration }) }}>{() => ({ v: "x" })}</Task>"#;
    let request = asked(&of_task(task)).unwrap();
    assert_eq!(request.scope, CacheScope::Global);
    assert_eq!(request.task_key, "k");
    assert_eq!(request.version.as_deref(), Some("2"));
    assert_eq!(request.ttl_ms, Some(9));
    assert_eq!(request.by, serde_json::json!({ "id": "a", "pass": 1 }));
    assert_eq!((request.iteration, request.prompt_sig), (None, None));
}

#[test]
fn prompt_and_model_are_part_of_it_unless_the_policy_leaves_them_out() {
    let task = |cache: &str| {
        of_task(&format!(
            r#"<Task id="a" output={{outputs.r}} agent={{agent}} cache={{{{ {cache} }}}}>Say it</Task>"#
        ))
    };
    let whole = asked(&task("")).unwrap();
    assert_eq!(whole.model.as_deref(), Some("m-1"));
    assert!(whole.prompt_sig.is_some());
    let bare = asked(&task(r#"keyIncludes: "policy-only""#)).unwrap();
    assert_eq!((bare.model, bare.prompt_sig), (None, None));
    assert_eq!(bare.agent_sig.as_deref(), Some("writer"));
}

#[test]
fn the_value_of_a_task_without_a_function_is_part_of_it_like_a_prompt() {
    let sig = |value: &str, cache: &str| {
        let task = format!(
            r#"<Task id="a" output={{outputs.r}} cache={{{{ {cache} }}}}>{{{{ v: "{value}" }}}}</Task>"#
        );
        asked(&of_task(&task)).unwrap().prompt_sig
    };
    assert!(sig("x", "").is_some());
    assert_eq!(sig("x", ""), sig("x", ""));
    assert_ne!(sig("x", ""), sig("y", ""));
    assert_eq!(sig("x", r#"keyIncludes: "policy-only""#), None);
}

#[test]
fn a_time_to_live_that_is_none_is_over_at_once() {
    for ttl in ["-1", "NaN", r#""600""#, "0", "true"] {
        let task = format!(
            r#"<Task id="a" output={{outputs.r}} cache={{{{ ttlMs: {ttl} }}}}>{{() => ({{ v: "x" }})}}</Task>"#
        );
        assert_eq!(asked(&of_task(&task)).unwrap().ttl_ms, Some(0), "{ttl}");
    }
}

#[test]
fn where_by_throws_or_gives_a_promise_nothing_is_said() {
    for by in [r#"() => { throw new Error("no"); }"#, "async () => 1"] {
        let task = format!(
            r#"<Task id="a" output={{outputs.r}} cache={{{{ by: {by} }}}}>{{() => ({{ v: "x" }})}}</Task>"#
        );
        assert_eq!(asked(&of_task(&task)), None, "{by}");
    }
}

#[test]
fn a_workflow_that_caches_asks_for_all_its_tasks_and_one_may_refuse() {
    let tasks = r#"<Sequence><Task id="a" output={outputs.r}>{{ v: "x" }}</Task><Task id="b" output={outputs.r} cache={false}>{() => ({ v: "y" })}</Task></Sequence>"#;
    let by_prop =
        format!(r#"export default smithers(() => <Workflow name="w" cache>{tasks}</Workflow>);"#);
    let by_option = format!(
        r#"export default smithers(() => <Workflow name="w">{tasks}</Workflow>, {{ cache: true }});"#
    );
    for source in [by_prop, by_option] {
        let host = host();
        let mut run = Run::open(&load_source(&host, &module(&source)), "r1", "{}");
        run.render().unwrap();
        assert_eq!(["a", "b"].map(|id| run.task(id).cached), [true, false]);
        let request = run.ask("a").unwrap().unwrap();
        assert_eq!(request.iteration, Some(0));
        assert!(request.prompt_sig.is_some());
    }
}

#[test]
fn tasks_that_ask_first_are_cached_on_demand_and_those_with_effects_never() {
    for (effect, asked, is_cached) in [
        ("needsApproval", "{}", false),
        ("sideEffect", "{}", false),
        ("sideEffect", "{ cacheSideEffects: true }", false),
        ("needsApproval", "{ cacheSideEffects: true }", true),
    ] {
        let task = format!(
            r#"<Task id="a" output={{outputs.r}} {effect} cache={{{asked}}}>{{() => ({{ v: "x" }})}}</Task>"#
        );
        let host = host();
        let mut run = Run::open(&load_source(&host, &of_task(&task)), "r1", "{}");
        run.render().unwrap();
        assert_eq!(run.task("a").cached, is_cached, "{effect} {asked}");
    }
}

#[test]
fn what_a_task_does_in_a_worktree_is_not_kept() {
    let tasks = r#"<Worktree path="wt"><Task id="a" output={outputs.r} cache={{ version: "1" }}>{() => ({ v: "x" })}</Task></Worktree>"#;
    let source = of_task(tasks).replace("Workflow, create", "Workflow, Worktree, create");
    let host = host();
    let mut run = Run::open(&load_source(&host, &source), "r1", "{}");
    run.render().unwrap();
    assert!(!run.task("a").cached);
}

#[test]
fn a_policy_that_says_something_unknown_is_refused() {
    for (cache, told) in [
        (
            r#"{ scope: "team" }"#,
            "scope must be one of run, workflow, global",
        ),
        ("{ ttl: 5 }", "knows by, version, key"),
        (r#"{ by: "x" }"#, "by must be a function"),
        (r#""yes""#, "must be true, false or an object"),
    ] {
        let task = format!(
            r#"<Task id="a" output={{outputs.r}} cache={{{cache}}}>{{() => ({{ v: "x" }})}}</Task>"#
        );
        let host = host();
        let mut run = Run::open(&load_source(&host, &of_task(&task)), "r1", "{}");
        let error = run.render().unwrap_err();
        assert!(error.message.contains(told), "{}", error.message);
    }
}

#[test]
fn what_asks_for_a_memory_bank_is_not_cached_and_older_settings_of_memory_change_nothing() {
    let is_cached = |task: &str| {
        let source = of_task(task).replace("{ Sequence,", "{ Memory, Sequence,");
        let host = host();
        let mut run = Run::open(&load_source(&host, &source), "r1", "{}").keep(host);
        run.render().unwrap();
        run.task("a").cached
    };
    let task = |memory: &str| {
        format!(
            r#"<Task id="a" output={{outputs.r}} cache={{true}} {memory}>{{() => ({{ v: "x" }})}}</Task>"#
        )
    };
    assert!(is_cached(&task("")));
    assert!(is_cached(&task(r#"memory={{ namespace: "n" }}"#)));
    assert!(!is_cached(&task(r#"memory={{ bank: "b" }}"#)));
    let inside = |memory: &str| format!(r#"<Memory banks={{["b"]}}>{}</Memory>"#, task(memory));
    assert!(!is_cached(&inside("")));
    assert!(
        is_cached(&inside("memory={null}")),
        "its own replaces what is around it"
    );
    assert!(is_cached(&format!("<Memory>{}</Memory>", task(""))));
}
