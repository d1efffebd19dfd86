//! Reads host nodes: what built-in components stand for. The only place that knows their shape.
//!
//! What a node holds besides texts and numbers (payloads, approval requests) crosses as JSON.

use std::sync::Arc;

use rquickjs::{Array, FromJs, Result, Value};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use smithers_model::approval::{ApprovalRequest, OnDeny};
use smithers_model::effect::SideEffect;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::tree::{
    ApprovalSpec, Backoff, Kind, LoopSpec, Node, OnMaxReached, ParallelSpec, RetryPolicy, TaskBody,
    TaskSpec,
};
use smithers_model::{LoopId, NodeId, NodeKey};

use super::child;
use super::names::Names;
use super::raw::{self, Name};
use super::recovery;
use super::{Describe, WalkError};
use crate::runtime::wait;

/// Numbers of `Kind` in `render.mjs`.
mod kinds {
    pub(super) const WORKFLOW: u8 = 1;
    pub(super) const SEQUENCE: u8 = 2;
    pub(super) const PARALLEL: u8 = 3;
    pub(super) const TASK: u8 = 4;
    pub(super) const LATER: u8 = 6;
    pub(super) const LOOP: u8 = 7;
    pub(super) const DEFERRED: u8 = 8;
    pub(super) const CONTINUE_AS_NEW: u8 = 9;
    pub(super) const SAGA: u8 = 10;
    pub(super) const TRY: u8 = 11;
    pub(super) const REGION: u8 = 12;
}

/// Numbers of `Body` in `task.mjs`.
mod bodies {
    pub(super) const COMPUTE: u8 = 1;
    pub(super) const DECISION: u8 = 2;
    pub(super) const TIMER: u8 = 3;
    pub(super) const EVENT: u8 = 4;
    pub(super) const ANSWER: u8 = 5;
    pub(super) const CHILD: u8 = 6;
}

/// Reads host nodes of one frame.
pub(super) struct NodeReader<'a, 'js> {
    pub(super) names: &'a Names,
    pub(super) describe: Describe<'a, 'js>,
}

