//! Composites refuse what they cannot do, and are loaded for those who use them.

use crate::driver::{Run, host, load_source, wait};
use smithers_model::error::ErrorInfo;
use smithers_model::workflow::CallError;

/// A run of a workflow with `body`.
fn frame(body: &str) -> Result<Run, ErrorInfo> {
    let source = format!(
        r#"
import * as s from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ smithers, outputs }} = s.createSmithers({{ out: z.object({{ n: z.number() }}), decision: s.approvalDecisionSchema }});
const a = {{ id: "a", async generate() {{ return {{ output: {{ n: 1 }} }}; }} }};
const o = outputs.out;
export default smithers((ctx) => <s.Workflow name="w">{body}</s.Workflow>);
"#
    );
    let host = host();
    let workflow = load_source(&host, &source);
    let mut run = Run::open(&workflow, "r1", "{}").keep(host);
    run.render().map(|()| run)
}

#[test]
fn wrong_properties_are_named() {
    for (body, message) in [
        (
            "<s.Panel moderator={a} panelistOutput={o} moderatorOutput={o}>x</s.Panel>",
            "Panel: it needs `panelists`: a list with at least one entry",
        ),
        (
            "<s.Panel panelists={[a, 7]} moderator={a} panelistOutput={o} moderatorOutput={o}>x</s.Panel>",
            "Panel: `panelists[1]` must be an object, got 7",
        ),
        (
            "<s.Panel panelists={[{agent: a, colour: 'red'}]} moderator={a} panelistOutput={o} moderatorOutput={o}>x</s.Panel>",
            "Panel: `panelists[0].colour` is not a property of it; known: agent, role, label",
        ),
        (
            "<s.Panel panelists={[a]} minAgree={2} moderator={a} panelistOutput={o} moderatorOutput={o}>x</s.Panel>",
            "Panel: minAgree is 2, and there are 1 panelists",
        ),
        (
            "<s.Debate proposer={a} opponent={a} judge={a} rounds={0} argumentOutput={o} verdictOutput={o} topic='x'/>",
            "Debate: `rounds` must be a whole number from 1, got 0",
        ),
        (
            "<s.ReviewLoop producer={a} reviewer={[]} produceOutput={o} reviewOutput={o}>x</s.ReviewLoop>",
            "ReviewLoop: `reviewer` must be an agent or a list of agents, got []",
        ),
        (
            "<s.Optimizer generator={a} generateOutput={o} evaluateOutput={o}>x</s.Optimizer>",
            "Optimizer: it needs `evaluator`: an agent, a list of agents or a function",
        ),
        (
            "<s.Supervisor boss={a} workers={{}} planOutput={o} workerOutput={o} reviewOutput={o} finalOutput={o}>x</s.Supervisor>",
            "Supervisor: `workers` must be an object with at least one entry, got {}",
        ),
        (
            "<s.CheckSuite checks={[{id: 'x', agent: a, command: 'ls'}]} verdictOutput={o}/>",
            "CheckSuite: the check \"x\" needs either an agent or a command",
        ),
        (
            "<s.CheckSuite checks={{x: {agent: a}}} strategy='most' verdictOutput={o}/>",
            "CheckSuite: `strategy` must be one of all-pass, majority, any-pass, got \"most\"",
        ),
        (
            "<s.ClassifyAndRoute categories={{x: a}} classifierAgent={a} classifierOutput={o} routeOutput={o}/>",
            "ClassifyAndRoute: it needs `items`: an item or a list of items",
        ),
        (
            "<s.DecisionTable rules={[{when: true, then: 'yes'}]}/>",
            "DecisionTable: `rules[0].then` must be an element, got \"yes\"",
        ),
        (
            "<s.Runbook steps={[{id: 'x', risk: 'safe'}]} stepOutput={o}/>",
            "Runbook: step \"x\" has no `agent`, and there is no `defaultAgent`",
        ),
        (
            "<s.Kanban columns={[{name: 'c', agent: a, output: o}]} useTickets={() => [{id: 1}, {id: '1'}]}/>",
            "Kanban: two tickets have the id \"1\"",
        ),
        (
            "<s.Monitor check={a} checkOutput={o} handlers={{x: <p/>}} escalations={{x: {output: o}}}/>",
            "Monitor: the condition \"x\" is among the handlers and the escalations",
        ),
        (
            "<s.Sidecar agent={a} sidecar={a} output={o}/>",
            "Sidecar: it needs a prompt: `prompt`, `input` or children",
        ),
        (
            "<s.Poller check={a} checkOutput={o} every={5}/>",
            "Poller: `every` is not a property of it; known: id, skipIf, check, checkOutput, maxAttempts, backoff, intervalMs, onTimeout, children",
        ),
    ] {
        let error = frame(body).err().unwrap_or_else(|| panic!("{body}"));
        assert_eq!(error.message, message);
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{body}");
    }
}

#[test]
fn a_table_of_decisions_that_is_not_registered_is_named() {
    let step = "{id: 'x', risk: 'risky', agent: a}";
    let error = frame(&format!("<s.Runbook steps={{[{step}]}} stepOutput={{o}}/>"));
    let error = error.err().unwrap();
    assert_eq!(error.code.as_deref(), Some("UNKNOWN_OUTPUT_SCHEMA"));
    let table = "\"runbook-x-approval-decision\"";
    assert!(error.message.contains(table), "{}", error.message);
}

#[test]
fn commands_run_only_where_the_operator_allows_them() {
    let suite = "<s.CheckSuite checks={[{id: 'x', command: 'true'}]} verdictOutput={o}/>";
    let mut run = frame(suite).unwrap();
    let Err(CallError::Failed { error, .. }) = wait(run.call("checksuite-x")) else {
        panic!("it ran");
    };
    assert_eq!(
        error.code.as_deref(),
        Some("RUNTIME_CAPABILITY_UNAVAILABLE")
    );
    assert!(
        error.message.contains("SMITHERS_MODULE_COMMANDS"),
        "{}",
        error.message
    );
}

#[test]
fn pauses_of_a_poller_grow() {
    let pause = |run: &mut Run, pass: u32| {
        run.passes = [("poll-loop".to_owned(), pass)].into();
        run.render().unwrap();
        let delay = run.task("poll-delay");
        format!("{:?}", delay.body)
    };
    for (backoff, expected) in [("fixed", 100), ("linear", 300), ("exponential", 400)] {
        let poller = format!(
            "<s.Poller check={{a}} checkOutput={{o}} intervalMs={{100}} backoff='{backoff}'/>"
        );
        let mut run = frame(&poller).unwrap();
        assert_eq!(run.tasks(), ["poll-check"]);
        let third = pause(&mut run, 3);
        assert!(third.contains(&format!("After({expected})")), "{third}");
    }
    let long = "<s.Poller check={a} checkOutput={o} maxAttempts={90} backoff='exponential'/>";
    let day = pause(&mut frame(long).unwrap(), 80);
    assert!(day.contains("After(86400000)"), "{day}");
}
