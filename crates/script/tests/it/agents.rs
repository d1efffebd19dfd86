//! Tasks with agents: what an agent is given, how its result is repaired, and what ends an attempt.

use serde_json::{Value, json};
use smithers_model::tree::{Backoff, RetryPolicy};
use smithers_model::workflow::CallError;

use crate::driver::{Run, host, load_source, wait};

/// A run of a workflow with the tasks `body`, in a module that begins with `head`.
/// `said(...)` makes an agent that gives these answers in turn, the last one again and again, and notes its calls.
pub(crate) fn run_of(head: &str, body: &str) -> Run {
    let source = format!(
        r#"
import {{ Workflow, Task, createSmithers, getTaskRuntime, ClaudeCodeAgent, SmithersError }} from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{
  out: z.object({{ n: z.number(), note: z.string().optional() }}),
  log: z.object({{ calls: z.array(z.unknown()) }}),
}});
const calls = [];
const said = (...answers) => ({{
  id: "said",
  async generate(given) {{
    calls.push(given);
    const answer = answers[Math.min(calls.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return typeof answer === "string" ? {{ text: answer }} : answer;
  }},
}});
{head}
export default smithers((ctx) => <Workflow name="w">{body}
  <Task id="log" output={{outputs.log}}>{{() => ({{ calls }})}}</Task></Workflow>);
"#
    );
    let host = host();
    let workflow = load_source(&host, &source);
    let mut run = Run::open(&workflow, "r1", "{}").keep(host);
    run.render().unwrap();
    run
}

/// The error of attempt `attempt` of task `id`: its code or name, its message, and whether it may be tried again.
pub(crate) fn failure(run: &mut Run, id: &str, attempt: u32) -> (String, String, bool) {
    match wait(run.attempt(id, attempt)) {
        Err(CallError::Failed { error, retryable }) => {
            (error.code.unwrap_or(error.name), error.message, retryable)
        }
        other => panic!("it should have failed: {other:?}"),
    }
}

fn calls(run: &mut Run) -> Vec<Value> {
    let log = wait(run.call("log")).unwrap().value();
    log["calls"].as_array().unwrap().clone()
}

#[test]
fn an_agent_is_given_the_prompt_with_the_schema_and_who_asks() {
    let mut run = run_of(
        r#"const agent = said('{"n": 1}');"#,
        "<Task id='a' output={outputs.out} agent={agent} timeoutMs={60000}>Count to {1}</Task>",
    );
    assert_eq!(wait(run.attempt("a", 2)).unwrap().value(), json!({"n": 1}));
    let given = &calls(&mut run)[0];
    let prompt = given["prompt"].as_str().unwrap();
    assert!(prompt.contains("\n\nCount to 1\n\n"), "{prompt}");
    assert!(
        prompt.contains("\"properties\": {\n    \"n\": {"),
        "{prompt}"
    );
    assert_eq!(
        given["taskContext"],
        json!({"runId": "r1", "nodeId": "a", "iteration": 0, "attempt": 2})
    );
    assert_eq!(given["timeout"], json!({"totalMs": 60000}));
    assert_eq!(given["maxOutputBytes"], 200_000);
    assert!(given["abortSignal"].is_object() && given["outputSchema"].is_object());
    assert!(given.get("messages").is_none());
}

#[test]
fn an_agent_that_enforces_the_schema_itself_gets_the_bare_prompt() {
    let mut run = run_of(
        r#"const agent = { ...said({ output: { n: 1 } }), supportsNativeStructuredOutput: true };"#,
        "<Task id='a' output={outputs.out} agent={agent}>Count</Task>",
    );
    run.finish("a");
    assert_eq!(calls(&mut run)[0]["prompt"], "Count");
}

