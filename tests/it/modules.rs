//! Modules that cannot be loaded, and elements that come in a later version.

use serde_json::{Value, json};
use smithers_testkit::Gateway;

use crate::support::{OPERATOR, binary, get, launch, log, refusal, run, scratch, start, wait_for};

/// A module that does not parse; the mistake is in line 3.
const UNPARSABLE: &str =
    "export function register(gateway) {\n  const fine = 1;\n  const broken = = 2;\n}\n";
/// A module that throws while it loads, in line 2.
const THROWING: &str = "const config = { missing: undefined };\nconst n = config.missing.length;\nexport function register() { return n; }\n";

/// A module that asks for memory, of a task and of those around it.
const REMEMBERING: &str = "
    import { Memory, Sequence, Task, Workflow, createSmithers } from 'smithers-orchestrator';
    import { z } from 'zod';
    const { smithers, outputs } = createSmithers({ r: z.object({ n: z.number() }) });
    const kept = smithers(() => (
      <Workflow name=\"kept\">
        <Memory banks={['notes']} recall={{ limit: 3 }}>
          <Sequence>
            <Task id=\"a\" output={outputs.r}>{() => ({ n: 1 })}</Task>
            <Task id=\"b\" output={outputs.r} memory={{ bank: 'own', namespace: 'n' }}>{() => ({ n: 2 })}</Task>
          </Sequence>
        </Memory>
      </Workflow>
    ));
    export function register(gateway) { gateway.register('kept', kept); }";

#[tokio::test]
async fn a_module_that_asks_for_memory_runs_without_it_and_is_told_once() {
    let mut scratch = scratch();
    let module = scratch.path("memory.tsx");
    std::fs::write(&module, REMEMBERING).unwrap();
    scratch.set("SMITHERS_GATEWAY_MODULE", module.display().to_string());
    let gateway = start(&scratch).await;
    for run in ["r1", "r2"] {
        launch(&gateway, "kept", run, json!({})).await;
        wait_for(&gateway, run, "finished").await;
    }
    let told = log(&scratch).matches("names a memory bank").count();
    assert_eq!(told, 1);
    let refused = refusal(&gateway, OPERATOR, "listMemoryFacts", json!({})).await;
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (501, "METHOD_NOT_AVAILABLE")
    );
}

#[tokio::test]
async fn a_module_that_fails_to_load_stops_the_start_and_names_the_place() {
    let cases = [
        ("unparsable.ts", UNPARSABLE, ":3:", "const broken = = 2;"),
        (
            "throwing.ts",
            THROWING,
            ":2:",
            "const n = config.missing.length;",
        ),
    ];
    for (name, source, place, line) in cases {
        let mut scratch = scratch();
        let module = scratch.path(name);
        std::fs::write(&module, source).unwrap();
        scratch.set("SMITHERS_GATEWAY_MODULE", module.display().to_string());
        let ended = run(&scratch, &["gateway"]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(!ended.stdout.contains("listening"), "{ended:?}");
        let place = format!("{name}{place}");
        assert!(
            ended.stderr.contains(&place),
            "no {place} in:\n{}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains(line),
            "no code frame in:\n{}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn a_module_that_is_not_there_stops_the_start_and_is_named() {
    let mut scratch = scratch();
    let module = scratch.path("nowhere.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module.as_str());
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(&module), "{}", ended.stderr);
}

#[tokio::test]
async fn a_gateway_that_allows_broken_modules_serves_without_it() {
    let mut scratch = scratch();
    let module = scratch.path("broken.ts");
    std::fs::write(&module, UNPARSABLE).unwrap();
    scratch.set("SMITHERS_GATEWAY_MODULE", module.display().to_string());
    let gateway = Gateway::start_with(binary(), &scratch, &["--allow-broken-modules"])
        .await
        .unwrap();
    assert_eq!(get(&gateway, None, "/health").await.status, 200);
    let workflows = gateway
        .expect(OPERATOR, "listWorkflows", json!({}))
        .await
        .unwrap();
    assert_eq!(workflows, json!([]));
    assert!(
        gateway.log_tail().contains("broken.ts:3:"),
        "{}",
        gateway.log_tail()
    );
}

#[tokio::test]
async fn an_element_of_a_later_version_ends_in_a_failed_run_that_names_it() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "sandbox", "sandbox", json!({})).await;
    let record = wait_for(&gateway, "sandbox", "failed").await;
    let error: Value = serde_json::from_str(record["errorJson"].as_str().unwrap()).unwrap();
    assert_eq!(error["code"], "RUNTIME_CAPABILITY_UNAVAILABLE", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("<Sandbox>"),
        "it is not named in: {message}"
    );
}
