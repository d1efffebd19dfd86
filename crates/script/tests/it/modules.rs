//! Loading: forms of registration, resolution, the environment, and errors in the author's terms.

use serde_json::json;
use smithers_script::{HostOptions, Isolation, LoadedModule, ScriptHost};

use crate::driver::{Project, Run, host, only, try_load_source};

const HEAD: &str = r#"
import { Gateway, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
let count = 0;
const flow = (name) => smithers(() => (
  <Workflow name={name}><Task id="t" output={outputs.out}>{() => ({ n: ++count })}</Task></Workflow>
));
"#;

fn load(host: &ScriptHost, tail: &str) -> LoadedModule {
    try_load_source(host, &format!("{HEAD}{tail}")).unwrap()
}

fn keys(module: &LoadedModule) -> Vec<&str> {
    module
        .workflows
        .iter()
        .map(|workflow| workflow.definition().key.as_str())
        .collect()
}

#[test]
fn a_module_registers_by_function_by_default_export_or_by_itself() {
    let host = host();
    for (tail, expected) in [
        (
            "export function register(gateway) { gateway.register('a', flow('a')).register('b', flow('b')); }",
            &["a", "b"][..],
        ),
        (
            "export default function (gateway) { gateway.register('c', flow('c')); }",
            &["c"],
        ),
        (
            "export default async (gateway) => { await 0; gateway.register('d', flow('d')); };",
            &["d"],
        ),
        ("export default flow('e');", &["gateway"]),
        (
            "const gateway = new Gateway({}); gateway.register('f', flow('f')); await gateway.listen({ port: 1 });",
            &["f"],
        ),
    ] {
        assert_eq!(keys(&load(&host, tail)), expected, "{tail}");
    }
}

#[test]
fn options_that_have_no_effect_here_are_told_once() {
    let host = host();
    let module = load(
        &host,
        "createSmithers({}, { dbPath: 'a.db' }); createSmithers({}, { dbPath: 'b.db', backend: 'sqlite' });
         const gateway = new Gateway({ heartbeatMs: 5, auth: { mode: 'none' }, fn: () => 1 });
         gateway.register('a', flow('a'), { system: true, schedule: '* * * * *' });
         gateway.listen({ port: 9 });",
    );
    let definition = module.workflows[0].definition();
    let pattern = definition.schedule.as_ref().map(|plan| &*plan.pattern);
    assert_eq!((definition.system, pattern), (true, Some("* * * * *")));
    assert_eq!(
        module.gateway_options,
        Some(json!({"heartbeatMs": 5, "auth": {"mode": "none"}}))
    );
    let about = |word: &str| {
        module
            .warnings
            .iter()
            .filter(|warning| warning.contains(word))
            .count()
    };
    let told = (about("dbPath"), about("backend"), about("listen"));
    assert_eq!(told, (1, 1, 1));
    assert_eq!(module.warnings.len(), 3, "{:?}", module.warnings);
}

#[test]
fn a_module_that_registers_nothing_or_the_wrong_thing_is_refused() {
    let host = host();
    for (tail, problem) in [
        ("export const x = 1;", "WORKFLOW_MISSING_DEFAULT"),
        (
            "export default (gateway) => { gateway.register('a', {}); };",
            "is no workflow",
        ),
        (
            "export default (gateway) => { gateway.register('a', flow('a')).register('a', flow('a')); };",
            "DUPLICATE_ID",
        ),
        (
            "new Gateway().register('a', flow('a')); new Gateway().register('a', flow('b'));",
            "DUPLICATE_ID",
        ),
    ] {
        let error = try_load_source(&host, &format!("{HEAD}{tail}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(problem), "{tail}: {error}");
    }
}

#[test]
fn an_error_at_module_level_is_shown_in_the_typescript_source() {
    let project = Project::new(&[
        (
            "gateway.ts",
            "import { check } from './lib';\ninterface A { a: string }\ncheck(undefined as unknown as A);\n",
        ),
        (
            "lib.ts",
            "interface B {\n  b?: number;\n}\n\nexport function check(value: B): number {\n  return value.b!.toFixed(1).length;\n}\n",
        ),
    ]);
    let error = host().load(&project.path("gateway.ts")).unwrap_err();
    assert_eq!(error.module, "lib.ts");
    let place = error.place.clone().unwrap();
    assert_eq!((place.file.as_str(), place.line), ("lib.ts", 6), "{error}");
    assert!(
        error
            .to_string()
            .contains("> 6 |   return value.b!.toFixed(1).length;"),
        "{error}"
    );
    assert!(error.message.starts_with("TypeError: "), "{error}");
}

#[test]
fn a_name_that_a_module_does_not_export_is_named() {
    let error = try_load_source(
        &host(),
        "import { Nothing } from 'smithers-orchestrator'; Nothing;",
    )
    .unwrap_err();
    assert!(error.message.contains("Nothing"), "{error}");
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let error = host()
        .load(std::path::Path::new("/nowhere/gateway.ts"))
        .unwrap_err();
    assert_eq!(error.module, "/nowhere/gateway.ts");
    assert!(error.message.contains("cannot read the file"), "{error}");
}

#[test]
fn json_paths_and_dynamic_imports_work() {
    let project = Project::new(&[
        (
            "tsconfig.json",
            r#"{"compilerOptions": {"paths": {"~/*": ["./lib/*"]}}}"#,
        ),
        ("lib/size.ts", "export const size: number = 2;"),
        ("lib/late.js", "export default 3;"),
        ("data.json", r#"{"n": 10}"#),
        (
            "gateway.tsx",
            r#"import { Task, Workflow, createSmithers } from "smithers-orchestrator";
               import { z } from "zod";
               import data from "./data.json";
               import { size } from "~/size";
               const { default: late } = await import("./lib/late.js");
               const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
               export default smithers(() => <Workflow name="w"><Task id="t" output={outputs.out}>{{ n: data.n + size + late }}</Task></Workflow>);"#,
        ),
    ]);
    let host = host();
    let workflow = only(host.load(&project.path("gateway.tsx")).unwrap());
    assert_eq!(
        Run::start(&workflow, "r", "{}").finish("t"),
        json!({"n": 15})
    );
    let revision = &workflow.definition().revision;
    let files: Vec<_> = revision
        .files
        .iter()
        .map(|(file, _)| file.as_str())
        .collect();
    assert_eq!(
        files,
        ["data.json", "gateway.tsx", "lib/late.js", "lib/size.ts"]
    );
    assert_eq!(revision.hash.len(), 64);
}

#[test]
fn runs_of_a_module_share_its_state_unless_they_are_isolated() {
    let counts = |isolation, runtimes_per_module| {
        let options = HostOptions {
            isolation,
            runtimes_per_module,
            threads: 2,
            ..HostOptions::default()
        };
        let host = ScriptHost::start(options).unwrap();
        let workflow = only(load(&host, "export default flow('w');"));
        ["r1", "r2", "r3"].map(|run| {
            Run::start(&workflow, run, "{}").finish("t")["n"]
                .as_u64()
                .unwrap()
        })
    };
    assert_eq!(counts(Isolation::Module, 1), [1, 2, 3]);
    assert_eq!(counts(Isolation::Run, 1), [1, 1, 1]);
    // With two runtimes a run sticks to one of them; which one is not promised.
    assert!(
        counts(Isolation::Module, 2)
            .iter()
            .all(|count| (1..=3).contains(count))
    );
}

#[test]
fn modules_on_one_thread_do_not_see_each_other() {
    let host = host();
    let first = only(load(
        &host,
        "globalThis.mark = 1; export default flow('w');",
    ));
    let second = only(load(
        &host,
        "if (globalThis.mark) throw new Error('leak'); export default flow('w');",
    ));
    assert_eq!(Run::start(&first, "r", "{}").finish("t")["n"], 1);
    assert_eq!(Run::start(&second, "r", "{}").finish("t")["n"], 1);
}

#[test]
fn after_the_host_stops_runs_learn_that_their_runtime_is_gone() {
    let mut host = host();
    let workflow = only(load(&host, "export default flow('w');"));
    let mut run = Run::start(&workflow, "r", "{}");
    host.shutdown();
    let error = crate::driver::wait(run.call("t")).unwrap_err();
    assert!(!format!("{error:?}").is_empty());
    assert!(run.render().unwrap_err().has_code("INTERNAL_ERROR"));
}