impl<'js> NodeReader<'_, 'js> {
    /// Reads `node`, a host node, without what is inside it.
    pub(super) fn read(&self, node: &Value<'js>) -> std::result::Result<Node, WalkError> {
        let names = self.names;
        let kind = self.kind(get(node, names.kind)?, node)?;
        let tag: String = get(node, names.tag)?;
        Ok(Node::new(kind, tag, pairs(&get(node, names.props)?)?))
    }

    fn kind(&self, number: u8, node: &Value<'js>) -> std::result::Result<Kind, WalkError> {
        let names = self.names;
        let spec = || raw::property(node, names.spec);
        Ok(match number {
            kinds::WORKFLOW => Kind::Workflow {
                name: get(&spec()?, names.name)?,
            },
            kinds::SEQUENCE => Kind::Sequence,
            kinds::PARALLEL => Kind::Parallel(self.parallel(&spec()?)?),
            kinds::LATER => Kind::Later {
                component: get(&spec()?, names.component)?,
            },
            kinds::CONTINUE_AS_NEW => Kind::ContinueAsNew {
                fresh: get(&spec()?, names.fresh)?,
                state: RawJson::trusted(get::<String>(&spec()?, names.payload)?),
            },
            kinds::LOOP => Kind::Loop(self.repeated(&spec()?)?),
            kinds::DEFERRED => Kind::Deferred {
                id: NodeId::new(get::<String>(&spec()?, names.id)?),
                iteration: get(&spec()?, names.iteration)?,
                missing: self.node_ids(&spec()?, names.missing)?,
            },
            kinds::SAGA => Kind::Saga(recovery::saga(self.names, &spec()?)?),
            kinds::TRY => Kind::Try(recovery::try_block(self.names, &spec()?)?),
            kinds::REGION => Kind::Region(recovery::region(get(&spec()?, names.region)?)),
            kinds::TASK => Kind::Task(Box::new(self.task(&spec()?)?)),
            _ => Kind::Group,
        })
    }

    fn parallel(&self, spec: &Value<'js>) -> Result<ParallelSpec> {
        let limit = |name: Name| -> Result<Option<u32>> {
            let value: f64 = get(spec, name)?;
            Ok((value > 0.0).then_some(value as u32))
        };
        Ok(ParallelSpec {
            max_concurrency: limit(self.names.max_concurrency)?,
            subtree_concurrency: limit(self.names.subtree_concurrency)?,
        })
    }

    fn repeated(&self, spec: &Value<'js>) -> Result<LoopSpec> {
        let names = self.names;
        let every: f64 = get(spec, names.continue_as_new_every)?;
        Ok(LoopSpec {
            continue_as_new_every: (every > 0.0).then_some(every as u32),
            id: LoopId::new(get::<String>(spec, names.id)?),
            until: get(spec, names.until)?,
            max_iterations: get::<f64>(spec, names.max_iterations)? as u32,
            on_max_reached: match get(spec, names.may_reach_max)? {
                true => OnMaxReached::ReturnLast,
                false => OnMaxReached::Fail,
            },
        })
    }

    fn node_ids(&self, spec: &Value<'js>, name: Name) -> Result<Vec<NodeId>> {
        let ids: Vec<String> = get(spec, name)?;
        Ok(ids.into_iter().map(NodeId::new).collect())
    }

    fn task(&self, spec: &Value<'js>) -> std::result::Result<TaskSpec, WalkError> {
        let names = self.names;
        let id: String = get(spec, names.id)?;
        let plain = TaskSpec {
            node: NodeKey::new(id.as_str(), get(spec, names.iteration)?),
            label: None,
            output_table: get(spec, names.table)?,
            skip_if: false,
            depends_on: Vec::new(),
            priority: 0,
            body: self.body(spec)?,
            approval: None,
            continue_on_fail: false,
            quarantine: false,
            side_effect: None,
            worktree: None,
            bind: None,
            aspects: None,
            scorers: Vec::new(),
            by_agent: false,
            cached: false,
            retry: PLAIN_RETRY,
        };
        match get(spec, names.plain)? {
            true => Ok(plain),
            false => self.particular(plain, spec),
        }
    }

    /// Reads the properties that make a task differ from a plain one.
    fn particular(
        &self,
        plain: TaskSpec,
        spec: &Value<'js>,
    ) -> std::result::Result<TaskSpec, WalkError> {
        let names = self.names;
        Ok(TaskSpec {
            label: get(spec, names.label)?,
            skip_if: get(spec, names.skip_if)?,
            depends_on: self.node_ids(spec, names.depends_on)?,
            priority: get::<f64>(spec, names.priority)? as i64,
            approval: approval(get(spec, names.approval)?)?,
            continue_on_fail: get(spec, names.continue_on_fail)?,
            quarantine: get(spec, names.quarantine)?,
            retry: self.retry(spec)?,
            cached: get(spec, names.cached)?,
            side_effect: self.side_effect(&get(spec, names.side_effect)?)?,
            worktree: particular(get(spec, names.worktree)?, "a worktree")?.map(Arc::new),
            bind: particular(get(spec, names.bind)?, "a binding")?.map(Arc::new),
            aspects: particular(get(spec, names.aspects)?, "aspects")?,
            scorers: particular(get(spec, names.scorers)?, "scorers")?.unwrap_or_default(),
            by_agent: get(spec, names.by_agent)?,
            ..plain
        })
    }

    fn side_effect(&self, spec: &Value<'js>) -> Result<Option<SideEffect>> {
        if spec.is_null() {
            return Ok(None);
        }
        let revert: f64 = get(spec, self.names.revert)?;
        Ok(Some(SideEffect {
            idempotent: get(spec, self.names.idempotent)?,
            revert: (revert >= 0.0).then_some(revert as u32),
        }))
    }

    fn retry(&self, spec: &Value<'js>) -> Result<RetryPolicy> {
        let backoff: String = get(spec, self.names.backoff)?;
        Ok(RetryPolicy {
            retries: get::<f64>(spec, self.names.retries)? as u32,
            backoff: match backoff.as_str() {
                "fixed" => Backoff::Fixed,
                "linear" => Backoff::Linear,
                _ => Backoff::Exponential,
            },
            initial_delay_ms: get::<f64>(spec, self.names.delay)? as u64,
        })
    }

    fn body(&self, spec: &Value<'js>) -> std::result::Result<TaskBody, WalkError> {
        Ok(match get::<u8>(spec, self.names.body)? {
            bodies::COMPUTE => TaskBody::Compute(get(spec, self.names.callback)?),
            bodies::DECISION => TaskBody::Decision,
            bodies::ANSWER => TaskBody::Answer(get(spec, self.names.callback)?),
            bodies::EVENT => {
                let event = wait::event(get(spec, self.names.wait)?)?;
                TaskBody::Event(Box::new(event))
            }
            bodies::TIMER => TaskBody::Timer(wait::timer(get(spec, self.names.wait)?)?),
            bodies::CHILD => {
                let text: Option<String> = get(spec, self.names.payload)?;
                TaskBody::Child(child::child(text.as_deref()).map_err(WalkError::Invalid)?)
            }
            _ => TaskBody::Static(self.payload(spec)?),
        })
    }

    fn payload(&self, spec: &Value<'js>) -> Result<Payload> {
        let error: Value<'js> = get(spec, self.names.error)?;
        if !error.is_null() {
            return Ok(Some(Err((self.describe)(error))));
        }
        let text: Option<String> = get(spec, self.names.payload)?;
        Ok(text.map(|text| Ok(RawJson::trusted(text))))
    }
}

/// A task that says nothing of retries (`TaskSpec` in `task.mjs`).
pub(super) const PLAIN_RETRY: RetryPolicy = RetryPolicy {
    retries: 0,
    backoff: Backoff::Exponential,
    initial_delay_ms: 1000,
};

/// What a static task stores; none when its row is there already.
type Payload = Option<std::result::Result<RawJson, ErrorInfo>>;

pub(super) fn get<'js, T: FromJs<'js>>(object: &Value<'js>, name: Name) -> Result<T> {
    let value = raw::property(object, name)?;
    T::from_js(object.ctx(), value)
}

/// A flat list of names and values.
fn pairs(flat: &Array<'_>) -> Result<Vec<(String, String)>> {
    (0..flat.len() / 2)
        .map(|at| Ok((flat.get(at * 2)?, flat.get(at * 2 + 1)?)))
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApprovalText {
    request: ApprovalRequest,
    on_deny: OnDeny,
}

/// Something that most tasks do not say.
fn particular<T: DeserializeOwned>(
    value: Value<'_>,
    what: &str,
) -> std::result::Result<Option<T>, WalkError> {
    if value.is_null() {
        return Ok(None);
    }
    wait::read(value, what).map(Some)
}

fn approval(value: Value<'_>) -> std::result::Result<Option<ApprovalSpec>, WalkError> {
    if value.is_null() {
        return Ok(None);
    }
    let read: ApprovalText = wait::read(value, "an approval request")?;
    Ok(Some(ApprovalSpec {
        request: read.request,
        on_deny: read.on_deny,
    }))
}
