//! Reads host nodes out of the engine into a tree. The only place that knows their shape.
//!
//! Nodes are walked in place by interned property names; no text of the tree crosses. What a node
//! holds besides texts and numbers (payloads, approval requests) crosses as JSON.

use std::collections::HashSet;

use rquickjs::{Array, Atom, Ctx, FromJs, IntoAtom, Object, Result, Value};
use serde::Deserialize;
use smithers_model::approval::{ApprovalRequest, OnDeny};
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::tree::{
    ApprovalSpec, Backoff, Kind, LoopSpec, MAX_DEPTH, OnMaxReached, ParallelSpec, RetryPolicy,
    TaskBody, TaskSpec, Tree, TreeBuilder,
};
use smithers_model::{LoopId, NodeId, NodeKey};

use super::wait;

/// Why a tree could not be read.
pub(crate) enum WalkError {
    /// The engine refused an access, or a getter of user code threw.
    Engine(rquickjs::Error),
    /// The tree breaks a rule.
    Invalid(ErrorInfo),
}

impl From<rquickjs::Error> for WalkError {
    fn from(error: rquickjs::Error) -> Self {
        Self::Engine(error)
    }
}

/// Turns an error value of user code into data.
pub(crate) type Describe<'a, 'js> = &'a dyn Fn(Value<'js>) -> ErrorInfo;

/// Reads the root nodes of a frame.
pub(crate) fn read_tree<'js>(
    ctx: &Ctx<'js>,
    roots: &Array<'js>,
    describe: Describe<'_, 'js>,
) -> std::result::Result<Tree, WalkError> {
    let mut walk = Walk {
        names: Names::new(ctx)?,
        describe,
        tree: TreeBuilder::default(),
        seen: HashSet::new(),
    };
    walk.children(roots)?;
    Ok(walk.tree.finish())
}

macro_rules! names {
    ($($field:ident = $text:literal),+ $(,)?) => {
        /// Interned property names.
        struct Names<'js> { $($field: Atom<'js>),+ }

        impl<'js> Names<'js> {
            fn new(ctx: &Ctx<'js>) -> Result<Self> {
                Ok(Self { $($field: $text.into_atom(ctx)?),+ })
            }
        }
    };
}

names! {
    kind = "kind",
    tag = "tag",
    props = "props",
    spec = "spec",
    children = "children",
    name = "name",
    component = "component",
    max_concurrency = "maxConcurrency",
    subtree_concurrency = "subtreeConcurrency",
    id = "id",
    iteration = "iteration",
    label = "label",
    table = "table",
    plain = "plain",
    skip_if = "skipIf",
    depends_on = "dependsOn",
    priority = "priority",
    continue_on_fail = "continueOnFail",
    quarantine = "quarantine",
    until = "until",
    max_iterations = "maxIterations",
    may_reach_max = "mayReachMax",
    missing = "missing",
    retries = "retries",
    backoff = "backoff",
    delay = "delayMs",
    approval = "approval",
    body = "body",
    wait = "wait",
    callback = "callback",
    payload = "payload",
    error = "error",
}

struct Walk<'a, 'js> {
    names: Names<'js>,
    describe: Describe<'a, 'js>,
    tree: TreeBuilder,
    seen: HashSet<NodeId>,
}

/// Numbers of `Kind` in `render.mjs`.
mod kinds {
    pub(super) const WORKFLOW: u8 = 1;
    pub(super) const SEQUENCE: u8 = 2;
    pub(super) const PARALLEL: u8 = 3;
    pub(super) const TASK: u8 = 4;
    pub(super) const TEXT: u8 = 5;
    pub(super) const LATER: u8 = 6;
    pub(super) const LOOP: u8 = 7;
    pub(super) const DEFERRED: u8 = 8;
}

/// Numbers of `Body` in `task.mjs`.
mod bodies {
    pub(super) const COMPUTE: u8 = 1;
    pub(super) const DECISION: u8 = 2;
    pub(super) const TIMER: u8 = 3;
}

