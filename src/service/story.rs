//! `whatHappened`: a run or one of its nodes in a few sentences, told from the rows.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use smithers_model::error::ErrorInfo;
use smithers_model::node::{AttemptRow, NodeRow, NodeState};
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::{NodeKey, RunId, Timestamp};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{Params, WhatHappened};
use smithers_store::Reader;

use super::{Service, encode, error, nodes};

/// Stories of what has ended that are kept.
const KEPT: usize = 200;
/// Nodes that the story of a run names.
const NAMED: usize = 5;
/// Characters of an error that a story tells.
const ERROR_CHARS: usize = 300;

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Story<'a> {
    run_id: &'a str,
    node_id: Option<&'a str>,
    iteration: Option<u32>,
    scope: &'static str,
    summary: &'a str,
    /// Nobody but the gateway tells.
    agent_id: Option<&'a str>,
    source: &'static str,
    cached: bool,
    generated_at_ms: i64,
}

/// What a story is about, and the next number of its run: a run that goes on after its end has another story.
type Subject = (RunId, Option<NodeKey>, u64);

/// Stories of what has ended.
#[derive(Debug, Default)]
pub struct Stories(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    told: HashMap<Subject, (Arc<str>, Timestamp)>,
    oldest_first: VecDeque<Subject>,
}

impl Stories {
    fn get(&self, subject: &Subject) -> Option<(Arc<str>, Timestamp)> {
        self.0.lock().told.get(subject).cloned()
    }

    fn keep(&self, subject: Subject, summary: Arc<str>, at: Timestamp) {
        let mut kept = self.0.lock();
        if kept.told.insert(subject.clone(), (summary, at)).is_none() {
            kept.oldest_first.push_back(subject);
        }
        if kept.oldest_first.len() > KEPT
            && let Some(oldest) = kept.oldest_first.pop_front()
        {
            kept.told.remove(&oldest);
        }
    }
}

impl Service {
    pub(super) async fn what_happened(&self, params: &Params) -> Result<Payload, RpcError> {
        let WhatHappened { run_id, node } = WhatHappened::read(params)?;
        let (stories, now) = (self.stories.clone(), self.clock.now());
        self.read(move |reader| {
            let id = RunId::from(run_id.as_str());
            let row = reader.run(&id).map_err(error::of_read)?;
            let row = row.ok_or_else(|| RpcError::run_not_found(&run_id))?;
            let node = node.map(|(node, iteration)| find(reader, &id, &node, iteration));
            let node = node.transpose()?;
            let key = node.as_ref().map(|node| node.node.clone());
            let subject = (id, key.clone(), row.next_seq);
            let known = stories.get(&subject);
            let cached = known.is_some();
            let (summary, at) = match known {
                Some(known) => known,
                None => {
                    let summary: Arc<str> = match &node {
                        Some(node) => of_node(reader, &row, node, now),
                        None => of_run(reader, &row, now),
                    }
                    .map_err(error::of_read)?
                    .into();
                    if row.status.is_terminal() {
                        stories.keep(subject, summary.clone(), now);
                    }
                    (summary, now)
                }
            };
            encode(&Story {
                run_id: &run_id,
                node_id: key.as_ref().map(|key| key.node_id.as_str()),
                iteration: key.as_ref().map(|key| key.iteration),
                scope: if key.is_some() { "node" } else { "run" },
                summary: &summary,
                agent_id: None,
                source: "facts",
                cached,
                generated_at_ms: at.0,
            })
        })
        .await
    }
}

/// The node, in its newest iteration unless one was given.
fn find(
    reader: &dyn Reader,
    run: &RunId,
    node: &str,
    iteration: Option<u32>,
) -> Result<NodeRow, RpcError> {
    let key = NodeKey::new(node, iteration.unwrap_or(0));
    let found = match iteration {
        Some(_) => reader.node(run, &key).map_err(error::of_read)?,
        None => {
            let rows = reader.newest_nodes(run).map_err(error::of_read)?;
            rows.into_iter().find(|row| row.node.node_id == key.node_id)
        }
    };
    match found {
        Some(row) => Ok(row),
        None => Err(nodes::missing(reader, run, &key)?),
    }
}

