//! A pending approval, and the table of several.

use serde::Deserialize;
use smithers_model::{NodeKey, Timestamp};

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
    pub(super) request_title: String,
    request_summary: Option<String>,
    /// What a decision carries, so that it counts for nothing else.
    pub(super) request_digest: Option<String>,
    requested_at_ms: i64,
    approval_mode: String,
    options: Vec<OptionRow>,
    required_approvals: Option<u32>,
    auto_approve: Option<AutoRow>,
    #[serde(default)]
    votes: Vec<VoteRow>,
    allowed_scopes: Vec<String>,
    allowed_users: Vec<String>,
    owner: Option<String>,
    fallback_owner: Option<String>,
    escalates_at_ms: Option<i64>,
    escalated_at_ms: Option<i64>,
    expires_at_ms: Option<i64>,
    on_expire: Option<String>,
    expired_at_ms: Option<i64>,
    #[serde(default)]
    forbid_self_approval: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VoteRow {
    decided_by: Option<String>,
    approved: bool,
    note: Option<String>,
    decided_at_ms: i64,
}

/// Why it was not given without a person.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AutoRow {
    after: Option<u32>,
    condition_met: Option<bool>,
    revert_on_met: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct OptionRow {
    key: String,
    label: String,
    summary: Option<String>,
}

impl ApprovalRow {
    pub(super) fn key(&self) -> NodeKey {
        NodeKey::new(self.node_id.as_str(), self.iteration)
    }

    /// Everything about it, for the person who decides.
    pub(super) fn page(&self, now: Timestamp) -> Table {
        let mut table = Table::pairs();
        table.pair("run", self.run_id.as_str());
        table.pair("node", self.node());
        table.pair("workflow", self.workflow_key.as_str());
        table.pair("question", self.request_title.as_str());
        if let Some(summary) = &self.request_summary {
            table.pair("  about", summary.as_str());
        }
        for option in &self.options {
            table.pair("choice", option.line());
        }
        table.pair("answer", self.answer());
        for vote in &self.votes {
            table.pair("vote", vote.line(now));
        }
        if let Some(auto) = &self.auto_approve {
            table.pair("asks because", auto.line());
        }
        table.pair("who", self.who());
        table.pair("asked", moment::at(self.requested_at_ms, now));
        if self.forbid_self_approval {
            table.pair("  but not", "whoever launched the run");
        }
        self.add_times(&mut table, now);
        if let Some(digest) = &self.request_digest {
            table.pair("digest", Cell::new(digest, Paint::Dim));
        }
        table
    }

    /// When others are called, and when the time is over.
    fn add_times(&self, table: &mut Table, now: Timestamp) {
        if let Some(at) = self.escalated_at_ms {
            table.pair("escalated", moment::at(at, now));
        }
        if let Some(at) = self.escalates_at_ms {
            table.pair("escalates", moment::until(at, now));
        }
        if let Some(at) = self.expired_at_ms {
            table.pair("expired", format!("{}; it waits on", moment::at(at, now)));
        } else if let Some(at) = self.expires_at_ms {
            let then = match self.on_expire.as_deref() {
                Some("deny") => "it is denied",
                _ => "it waits on",
            };
            let when = moment::until(at, now);
            table.pair("expires", format!("{when}, then {then}"));
        }
    }

    /// The node, with its iteration unless that is the first.
    fn node(&self) -> String {
        match self.iteration {
            0 => self.node_id.clone(),
            iteration => format!("{}::{iteration}", self.node_id),
        }
    }

    /// Who may decide: the owners if there are any, among those and with that which the lists name.
    fn who(&self) -> String {
        let mut words = Vec::new();
        match (&self.owner, &self.fallback_owner) {
            (Some(owner), Some(fallback)) if self.escalated_at_ms.is_some() => {
                words.push(format!("{owner} or {fallback}"));
            }
            (Some(owner), Some(fallback)) => words.push(format!("{owner}, later {fallback}")),
            (Some(owner), None) => words.push(owner.clone()),
            (None, _) => {}
        }
        let (users, scopes) = (
            self.allowed_users.join(", "),
            self.allowed_scopes.join(", "),
        );
        match (users.is_empty(), words.is_empty()) {
            (true, _) => {}
            (false, true) => words.push(users),
            (false, false) => words.push(format!("among {users}")),
        }
        if !scopes.is_empty() {
            words.push(format!("with {scopes}"));
        }
        match words.is_empty() {
            true => "anyone".into(),
            false => words.join(" "),
        }
    }

