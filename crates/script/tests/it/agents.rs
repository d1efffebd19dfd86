//! Agent tasks: prompts, answers of every form, repairs, chains, and answers that mean harm.

use serde_json::{Value, json};
use smithers_model::error::ErrorInfo;
use smithers_model::workflow::CallError;

use crate::driver::{Run, host, load_source, wait};

/// A module whose agent `scripted(answers)` gives its answers one after the other and remembers what it was asked.
const PRELUDE: &str = r#"
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({
  plan: z.object({ steps: z.array(z.string()), note: z.string().optional() }),
  seen: z.object({ calls: z.array(z.unknown()) }),
});
const calls = [];
const scripted = (answers, more = {}) => ({
  async generate(args) {
    calls.push({
      text: args.prompt ?? args.messages.at(-1).content,
      form: args.messages ? "messages" : "prompt",
      schema: args.outputSchema !== undefined,
      context: args.taskContext,
      timeout: args.timeout,
    });
    const answer = answers[Math.min(calls.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return typeof answer === "string" ? { text: answer } : answer;
  },
  ...more,
});
const failing = (message, more = {}) => ({ async generate() { throw Object.assign(new Error(message), more); } });
"#;

/// A run of one agent task with these properties and children, and a task that tells what was asked.
fn asked(properties: &str, children: &str) -> Run {
    let source = format!(
        "{PRELUDE}export default smithers(() => (<Workflow name=\"w\"><Sequence>
          <Task id=\"ask\" output={{outputs.plan}} {properties}>{children}</Task>
          <Task id=\"seen\" output={{outputs.seen}}>{{() => ({{ calls }})}}</Task>
        </Sequence></Workflow>));"
    );
    let host = host();
    let workflow = load_source(&host, &source);
    Run::start(&workflow, "r1", "{}").keep(host)
}

/// What the task stores when its agent gives `answers`, given as JavaScript.
fn stored(answers: &str) -> Value {
    asked(&format!("agent={{scripted([{answers}])}}"), "Plan it").finish("ask")
}

/// Why the task fails, and whether another attempt may help.
fn failure(properties: &str, children: &str) -> (ErrorInfo, bool) {
    let mut run = asked(properties, children);
    match wait(run.call("ask")) {
        Err(CallError::Failed { error, retryable }) => (error, retryable),
        other => panic!("{other:?}"),
    }
}

fn steps(text: &str) -> Value {
    json!({ "steps": [text] })
}