impl<'js> Walk<'_, 'js> {
    fn children(&mut self, nodes: &Array<'js>) -> std::result::Result<(), WalkError> {
        for node in nodes.iter::<Object<'js>>() {
            self.node(&node?)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Object<'js>) -> std::result::Result<(), WalkError> {
        let number: u8 = get(node, &self.names.kind)?;
        let tag: String = get(node, &self.names.tag)?;
        if number == kinds::TEXT {
            self.tree.text(tag);
            return Ok(());
        }
        if self.tree.depth() >= MAX_DEPTH {
            let message = format!("elements are nested deeper than {MAX_DEPTH}");
            return Err(WalkError::Invalid(ErrorInfo::coded(
                "INVALID_INPUT",
                message,
            )));
        }
        let kind = self.kind(number, node)?;
        let props = pairs(&get(node, &self.names.props)?)?;
        self.tree.open(kind, tag, props);
        self.children(&get(node, &self.names.children)?)?;
        self.tree.close();
        Ok(())
    }

    fn kind(&mut self, number: u8, node: &Object<'js>) -> std::result::Result<Kind, WalkError> {
        let names = &self.names;
        let spec = || get::<Object<'js>>(node, &names.spec);
        Ok(match number {
            kinds::WORKFLOW => Kind::Workflow {
                name: get(&spec()?, &names.name)?,
            },
            kinds::SEQUENCE => Kind::Sequence,
            kinds::PARALLEL => Kind::Parallel(self.parallel(&spec()?)?),
            kinds::LATER => Kind::Later {
                component: get(&spec()?, &names.component)?,
            },
            kinds::LOOP => Kind::Loop(self.repeated(&spec()?)?),
            kinds::DEFERRED => Kind::Deferred {
                id: NodeId::new(get::<String>(&spec()?, &names.id)?),
                iteration: get(&spec()?, &names.iteration)?,
                missing: self.node_ids(&spec()?, &names.missing)?,
            },
            kinds::TASK => {
                let task = self.task(&spec()?)?;
                self.refuse_duplicate(&task.node)?;
                Kind::Task(Box::new(task))
            }
            _ => Kind::Group,
        })
    }

    fn refuse_duplicate(&mut self, node: &NodeKey) -> std::result::Result<(), WalkError> {
        if self.seen.insert(node.node_id.clone()) {
            return Ok(());
        }
        let message = format!("two tasks have the id \"{}\"", node.node_id);
        Err(WalkError::Invalid(ErrorInfo::coded(
            "DUPLICATE_ID",
            message,
        )))
    }

    fn parallel(&self, spec: &Object<'js>) -> Result<ParallelSpec> {
        let limit = |name: &Atom<'js>| -> Result<Option<u32>> {
            let value: f64 = get(spec, name)?;
            Ok((value > 0.0).then_some(value as u32))
        };
        Ok(ParallelSpec {
            max_concurrency: limit(&self.names.max_concurrency)?,
            subtree_concurrency: limit(&self.names.subtree_concurrency)?,
        })
    }

    fn repeated(&self, spec: &Object<'js>) -> Result<LoopSpec> {
        let names = &self.names;
        Ok(LoopSpec {
            id: LoopId::new(get::<String>(spec, &names.id)?),
            until: get(spec, &names.until)?,
            max_iterations: get::<f64>(spec, &names.max_iterations)? as u32,
            on_max_reached: match get(spec, &names.may_reach_max)? {
                true => OnMaxReached::ReturnLast,
                false => OnMaxReached::Fail,
            },
        })
    }

    fn node_ids(&self, spec: &Object<'js>, name: &Atom<'js>) -> Result<Vec<NodeId>> {
        let ids: Vec<String> = get(spec, name)?;
        Ok(ids.into_iter().map(NodeId::new).collect())
    }

    fn task(&self, spec: &Object<'js>) -> std::result::Result<TaskSpec, WalkError> {
        let names = &self.names;
        let id: String = get(spec, &names.id)?;
        let plain = TaskSpec {
            node: NodeKey::new(id.as_str(), get(spec, &names.iteration)?),
            label: None,
            output_table: get(spec, &names.table)?,
            skip_if: false,
            depends_on: Vec::new(),
            priority: 0,
            body: self.body(spec)?,
            approval: None,
            continue_on_fail: false,
            quarantine: false,
            retry: PLAIN_RETRY,
        };
        match get(spec, &names.plain)? {
            true => Ok(plain),
            false => self.particular(plain, spec),
        }
    }

    /// Reads the properties that make a task differ from a plain one.
    fn particular(
        &self,
        plain: TaskSpec,
        spec: &Object<'js>,
    ) -> std::result::Result<TaskSpec, WalkError> {
        let names = &self.names;
        Ok(TaskSpec {
            label: get(spec, &names.label)?,
            skip_if: get(spec, &names.skip_if)?,
            depends_on: self.node_ids(spec, &names.depends_on)?,
            priority: get::<f64>(spec, &names.priority)? as i64,
            approval: approval(get(spec, &names.approval)?)?,
            continue_on_fail: get(spec, &names.continue_on_fail)?,
            quarantine: get(spec, &names.quarantine)?,
            retry: self.retry(spec)?,
            ..plain
        })
    }

    fn retry(&self, spec: &Object<'js>) -> Result<RetryPolicy> {
        let backoff: String = get(spec, &self.names.backoff)?;
        Ok(RetryPolicy {
            retries: get::<f64>(spec, &self.names.retries)? as u32,
            backoff: match backoff.as_str() {
                "fixed" => Backoff::Fixed,
                "linear" => Backoff::Linear,
                _ => Backoff::Exponential,
            },
            initial_delay_ms: get::<f64>(spec, &self.names.delay)? as u64,
        })
    }

    fn body(&self, spec: &Object<'js>) -> std::result::Result<TaskBody, WalkError> {
        Ok(match get::<u8>(spec, &self.names.body)? {
            bodies::COMPUTE => TaskBody::Compute(get(spec, &self.names.callback)?),
            bodies::DECISION => TaskBody::Decision,
            bodies::TIMER => TaskBody::Timer(wait::timer(get(spec, &self.names.wait)?)?),
            _ => TaskBody::Static(self.payload(spec)?),
        })
    }

    fn payload(&self, spec: &Object<'js>) -> Result<Payload> {
        let error: Value<'js> = get(spec, &self.names.error)?;
        if !error.is_null() {
            return Ok(Some(Err((self.describe)(error))));
        }
        let text: Option<String> = get(spec, &self.names.payload)?;
        Ok(text.map(|text| Ok(RawJson::trusted(text))))
    }
}

/// A task that says nothing of retries (`TaskSpec` in `task.mjs`).
const PLAIN_RETRY: RetryPolicy = RetryPolicy {
    retries: 0,
    backoff: Backoff::Exponential,
    initial_delay_ms: 1000,
};

/// What a static task stores; none when its row is there already.
type Payload = Option<std::result::Result<RawJson, ErrorInfo>>;

fn get<'js, T: FromJs<'js>>(object: &Object<'js>, name: &Atom<'js>) -> Result<T> {
    object.get(name.clone())
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
