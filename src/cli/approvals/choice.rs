//! Which node of a run is meant: the one that is named, or the only one that waits.

use serde::Deserialize;
use serde_json::{Value, json};
use smithers_model::NodeKey;

use super::row::ApprovalRow;
use crate::cli::client::{Client, ClientError};
use crate::cli::error::CliError;

/// What was typed about the node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice<'a> {
    /// This one.
    Named {
        /// Its id.
        node: &'a str,
        /// Its iteration, from 0.
        iteration: u32,
    },
    /// The only one that waits.
    TheOneThatWaits,
}

impl<'a> Choice<'a> {
    /// What was typed: `node` of `iteration`, or none.
    pub(super) fn of(node: Option<&'a str>, iteration: u32) -> Self {
        match node {
            Some(node) => Self::Named { node, iteration },
            None => Self::TheOneThatWaits,
        }
    }

    /// Returns the node that is meant among those that wait.
    ///
    /// # Errors
    /// As [`only_one`], when none is named.
    pub(super) fn among(&self, run: &str, waiting: Vec<NodeKey>) -> Result<NodeKey, CliError> {
        match *self {
            Self::Named { node, iteration } => Ok(NodeKey::new(node, iteration)),
            Self::TheOneThatWaits => only_one(run, waiting),
        }
    }
}

/// Asks the gateway what waits in `run`: each row as it came, and as it is read.
pub(super) fn waiting(
    client: &Client,
    run: &str,
) -> Result<Vec<(Value, ApprovalRow)>, ClientError> {
    let answer = client.call("listApprovals", &json!({"runId": run}))?;
    let rows = answer.as_array().into_iter().flatten();
    let read = |row: &Value| Some((row.clone(), ApprovalRow::deserialize(row).ok()?));
    Ok(rows.filter_map(read).collect())
}

/// Returns the only node of `waiting`.
///
/// # Errors
/// `NOTHING_WAITS` and `NODE_REQUIRED`, the latter with the nodes to choose from.
fn only_one(run: &str, mut waiting: Vec<NodeKey>) -> Result<NodeKey, CliError> {
    let Some(last) = waiting.pop() else {
        let message = format!("{run} waits for no decision");
        return Err(CliError::new("NOTHING_WAITS", message)
            .hint(format!("see what it does: smithers runs show {run}")));
    };
    if waiting.is_empty() {
        return Ok(last);
    }
    waiting.push(last);
    let message = format!("{run} waits for {} decisions", waiting.len());
    let nodes: Vec<String> = waiting.iter().map(shown).collect();
    Err(CliError::new("NODE_REQUIRED", message)
        .hint(format!("name the node: {}", nodes.join(", "))))
}

/// The node as it is typed: with its iteration unless that is the first.
pub(super) fn shown(node: &NodeKey) -> String {
    match node.iteration {
        0 => node.node_id.to_string(),
        iteration => format!("{} --iteration {iteration}", node.node_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_is_taken_and_several_are_named() {
        let key = |id: &str, iteration| NodeKey::new(id, iteration);
        assert_eq!(only_one("r", vec![key("a", 0)]), Ok(key("a", 0)));
        let none = only_one("r", vec![]).unwrap_err();
        assert!(none.to_text().contains("NOTHING_WAITS"));
        let several = only_one("r", vec![key("a", 0), key("b", 2)]).unwrap_err();
        assert!(
            several
                .to_text()
                .contains("name the node: a, b --iteration 2"),
            "{}",
            several.to_text()
        );
    }
}
