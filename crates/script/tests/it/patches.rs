//! Patches: what a frame says of them, and what it remembers.

use smithers_model::patch::Patches;

use crate::driver::{Run, host, load_source};

/// A run of a workflow that asks for the patch `id`, an expression.
fn run_of(id: &str) -> Run {
    let source = format!(
        r#"
import {{ Task, Workflow, createSmithers, usePatched }} from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ n: z.number() }}) }});
const Part = () => <Task id={{usePatched({id}) ? "after" : "before"}} output={{outputs.out}}>{{{{ n: 1 }}}}</Task>;
export default smithers((ctx) => <Workflow name="w"><Part />{{ctx.outputs.out.length > 0 && <Part key="2" />}}</Workflow>);
"#
    );
    let host = host();
    let workflow = load_source(&host, &source);
    Run::open(&workflow, "r1", "{}").keep(host)
}

fn patches(is_new: bool, decided: &[(&str, bool)]) -> Patches {
    let decided = decided
        .iter()
        .map(|&(id, patched)| (id.to_owned(), patched));
    Patches {
        is_new,
        decided: decided.collect(),
    }
}

#[test]
fn a_new_run_takes_part_and_says_so_once() {
    let mut run = run_of("'p'");
    run.patches = patches(true, &[]);
    run.render().unwrap();
    assert_eq!(run.tasks(), ["after"]);
    assert_eq!(run.tree.patches(), [("p".to_owned(), true)]);
    run.patches = patches(false, &[("p", true)]);
    run.render().unwrap();
    assert_eq!(run.tasks(), ["after"]);
    assert!(run.tree.patches().is_empty());
}

#[test]
fn an_older_run_does_not_take_part() {
    let mut run = run_of("'p'");
    run.render().unwrap();
    assert_eq!(run.tasks(), ["before"]);
    assert_eq!(run.tree.patches(), [("p".to_owned(), false)]);
}

#[test]
fn what_is_on_record_counts() {
    for (is_new, decided) in [(true, false), (false, true)] {
        let mut run = run_of("'p'");
        run.patches = patches(is_new, &[("p", decided)]);
        run.render().unwrap();
        assert_eq!(run.tasks(), [if decided { "after" } else { "before" }]);
        assert!(run.tree.patches().is_empty());
    }
}

#[test]
fn a_patch_needs_an_id() {
    for id in ["''", "7", "'x'.repeat(257)"] {
        let error = run_of(id).render().unwrap_err();
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{id}");
    }
}