fn of_run(
    reader: &dyn Reader,
    row: &RunRow,
    now: Timestamp,
) -> Result<String, smithers_store::Error> {
    let began = row.started_at.unwrap_or(row.created_at);
    let took = took(began, row.finished_at.unwrap_or(now));
    let (id, name) = (&row.run_id, &row.workflow_name);
    let mut lines = vec![match row.status {
        RunStatus::Finished => format!("Run {id} ({name}) finished in {took}."),
        RunStatus::Failed => format!("Run {id} ({name}) failed after {took}."),
        RunStatus::Cancelled => format!("Run {id} ({name}) was cancelled after {took}."),
        RunStatus::Continued => format!("Run {id} ({name}) went on as another run after {took}."),
        status => format!("Run {id} ({name}) is {} for {took}.", status.as_str()),
    }];
    lines.extend(row.error.as_ref().map(error_line));
    let nodes = reader.nodes(&row.run_id)?;
    for (state, verb) in [
        (NodeState::Failed, "failed"),
        (NodeState::WaitingApproval, "waits for an approval"),
        (NodeState::WaitingEvent, "waits for a signal"),
        (NodeState::WaitingTimer, "waits for its time"),
        (NodeState::InProgress, "is under way"),
    ] {
        let such = nodes.iter().filter(|node| node.state == state);
        let such: Vec<String> = such.map(|node| quoted(&node.node)).collect();
        lines.extend(named(&such, verb));
    }
    Ok(lines.join("\n"))
}

/// A line that names some of the nodes, and counts the others.
fn named(nodes: &[String], verb: &str) -> Option<String> {
    let shown = nodes.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = match nodes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!nodes.is_empty()).then(|| format!("- {verb}: {}{more}", shown.join(", ")))
}

fn of_node(
    reader: &dyn Reader,
    run: &RunRow,
    node: &NodeRow,
    now: Timestamp,
) -> Result<String, smithers_store::Error> {
    let attempts = reader.attempts_of(&run.run_id, &node.node)?;
    let name = quoted(&node.node);
    let tries = match attempts.len() {
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    };
    let took = || {
        let began = attempts.first().map_or(now, |first| first.started_at);
        let ended = attempts.last().and_then(|last| last.finished_at);
        took(began, ended.unwrap_or(now))
    };
    let mut lines = vec![match node.state {
        NodeState::Finished => format!("Node {name} finished after {tries} in {}.", took()),
        NodeState::Failed => format!("Node {name} failed after {tries} in {}.", took()),
        NodeState::Skipped => format!("Node {name} was left out."),
        NodeState::Pending => format!("Node {name} has not begun."),
        state => format!("Node {name} is {} with {tries}.", state.as_str()),
    }];
    let failure = attempts
        .iter()
        .rev()
        .find_map(|row: &AttemptRow| row.error.as_ref());
    lines.extend(failure.map(error_line));
    Ok(lines.join("\n"))
}

fn error_line(error: &ErrorInfo) -> String {
    let message: String = error.message.chars().take(ERROR_CHARS).collect();
    format!("- error: {message}")
}

fn quoted(node: &NodeKey) -> String {
    match node.iteration {
        0 => format!("\"{}\"", node.node_id),
        iteration => format!("\"{}\" (iteration {iteration})", node.node_id),
    }
}

/// A time in one or two units.
fn took(began: Timestamp, ended: Timestamp) -> String {
    let ms = ended.0.saturating_sub(began.0).max(0);
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..60_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{}m {}s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{}h {}m", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_most() {
        let shown = |ms| took(Timestamp(0), Timestamp(ms));
        assert_eq!(shown(441), "441ms");
        assert_eq!(shown(12_340), "12.3s");
        assert_eq!(shown(125_000), "2m 5s");
        assert_eq!(shown(7_260_000), "2h 1m");
        assert_eq!(took(Timestamp(5), Timestamp(1)), "0ms");
    }

    #[test]
    fn only_the_newest_stories_are_kept() {
        let stories = Stories::default();
        let subject = |n: u64| (RunId::from("r"), None, n);
        for n in 0..=200 {
            stories.keep(subject(n), "told".into(), Timestamp(0));
        }
        assert!(stories.get(&subject(0)).is_none());
        assert!(stories.get(&subject(1)).is_some() && stories.get(&subject(200)).is_some());
        assert_eq!(stories.0.lock().told.len(), KEPT);
    }

    #[test]
    fn many_nodes_are_counted() {
        let nodes: Vec<String> = (0..7).map(|n| format!("\"t{n}\"")).collect();
        let line = named(&nodes, "failed");
        assert_eq!(
            line.as_deref(),
            Some(r#"- failed: "t0", "t1", "t2", "t3", "t4" and 2 more"#)
        );
        assert_eq!(named(&[], "failed"), None);
    }
}
