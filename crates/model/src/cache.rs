//! Results that other runs may use again: what they are found by, how long they are good, and their row
//! (workflow-model 8.6).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::json::RawJson;
use crate::output::OutputTable;
use crate::planted::{Bug, planted};
use crate::{NodeId, NodeKey, RunId, Timestamp};

/// Largest payload that is kept, in bytes.
pub const MAX_PAYLOAD: usize = 1024 * 1024;

/// Names the shape that is hashed; a change of the shape changes it, and with it every key.
const SHAPE: &str = "smithers.cache.1";

/// Who may use a kept result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// The run that made it.
    Run,
    /// Runs of the same workflow name.
    Workflow,
    /// Every run of the database; a database belongs to one organisation.
    Global,
}

impl CacheScope {
    /// The stored text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Workflow => "workflow",
            Self::Global => "global",
        }
    }

    /// Reads the stored text; `None` for a text of a newer version.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Run, Self::Workflow, Self::Global]
            .into_iter()
            .find(|scope| scope.as_str() == text)
    }
}

/// What a workflow says about one attempt of a task whose result may be used again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheRequest {
    /// Who may use it.
    pub scope: CacheScope,
    /// `key` of the policy, or the id of the task.
    pub task_key: String,
    /// Pass of the loop, where that makes a difference: a task without a policy.
    pub iteration: Option<u32>,
    /// `version` of the policy.
    pub version: Option<String>,
    /// How long a result is good, in milliseconds; without it, for ever. Nothing is good for 0 ms.
    pub ttl_ms: Option<u64>,
    /// Digest of all that the schema of the output says.
    pub output_schema_sig: String,
    /// Id of the first agent.
    pub agent_sig: Option<String>,
    /// Digest of the tools of that agent.
    pub tools_sig: Option<String>,
    /// Model of that agent; none where the policy leaves it out.
    pub model: Option<String>,
    /// Digest of the prompt, or of the value of a static task; none where the policy leaves it out.
    pub prompt_sig: Option<String>,
    /// What `by` gave.
    pub by: Value,
}

/// The place of a task whose result may be used again.
#[derive(Clone, Debug)]
pub struct CachePlace {
    /// Its run.
    pub run_id: RunId,
    /// The workflow name of that run.
    pub workflow_name: String,
    /// Its output table.
    pub table: Arc<OutputTable>,
}

impl CacheRequest {
    /// Returns the SHA-256 of everything that a result depends on, in 64 lower-case hexadecimal digits.
    pub fn key(&self, place: &CachePlace) -> String {
        let workflow = (self.scope != CacheScope::Global).then_some(&place.workflow_name);
        let run = (self.scope == CacheScope::Run).then_some(&place.run_id);
        let mut material = json!([
            SHAPE,
            self.scope,
            { "run": run, "workflow": workflow, "task": self.task_key, "table": place.table.key },
            self.iteration,
            schema_sig(&place.table),
            self.output_schema_sig,
            self.agent_sig,
            self.tools_sig,
            self.version,
            self.model,
            self.prompt_sig,
            self.by,
        ]);
        material.sort_all_objects();
        hex::encode(Sha256::digest(material.to_string()))
    }
}

/// Digest of the columns of a table.
pub fn schema_sig(table: &OutputTable) -> String {
    hex::encode(Sha256::digest(RawJson::of(&table.fields).as_str()))
}

/// A result that is to be kept when its attempt ends well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheFill {
    /// What it is found by.
    pub key: String,
    /// What the workflow says about it.
    pub request: CacheRequest,
}

/// A kept result that an attempt takes instead of running its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedResult {
    /// What it was found by.
    pub key: String,
    /// The run that made it.
    pub source_run_id: RunId,
    /// How old it is, in milliseconds.
    pub age_ms: u64,
    /// The result, in stored form.
    pub payload: RawJson,
}

/// Row of `_smithers_cache`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRow {
    /// What it is found by.
    pub key: String,
    /// When its attempt ended.
    pub created_at: Timestamp,
    /// When nobody can use it any more, as the policy said that made it; never, without.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, or made.
    pub last_used_at: Timestamp,
    /// Who may use it.
    pub scope: CacheScope,
    /// The workflow name of the run that made it.
    pub workflow_name: String,
    /// The task that made it.
    pub node: NodeKey,
    /// Schema key of its table.
    pub output_table: String,
    /// Digest of the columns of that table.
    pub schema_sig: String,
    /// Digest of all that the schema says.
    pub output_schema_sig: String,
    /// Id of the agent.
    pub agent_sig: Option<String>,
    /// Digest of the tools of the agent.
    pub tools_sig: Option<String>,
    /// `version` of the policy.
    pub version: Option<String>,
    /// The run that made it.
    pub source_run_id: RunId,
    /// The attempt that made it.
    pub source_attempt: u32,
    /// The result, in stored form.
    pub payload: RawJson,
}