#[test]
fn the_answer_is_found_in_the_order_of_the_contract() {
    let cases = [
        (
            r#"{ text: '{"steps":["text"]}', output: { steps: ["output"] }, _output: { steps: ["first"] } }"#,
            "first",
        ),
        (
            r#"{ text: '{"steps":["text"]}', output: { steps: ["output"] } }"#,
            "output",
        ),
        (
            r#"{ text: "no", output: '{"steps":["as text"]}' }"#,
            "as text",
        ),
        (r#"' {"steps":["whole"]} '"#, "whole"),
        (
            r#"'```json\n{"steps":["one"]}\n```\nor\n```\n{"steps":["two"]}\n```'"#,
            "two",
        ),
        (
            r#"{ text: "see above", steps: [{ text: '```json\n{"steps":["early"]}\n```' }, { text: '```json\n{"steps":["late"]}\n```' }] }"#,
            "late",
        ),
        (
            r#"{ text: "see above", steps: [{ text: 'a {"steps":["first"]} b {"steps":["second"]}' }] }"#,
            "first",
        ),
        (r#"'a {"steps":["x"]} b {"steps":["last"]} c'"#, "last"),
        (
            r#"'it is {open and "quoted badly, then {"steps":["found"]}'"#,
            "found",
        ),
        (r#"'a brace in a text: {"steps":["} {"]} done'"#, "} {"),
    ];
    for (answer, expected) in cases {
        assert_eq!(stored(answer), steps(expected), "{answer}");
    }
}

#[test]
fn the_prompt_carries_the_task_and_the_schema_unless_the_agent_has_a_form_of_its_own() {
    let mut run = asked(
        "timeoutMs={5000} agent={scripted(['{\"steps\":[]}'])}",
        "Plan it",
    );
    run.finish("ask");
    let seen = run.finish("seen");
    let call = &seen["calls"][0];
    let text = call["text"].as_str().unwrap();
    assert!(
        text.contains("Plan it") && text.contains("\"properties\""),
        "{text}"
    );
    assert_eq!(call["schema"], true);
    assert_eq!(call["timeout"], json!({ "totalMs": 5000 }));
    let context = json!({ "runId": "r1", "nodeId": "ask", "iteration": 0, "attempt": 1 });
    assert_eq!(call["context"], context);

    let native = "agent={scripted(['{\"steps\":[]}'], { supportsNativeStructuredOutput: true })}";
    let mut run = asked(native, "Plan it");
    run.finish("ask");
    assert_eq!(run.finish("seen")["calls"][0]["text"], "Plan it");
}

#[test]
fn an_answer_that_does_not_fit_is_put_right_within_the_attempt() {
    let answers = r#"'no json here', '{"steps":"no list"}', '{"steps":["right"]}'"#;
    let mut run = asked(&format!("agent={{scripted([{answers}])}}"), "Plan it");
    assert_eq!(run.finish("ask"), steps("right"));
    let seen = run.finish("seen");
    let forms: Vec<_> = seen["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["form"])
        .collect();
    assert_eq!(forms, ["prompt", "prompt", "messages"]);
    let anew = seen["calls"][1]["text"].as_str().unwrap();
    assert!(
        anew.contains("Plan it") && anew.contains("no json here"),
        "{anew}"
    );
    let problem = seen["calls"][2]["text"].as_str().unwrap();
    assert!(problem.contains("steps"), "{problem}");
}

#[test]
fn repairs_have_a_budget_and_then_another_attempt_may_help() {
    for (property, calls) in [
        ("", 4),
        ("maxSchemaRetries={1}", 2),
        ("maxSchemaRetries={0}", 1),
    ] {
        let mut run = asked(
            &format!("agent={{scripted(['never'])}} {property}"),
            "Plan it",
        );
        let Err(CallError::Failed { error, retryable }) = wait(run.call("ask")) else {
            panic!("it never fits");
        };
        assert_eq!(
            (error.code.as_deref(), retryable),
            (Some("INVALID_OUTPUT"), true)
        );
        assert_eq!(run.finish("seen")["calls"].as_array().unwrap().len(), calls);
    }
}

#[test]
fn an_empty_prompt_is_not_asked_and_not_tried_again() {
    let (error, retryable) = failure("agent={scripted(['{}'])}", "{'  '}");
    assert_eq!(
        (error.code.as_deref(), retryable),
        (Some("TASK_EMPTY_PROMPT"), false)
    );
}

#[test]
fn an_agent_without_generate_is_refused_while_rendering() {
    for agent in ["{{}}", "{[]}", "{[scripted([]), 7]}"] {
        let source = format!(
            "{PRELUDE}export default smithers(() => (<Workflow name=\"w\"><Task id=\"a\" output={{outputs.plan}} agent={agent}>x</Task></Workflow>));"
        );
        let host = host();
        let workflow = load_source(&host, &source);
        let mut run = Run::open(&workflow, "r1", "{}").keep(host);
        let error = run.render().unwrap_err();
        assert_eq!(
            error.code.as_deref(),
            Some("AGENT_CONFIG_INVALID"),
            "{agent}"
        );
    }
}

#[test]
fn those_that_are_not_ready_or_out_of_quota_are_passed_over_within_the_attempt() {
    let spare = "scripted(['{\"steps\":[\"spare\"]}'])";
    for first in [
        "{ ...failing(\"never asked\"), async preflight() { return false; } }",
        "{ ...failing(\"never asked\"), async preflight() { throw new Error(\"down\"); } }",
        "failing(\"too much\", { code: \"AGENT_QUOTA_EXCEEDED\" })",
        "failing(\"too much\", { details: { failureQuota: true } })",
    ] {
        let mut run = asked(&format!("agent={{[{first}, {spare}]}}"), "Plan it");
        assert_eq!(run.finish("ask"), steps("spare"), "{first}");
    }
}

#[test]
fn an_agent_whose_login_is_refused_is_not_asked_again_in_this_run() {
    let mut run = asked("agent={failing(\"401 Unauthorized\")}", "Plan it");
    assert!(matches!(
        wait(run.call("ask")),
        Err(CallError::Failed {
            retryable: true,
            ..
        })
    ));
    let Err(CallError::Failed { error, retryable }) = wait(run.call("ask")) else {
        panic!("nobody is left");
    };
    assert_eq!(
        (error.code.as_deref(), retryable),
        (Some("AGENT_CONFIG_INVALID"), false)
    );
    assert!(error.message.contains("401 Unauthorized"), "{error:?}");
}

#[test]
fn hostile_answers_end_in_a_bounded_time() {
    let hostile = [
        r#"{ text: "{".repeat(200_000) }"#,
        r#"{ text: "{}".repeat(100_000) }"#,
        r#"{ text: '{"'.repeat(100_000) }"#,
        r#"{ text: "```{".repeat(40_000) }"#,
        r#"{ text: "x" + '{"a":'.repeat(40_000) + "}".repeat(40_000) }"#,
        r#"{ text: "\\\"".repeat(60_000) + "}" }"#,
    ];
    for answer in hostile {
        let (error, _) = failure(
            &format!("maxSchemaRetries={{1}} agent={{scripted([{answer}])}}"),
            "Plan it",
        );
        assert_eq!(
            error.code.as_deref(),
            Some("INVALID_OUTPUT"),
            "{answer}: {error:?}"
        );
    }
}

#[test]
fn retries_of_an_agent_are_enough_for_each_of_its_chain() {
    let chain = |properties: &str| {
        asked(&format!("{properties} agent={{scripted([])}}"), "x")
            .task("ask")
            .retry
            .retries
    };
    assert_eq!(chain(""), 3);
    assert_eq!(chain("continueOnFail"), 1);
    assert_eq!(chain("retries={7}"), 7);
    assert_eq!(chain("noRetry"), 0);
    let long = "agent={[1,2,3,4,5,6].map(() => scripted([]))}";
    assert_eq!(asked(long, "x").task("ask").retry.retries, 5);
}

#[test]
fn packages_of_models_can_be_imported_and_say_what_is_missing() {
    let source = r#"
import { ToolLoopAgent as Agent, Output, stepCountIs, tool } from "ai";
import { anthropic } from "@ai-sdk/anthropic";
import { openai } from "@ai-sdk/openai";
import { ClaudeCodeAgent, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
const agents = { tools: new Agent({ model: anthropic("some-model"), tools: { t: tool({}) }, instructions: "be brief" }), code: new ClaudeCodeAgent({ model: openai("m") }) };
export default smithers(() => (<Workflow name="w">
  {Object.entries(agents).map(([id, agent]) => <Task key={id} id={id} output={outputs.out} agent={agent}>Go</Task>)}
</Workflow>));
"#;
    let host = host();
    let workflow = load_source(&host, source);
    let mut run = Run::start(&workflow, "r1", "{}").keep(host);
    for id in ["tools", "code"] {
        let Err(CallError::Failed { error, retryable }) = wait(run.call(id)) else {
            panic!("{id} has no model");
        };
        let code = error.code.as_deref();
        assert_eq!(
            (code, retryable),
            (Some("RUNTIME_CAPABILITY_UNAVAILABLE"), false)
        );
    }
}
