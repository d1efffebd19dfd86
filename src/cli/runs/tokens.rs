//! `smithers runs tokens`: what the agents of a run have used.

use std::collections::BTreeMap;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::row::{name, read};
use crate::cli::client::Connection;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs tokens release-42
  smithers runs tokens release-42 --json --filter-output events.model,events.outputTokens";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct TokensArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Deserialize)]
struct Answer {
    events: Vec<Call>,
}

/// A call of an agent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    node_id: String,
    iteration: u32,
    model: String,
    agent: String,
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    reasoning_tokens: u64,
}

/// What calls have used together.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    calls: u64,
    input: u64,
    output: u64,
    cached: u64,
    reasoning: u64,
}

impl Sum {
    fn add(&mut self, call: &Call) {
        self.calls += 1;
        self.input = self.input.saturating_add(call.input_tokens);
        self.output = self.output.saturating_add(call.output_tokens);
        self.cached = self.cached.saturating_add(call.cache_read_tokens);
        self.reasoning = self.reasoning.saturating_add(call.reasoning_tokens);
    }

    fn cells(self) -> [Cell; 5] {
        let Sum {
            calls,
            input,
            output,
            cached,
            reasoning,
        } = self;
        [calls, input, output, cached, reasoning].map(|number| number.to_string().into())
    }
}

pub(super) fn run(args: &TokensArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({"runId": args.run});
    let answer = args
        .connection
        .client()?
        .call("listRunTokenUsage", &params)?;
    let Answer { events } = read(&answer)?;
    if events.is_empty() {
        note("no agent of this run has told what it used");
    }
    output.print_table(&answer, || table(&events))
}

/// A row for each task and model, and their sum.
fn table(calls: &[Call]) -> Table {
    let mut sums: BTreeMap<[String; 3], Sum> = BTreeMap::new();
    let mut all = Sum::default();
    for call in calls {
        let node = name(&call.node_id, call.iteration);
        let key = [node, call.agent.clone(), call.model.clone()];
        sums.entry(key).or_default().add(call);
        all.add(call);
    }
    let mut table = Table::new([
        "node",
        "agent",
        "model",
        "calls",
        "input",
        "output",
        "cached",
        "reasoning",
    ]);
    for ([node, agent, model], sum) in &sums {
        let [calls, input, output, cached, reasoning] = sum.cells();
        table.row([
            node.into(),
            agent.into(),
            model.into(),
            calls,
            input,
            output,
            cached,
            reasoning,
        ]);
    }
    if sums.len() > 1 {
        let [calls, input, output, cached, reasoning] = all.cells();
        let total = Cell::new("total", Paint::Bold);
        let none = || Cell::from("");
        table.row([
            total,
            none(),
            none(),
            calls,
            input,
            output,
            cached,
            reasoning,
        ]);
    }
    table
}