#[test]
fn a_function_between_the_tags_gives_the_prompt() {
    let mut run = run_of(
        r#"const agent = said('{"n": 7}', '{"n": 8}');"#,
        "<Task id='a' output={outputs.out} agent={agent}>{() => 'first'}</Task>\
         <Task id='b' output={outputs.out} agent={agent} deps={{ a: outputs.out }}>{(d) => <p>after {d.a.n}</p>}</Task>",
    );
    assert_eq!(run.tasks(), ["a", "log"]);
    run.finish("a");
    assert_eq!(run.tasks(), ["a", "b", "log"]);
    assert_eq!(run.finish("b"), json!({"n": 8}));
    let calls = calls(&mut run);
    assert!(
        calls[0]["prompt"]
            .as_str()
            .unwrap()
            .contains("\n\nfirst\n\n")
    );
    assert!(calls[1]["prompt"].as_str().unwrap().contains("after 7"));
}

#[test]
fn a_value_that_does_not_fit_is_corrected_in_the_conversation() {
    let mut run = run_of(
        r#"const agent = said('{"n": "one"}', '{"n": "two"}', '{"n": 3}');"#,
        "<Task id='a' output={outputs.out} agent={agent}>Count</Task>",
    );
    assert_eq!(run.finish("a"), json!({"n": 3}));
    let calls = calls(&mut run);
    let roles = |call: &Value| {
        let messages = call["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|message| message["role"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(roles(&calls[1]), ["user", "assistant", "user"]);
    assert_eq!(roles(&calls[2]).len(), 5);
    assert_eq!(calls[1]["messages"][1]["content"], r#"{"n": "one"}"#);
    let asked = calls[1]["messages"][2]["content"].as_str().unwrap();
    assert!(
        asked.contains("n: ") && asked.contains("\"properties\""),
        "{asked}"
    );
    assert!(calls[1].get("prompt").is_none() && calls[1].get("outputSchema").is_none());
}

#[test]
fn an_answer_without_json_is_asked_for_again_by_prompt() {
    let mut run = run_of(
        r#"const agent = said("I counted.", "Done: {\"n\": 4} and {\"n\": 5}");"#,
        "<Task id='a' output={outputs.out} agent={agent}>Count</Task>",
    );
    // A repair is read by its first object, unlike a first answer.
    assert_eq!(run.finish("a"), json!({"n": 4}));
    let prompt = calls(&mut run)[1]["prompt"].as_str().unwrap().to_owned();
    assert!(
        prompt.contains("Count") && prompt.contains("I counted."),
        "{prompt}"
    );
    assert!(prompt.contains("\"properties\""), "{prompt}");
}

#[test]
fn both_kinds_of_repair_share_the_budget_of_an_attempt() {
    let mut run = run_of(
        r#"const agent = said("no", '{"n": "x"}', "no", '{"n": 1}');"#,
        "<Task id='a' output={outputs.out} agent={agent} maxSchemaRetries={2}>Count</Task>",
    );
    let (code, message, retryable) = failure(&mut run, "a", 1);
    assert_eq!(code, "INVALID_OUTPUT");
    assert_eq!(message, "the agent's answer for \"a\" holds no JSON object");
    assert!(retryable, "another attempt of an agent may do better");
    assert_eq!(calls(&mut run).len(), 3);
}

#[test]
fn an_output_schema_may_ask_for_more_than_the_table() {
    let mut run = run_of(
        r#"const agent = said('{"n": 1}', '{"n": 11}'); const strict = z.object({ n: z.number().min(10) });"#,
        "<Task id='a' output={outputs.out} outputSchema={strict} agent={agent}>Count</Task>",
    );
    assert_eq!(run.finish("a"), json!({"n": 11}));
    let calls = calls(&mut run);
    assert!(
        calls[0]["prompt"]
            .as_str()
            .unwrap()
            .contains("\"minimum\": 10")
    );
}

#[test]
fn a_prompt_without_text_is_not_asked() {
    let mut run = run_of(
        "const agent = said('{}');",
        "<Task id='a' output={outputs.out} agent={agent}>{() => '  '}</Task><Task id='b' output={outputs.out} agent={agent}/>",
    );
    for id in ["a", "b"] {
        let (code, _, retryable) = failure(&mut run, id, 1);
        assert_eq!((code.as_str(), retryable), ("TASK_EMPTY_PROMPT", false));
    }
    assert!(calls(&mut run).is_empty());
}

#[test]
fn an_agent_that_ignores_its_time_is_not_waited_for_and_makes_no_further_calls() {
    let mut run = run_of(
        r#"
const seen = [];
const slow = { async generate({ abortSignal }) {
  seen.push("called");
  abortSignal.addEventListener("abort", () => seen.push(abortSignal.reason.code));
  await new Promise((resolve) => setTimeout(resolve, 60));
  seen.push("late");
  return { text: "no JSON, so a repair would follow" };
} };
"#,
        "<Task id='a' output={outputs.out} agent={slow} timeoutMs={20}>Count</Task>\
         <Task id='seen' output={outputs.log}>{async () => { while (!seen.includes('late')) await new Promise((resolve) => setTimeout(resolve, 5)); return { calls: [...seen] }; }}</Task>",
    );
    let (code, _, retryable) = failure(&mut run, "a", 1);
    assert_eq!((code.as_str(), retryable), ("TASK_TIMEOUT", true));
    assert_eq!(
        run.finish("seen"),
        json!({"calls": ["called", "TASK_TIMEOUT", "late"]})
    );
    assert_eq!(wait(run.call("seen")).unwrap().value()["calls"][2], "late");
}

#[test]
fn code_of_an_agent_sees_its_task_and_the_reason_of_an_abort() {
    let mut run = run_of(
        r#"
let reason;
const agent = { async generate() {
  const { nodeId, signal } = getTaskRuntime();
  reason = nodeId;
  await new Promise((_, reject) => signal.addEventListener("abort", () => { reason += ` ${signal.reason.code}`; reject(signal.reason); }));
} };
"#,
        "<Task id='a' output={outputs.out} agent={agent}>Wait</Task>\
         <Task id='reason' output={outputs.log}>{() => ({ calls: [reason] })}</Task>",
    );
    let _answer = run.call("a");
    let asked = run.call("a");
    let waiting =
        wait(async { tokio::time::timeout(std::time::Duration::from_millis(100), asked).await });
    assert!(waiting.is_err());
    run.abort("a");
    assert_eq!(run.finish("reason"), json!({"calls": ["a TASK_ABORTED"]}));
}

#[test]
fn retries_of_agents_are_bounded_and_cover_the_chain() {
    let agents = "const a = said(''); const five = [a, a, a, a, a];";
    let retries = |props: &str| {
        let body = format!("<Task id='a' output={{outputs.out}} agent={{a}} {props}>x</Task>");
        run_of(agents, &body).task("a").retry
    };
    let usual = RetryPolicy {
        retries: 3,
        backoff: Backoff::Exponential,
        initial_delay_ms: 1000,
    };
    assert_eq!(retries(""), usual);
    assert_eq!(retries("agent={five}").retries, 4);
    assert_eq!(retries("continueOnFail").retries, 1);
    assert_eq!(retries("noRetry").retries, 0);
    assert_eq!(retries("retries={9}").retries, 9);
}

#[test]
fn agents_of_packages_that_are_not_installed_can_be_made_and_say_what_is_missing() {
    let mut run = run_of(
        r#"
import { ToolLoopAgent as Agent, Output, stepCountIs, tool } from "ai";
import { anthropic } from "@ai-sdk/anthropic";
import { openai } from "@ai-sdk/openai";
const first = new Agent({ model: anthropic("m"), instructions: "i", tools: { t: tool({}) }, output: Output.object({ schema: z.object({}) }), stopWhen: stepCountIs(3) });
const second = new ClaudeCodeAgent({ model: openai("m").modelId });
"#,
        "<Task id='a' output={outputs.out} agent={first}>x</Task><Task id='b' output={outputs.out} agent={second}>x</Task>",
    );
    for (id, named) in [("a", "ToolLoopAgent"), ("b", "ClaudeCodeAgent")] {
        let (code, message, retryable) = failure(&mut run, id, 1);
        assert_eq!(code, "RUNTIME_CAPABILITY_UNAVAILABLE");
        assert!(message.contains(named), "{message}");
        assert!(!retryable, "nothing changes until the module does");
    }
}
