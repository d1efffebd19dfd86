//! Aspects: limits of the run that are looked at before a task starts (workflow-model 18).
//!
//! Tokens are those of the journal: what was used stays used, also after a rewind or a retry. The age of a run counts
//! from its first start, and its clock is that of its steps.

use std::collections::BTreeSet;

use serde_json::json;
use smithers_model::aspect::{AspectLimit, Aspects, OnExceeded};
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::report::OutputStream;
use smithers_model::tree::TaskSpec;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::state::RunState;

/// What a run has used of its limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// Tokens that calls of agents have read and written so far.
    pub(crate) tokens: u64,
    /// Limits of which was said that they are exceeded, since the run was read.
    warned: BTreeSet<&'static str>,
}

impl Usage {
    /// Of a run whose calls of agents have used `tokens`.
    pub(crate) fn of(tokens: u64) -> Self {
        Self {
            tokens,
            warned: BTreeSet::new(),
        }
    }
}

/// What the limits around a task say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// It may start.
    Free,
    /// It may start; these limits are exceeded, and nobody was told yet.
    Exceeded(Vec<Excess>),
    /// It is left out.
    LeaveOut,
    /// The run fails.
    Fail(ErrorInfo),
}

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    name: &'static str,
    message: String,
}

impl RunState {
    /// Looks at the limits around a task that is about to start. What a cancelled run undoes knows no limit.
    pub(crate) fn budget(&self, task: &TaskSpec, now: Timestamp) -> Budget {
        let Some(aspects) = task.aspects.filter(|_| !self.is_ending()) else {
            return Budget::Free;
        };
        let mut told = Vec::new();
        for (name, unit, limit, used) in self.limits(&aspects, now) {
            if used < limit.max {
                continue;
            }
            let message = format!(
                "The {name} of {} {unit} is exceeded: {used} {unit}",
                limit.max
            );
            match limit.on_exceeded {
                OnExceeded::Fail => {
                    return Budget::Fail(error(task, name, limit.max, used, message));
                }
                OnExceeded::SkipRemaining => return Budget::LeaveOut,
                OnExceeded::Warn if self.usage.warned.contains(name) => {}
                OnExceeded::Warn => told.push(Excess { name, message }),
            }
        }
        match told.is_empty() {
            true => Budget::Free,
            false => Budget::Exceeded(told),
        }
    }

    /// The limits that are stated, each with its name, its unit and what is used of it.
    fn limits(
        &self,
        aspects: &Aspects,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'static str, &'static str, AspectLimit, u64)> {
        let began = self.run.started_at.unwrap_or(now);
        let age = u64::try_from(now.0.saturating_sub(began.0)).unwrap_or(0);
        let tokens = aspects.token_budget;
        let tokens = tokens.map(|limit| ("tokenBudget", "tokens", limit, self.usage.tokens));
        let latency = aspects.latency_slo;
        let latency = latency.map(|limit| ("latencySlo", "ms", limit, age));
        tokens.into_iter().chain(latency)
    }

    /// Says in the output of a task that has started which limits are exceeded.
    pub(crate) fn tell_of_excess(&mut self, node: &NodeKey, exceeded: Vec<Excess>) {
        let attempt = self.nodes.get(node).map_or(0, |known| known.last_attempt);
        for Excess { name, message } in exceeded {
            self.usage.warned.insert(name);
            self.open.weigh(message.len());
            self.open.event(Event::NodeOutput {
                node: node.clone(),
                attempt,
                text: format!("[aspects] {message}\n"),
                stream: OutputStream::Stderr,
                truncated: false,
            });
        }
    }
}

fn error(task: &TaskSpec, name: &str, max: u64, used: u64, message: String) -> ErrorInfo {
    let mut error = ErrorInfo::coded("ASPECT_BUDGET_EXCEEDED", message);
    let details = json!({
        "aspect": name,
        "limit": max,
        "used": used,
        "nodeId": task.node.node_id,
        "iteration": task.node.iteration,
    });
    error.details = Some(RawJson::of(&details));
    error
}