    /// How many have voted, and who; none where one answer decides.
    pub(super) fn votes_so_far(&self) -> Option<String> {
        let required = self.required_approvals?;
        let voters = self.votes.iter();
        let voters: Vec<&str> = voters
            .filter_map(|vote| vote.decided_by.as_deref())
            .collect();
        let so_far = format!("{} of {required}", voters.len());
        Some(match voters.is_empty() {
            true => so_far,
            false => format!("{so_far} ({})", voters.join(", ")),
        })
    }

    /// What kind of answer is asked for, and how many have given it when it takes several.
    fn answer(&self) -> String {
        if let Some(votes) = self.votes_so_far() {
            return format!("{}: {votes}", self.approval_mode);
        }
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

impl OptionRow {
    fn line(&self) -> String {
        let OptionRow { key, label, .. } = self;
        match &self.summary {
            Some(summary) => format!("{key}: {label} ({summary})"),
            None => format!("{key}: {label}"),
        }
    }
}

impl AutoRow {
    fn line(&self) -> String {
        match self {
            Self {
                revert_on_met: Some(true),
                ..
            } => "its workflow wants people to be asked again".into(),
            Self {
                condition_met: Some(false),
                ..
            } => "the condition of its autoApprove does not hold".into(),
            Self { after, .. } => format!(
                "people have not said yes {} times in a row in other runs",
                after.unwrap_or(0)
            ),
        }
    }
}

impl VoteRow {
    fn line(&self, now: Timestamp) -> String {
        let voter = self.decided_by.as_deref().unwrap_or("somebody");
        let said = if self.approved { "yes" } else { "no" };
        let when = moment::ago(self.decided_at_ms, now);
        match &self.note {
            Some(note) => format!("{voter} said {said} {when}: {note}"),
            None => format!("{voter} said {said} {when}"),
        }
    }
}

/// Pending approvals for people.
pub(in crate::cli) fn table(rows: &[ApprovalRow], now: Timestamp) -> Table {
    let head = [
        "run", "node", "workflow", "question", "answer", "asked", "expires", "who",
    ];
    let mut table = Table::new(head);
    for row in rows {
        let expires = row.expires_at_ms.map(|at| moment::until(at, now));
        table.row([
            row.run_id.as_str().into(),
            row.node().into(),
            Cell::new(&row.workflow_key, Paint::Dim),
            row.request_title.as_str().into(),
            Cell::new(row.answer(), Paint::Dim),
            Cell::new(moment::ago(row.requested_at_ms, now), Paint::Yellow),
            expires.unwrap_or_default().into(),
            row.who().into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn who(more: Value) -> String {
        let mut row = json!({
            "runId": "r", "workflowKey": "w", "nodeId": "n", "iteration": 0, "requestTitle": "?",
            "requestedAtMs": 0, "approvalMode": "decision", "options": [], "allowedScopes": [], "allowedUsers": [],
        });
        for (key, value) in more.as_object().unwrap() {
            row[key] = value.clone();
        }
        ApprovalRow::deserialize(row).unwrap().who()
    }

    #[test]
    fn votes_so_far_are_told_with_their_voters() {
        let mut asked = json!({
            "runId": "r", "workflowKey": "w", "nodeId": "n", "iteration": 0, "requestTitle": "?",
            "requestedAtMs": 0, "approvalMode": "decision", "options": [], "allowedScopes": [], "allowedUsers": [],
            "requiredApprovals": 2, "votes": [],
        });
        let answer = |row: &Value| ApprovalRow::deserialize(row).unwrap().answer();
        assert_eq!(answer(&asked), "decision: 0 of 2");
        asked["votes"] =
            json!([{"decidedBy": "ann", "approved": true, "note": "fine", "decidedAtMs": 5}]);
        assert_eq!(answer(&asked), "decision: 1 of 2 (ann)");
    }

    #[test]
    fn why_a_person_is_asked_is_told() {
        let line = |auto: Value| AutoRow::deserialize(auto).unwrap().line();
        assert!(line(json!({"after": 2, "audit": true})).contains("2 times"));
        assert!(line(json!({"after": 2, "conditionMet": false})).contains("condition"));
        assert!(line(json!({"after": 2, "revertOnMet": true})).contains("asked again"));
    }

    #[test]
    fn who_may_decide_is_told_from_owners_and_lists() {
        assert_eq!(who(json!({})), "anyone");
        assert_eq!(who(json!({"allowedUsers": ["ann", "bob"]})), "ann, bob");
        assert_eq!(who(json!({"allowedScopes": ["ship"]})), "with ship");
        let owners = json!({"owner": "ann", "fallbackOwner": "team:ops"});
        assert_eq!(who(owners), "ann, later team:ops");
        let escalated = json!({"owner": "ann", "fallbackOwner": "bob", "escalatedAtMs": 1, "allowedUsers": ["bob"]});
        assert_eq!(who(escalated), "ann or bob among bob");
    }
}
