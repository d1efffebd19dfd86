//! A pending approval, and the table of several.

use serde::Deserialize;
use smithers_model::Timestamp;

use crate::cli::moment;
use crate::cli::output::{Cell, Paint, Table};

/// A pending approval as far as tables show it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ApprovalRow {
    run_id: String,
    workflow_key: String,
    pub(super) node_id: String,
    pub(super) iteration: u32,
    request_title: String,
    requested_at_ms: i64,
    approval_mode: String,
    options: Vec<OptionRow>,
    allowed_scopes: Vec<String>,
    allowed_users: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct OptionRow {
    key: String,
}

impl ApprovalRow {
    /// The node, with its iteration unless that is the first.
    fn node(&self) -> String {
        match self.iteration {
            0 => self.node_id.clone(),
            iteration => format!("{}::{iteration}", self.node_id),
        }
    }

    /// Who may decide.
    fn who(&self) -> String {
        let words = [&self.allowed_users[..], &self.allowed_scopes[..]].concat();
        match words.is_empty() {
            true => "anyone".into(),
            false => words.join(", "),
        }
    }

    /// What kind of answer is asked for.
    fn answer(&self) -> String {
        let keys: Vec<&str> = self
            .options
            .iter()
            .map(|option| option.key.as_str())
            .collect();
        match keys.is_empty() {
            true => self.approval_mode.clone(),
            false => format!("{}: {}", self.approval_mode, keys.join(", ")),
        }
    }
}

/// Pending approvals for people.
pub(in crate::cli) fn table(rows: &[ApprovalRow], now: Timestamp) -> Table {
    let head = [
        "run", "node", "workflow", "question", "answer", "asked", "who",
    ];
    let mut table = Table::new(head);
    for row in rows {
        table.row([
            row.run_id.as_str().into(),
            row.node().into(),
            Cell::new(&row.workflow_key, Paint::Dim),
            row.request_title.as_str().into(),
            Cell::new(row.answer(), Paint::Dim),
            Cell::new(moment::ago(row.requested_at_ms, now), Paint::Yellow),
            row.who().into(),
        ]);
    }
    table
}