impl CacheRow {
    /// Returns the age in milliseconds of a row that is good for `ttl_ms`; `None` when it has expired. A row from
    /// the future has: the clock went back, and nobody knows how old it is.
    pub fn age_when_fresh(&self, ttl_ms: Option<u64>, now: Timestamp) -> Option<u64> {
        let age = u64::try_from(now.0.checked_sub(self.created_at.0)?).ok()?;
        let is_good = ttl_ms.is_none_or(|ttl| age < ttl) || planted(Bug::KeptTooLong);
        is_good.then_some(age)
    }

    /// Bytes that count against the cap of the cache.
    pub fn bytes(&self) -> usize {
        self.payload.as_str().len()
    }
}

/// What the cache holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheStats {
    /// Rows.
    pub rows: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Rows that have expired and are not swept yet.
    pub expired: u64,
    /// Rows that never expire.
    pub unbounded: u64,
    /// When the oldest was made.
    pub oldest_at_ms: Option<Timestamp>,
}

/// Which rows are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheFilter {
    /// Those of this workflow name.
    pub workflow: Option<String>,
    /// The one of this key, or those of this task.
    pub key: Option<String>,
}

impl CacheFilter {
    /// Returns true when `row` is meant.
    pub fn admits(&self, row: &CacheRow) -> bool {
        let of_workflow = |name: &String| row.workflow_name == *name;
        let of_key =
            |key: &String| row.key == *key || row.node.node_id == NodeId::new(key.as_str());
        self.workflow.as_ref().is_none_or(of_workflow) && self.key.as_ref().is_none_or(of_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> CacheRequest {
        CacheRequest {
            scope: CacheScope::Workflow,
            task_key: "t".into(),
            iteration: None,
            version: Some("1".into()),
            ttl_ms: None,
            output_schema_sig: "s".into(),
            agent_sig: None,
            tools_sig: None,
            model: None,
            prompt_sig: None,
            by: json!({ "b": 1, "a": 2 }),
        }
    }

    fn key_in(request: &CacheRequest, run: &str, workflow: &str) -> String {
        let table = OutputTable {
            key: "out".into(),
            fields: vec![],
            declared_at: "w.tsx:1:1".into(),
        };
        request.key(&CachePlace {
            run_id: run.into(),
            workflow_name: workflow.into(),
            table: Arc::new(table),
        })
    }

    #[test]
    fn a_scope_decides_which_runs_have_the_same_key() {
        let of = |scope| CacheRequest { scope, ..request() };
        let keys = |scope| {
            let (a, b) = (("r1", "w"), ("r2", "w"));
            let other = ("r2", "other");
            [a, b, other].map(|(run, workflow)| key_in(&of(scope), run, workflow))
        };
        let [a, b, other] = keys(CacheScope::Global);
        assert!(a == b && b == other);
        let [a, b, other] = keys(CacheScope::Workflow);
        assert!(a == b && b != other);
        let [a, b, other] = keys(CacheScope::Run);
        assert!(a != b && b != other);
    }

    #[test]
    fn every_part_of_a_request_changes_the_key_and_the_order_of_fields_does_not() {
        let base = key_in(&request(), "r", "w");
        let sorted = CacheRequest {
            by: json!({ "a": 2, "b": 1 }),
            ..request()
        };
        assert_eq!(key_in(&sorted, "r", "w"), base);
        let some = || Some("x".to_owned());
        let changes: [fn(&mut CacheRequest, Option<String>); 7] = [
            |r, _| r.task_key = "u".into(),
            |r, _| r.output_schema_sig = "u".into(),
            |r, _| r.iteration = Some(0),
            |r, x| r.version = x,
            |r, x| r.model = x,
            |r, x| r.prompt_sig = x,
            |r, _| r.by = json!({ "a": 2, "b": 2 }),
        ];
        for change in changes {
            let mut other = request();
            change(&mut other, some());
            assert_ne!(key_in(&other, "r", "w"), base, "{other:?}");
        }
    }

    #[test]
    fn a_result_as_old_as_its_time_to_live_has_expired_and_so_has_one_from_the_future() {
        let row = CacheRow {
            key: "k".into(),
            created_at: Timestamp(100),
            expires_at: None,
            last_used_at: Timestamp(100),
            scope: CacheScope::Workflow,
            workflow_name: "w".into(),
            node: NodeKey::new("t", 0),
            output_table: "out".into(),
            schema_sig: String::new(),
            output_schema_sig: String::new(),
            agent_sig: None,
            tools_sig: None,
            version: None,
            source_run_id: "r".into(),
            source_attempt: 1,
            payload: RawJson::empty_object(),
        };
        assert_eq!(row.age_when_fresh(Some(10), Timestamp(109)), Some(9));
        assert_eq!(row.age_when_fresh(Some(10), Timestamp(110)), None);
        assert_eq!(row.age_when_fresh(Some(0), Timestamp(100)), None);
        assert_eq!(row.age_when_fresh(None, Timestamp(99)), None);
        assert_eq!(row.age_when_fresh(None, Timestamp(100)), Some(0));
    }
}
