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
    ApprovalSpec, Backoff, Kind, MAX_DEPTH, ParallelSpec, RetryPolicy, TaskBody, TaskSpec, Tree,
    TreeBuilder,
};
use smithers_model::{NodeId, NodeKey};

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

/// Interned property names.
struct Names<'js> {
    kind: Atom<'js>,
    tag: Atom<'js>,
    props: Atom<'js>,
    spec: Atom<'js>,
    children: Atom<'js>,
}

impl<'js> Names<'js> {
    fn new(ctx: &Ctx<'js>) -> Result<Self> {
        let atom = |name: &str| name.into_atom(ctx);
        Ok(Self {
            kind: atom("kind")?,
            tag: atom("tag")?,
            props: atom("props")?,
            spec: atom("spec")?,
            children: atom("children")?,
        })
    }
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
}

impl<'js> Walk<'_, 'js> {
    fn children(&mut self, nodes: &Array<'js>) -> std::result::Result<(), WalkError> {
        for node in nodes.iter::<Object<'js>>() {
            self.node(&node?)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Object<'js>) -> std::result::Result<(), WalkError> {
        let number: u8 = node.get(self.names.kind.clone())?;
        let tag: String = node.get(self.names.tag.clone())?;
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
        let props = pairs(&node.get(self.names.props.clone())?)?;
        self.tree.open(kind, tag, props);
        self.children(&node.get(self.names.children.clone())?)?;
        self.tree.close();
        Ok(())
    }

    fn kind(&mut self, number: u8, node: &Object<'js>) -> std::result::Result<Kind, WalkError> {
        let spec = || node.get::<_, Object<'js>>(self.names.spec.clone());
        Ok(match number {
            kinds::WORKFLOW => Kind::Workflow {
                name: spec()?.get("name")?,
            },
            kinds::SEQUENCE => Kind::Sequence,
            kinds::PARALLEL => Kind::Parallel(parallel(&spec()?)?),
            kinds::LATER => Kind::Later {
                component: spec()?.get("component")?,
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

    fn task(&self, spec: &Object<'js>) -> std::result::Result<TaskSpec, WalkError> {
        let id: String = spec.get("id")?;
        let depends_on: Vec<String> = spec.get("dependsOn")?;
        Ok(TaskSpec {
            node: NodeKey::new(id.as_str(), spec.get("iteration")?),
            label: spec.get("label")?,
            output_table: spec.get("table")?,
            skip_if: spec.get("skipIf")?,
            depends_on: depends_on
                .iter()
                .map(|id| NodeId::from(id.as_str()))
                .collect(),
            priority: spec.get::<_, f64>("priority")? as i64,
            body: self.body(spec)?,
            approval: approval(spec)?,
            continue_on_fail: spec.get("continueOnFail")?,
            retry: retry(spec)?,
        })
    }

    fn body(&self, spec: &Object<'js>) -> Result<TaskBody> {
        /// Numbers of `Body` in `task.mjs`.
        const COMPUTE: u8 = 1;
        const DECISION: u8 = 2;
        Ok(match spec.get::<_, u8>("body")? {
            COMPUTE => TaskBody::Compute(spec.get("callback")?),
            DECISION => TaskBody::Decision,
            _ => TaskBody::Static(self.payload(spec)?),
        })
    }

    fn payload(
        &self,
        spec: &Object<'js>,
    ) -> Result<Option<std::result::Result<RawJson, ErrorInfo>>> {
        let error: Value<'js> = spec.get("error")?;
        if !error.is_null() {
            return Ok(Some(Err((self.describe)(error))));
        }
        let text: Option<String> = spec.get("payload")?;
        Ok(text.map(|text| Ok(RawJson::trusted(text))))
    }
}

/// A flat list of names and values.
fn pairs(flat: &Array<'_>) -> Result<Vec<(String, String)>> {
    (0..flat.len() / 2)
        .map(|at| Ok((flat.get(at * 2)?, flat.get(at * 2 + 1)?)))
        .collect()
}

fn parallel(spec: &Object<'_>) -> Result<ParallelSpec> {
    let limit = |name: &str| -> Result<Option<u32>> {
        let value: f64 = spec.get(name)?;
        Ok((value > 0.0).then_some(value as u32))
    };
    Ok(ParallelSpec {
        max_concurrency: limit("maxConcurrency")?,
        subtree_concurrency: limit("subtreeConcurrency")?,
    })
}

fn retry(spec: &Object<'_>) -> Result<RetryPolicy> {
    let backoff: String = spec.get("backoff")?;
    Ok(RetryPolicy {
        retries: spec.get::<_, f64>("retries")? as u32,
        backoff: match backoff.as_str() {
            "fixed" => Backoff::Fixed,
            "linear" => Backoff::Linear,
            _ => Backoff::Exponential,
        },
        initial_delay_ms: spec.get::<_, f64>("delayMs")? as u64,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApprovalText {
    request: ApprovalRequest,
    on_deny: OnDeny,
}

fn approval<'js>(spec: &Object<'js>) -> std::result::Result<Option<ApprovalSpec>, WalkError> {
    let value: Value<'js> = spec.get("approval")?;
    if value.is_null() {
        return Ok(None);
    }
    let ctx = value.ctx().clone();
    let text = match ctx.json_stringify(value)? {
        Some(text) => String::from_js(&ctx, text.into_value())?,
        None => String::new(),
    };
    let read: ApprovalText = serde_json::from_str(&text).map_err(|error| {
        let message = format!("an approval request cannot be read: {error}");
        WalkError::Invalid(ErrorInfo::coded("INVALID_INPUT", message))
    })?;
    Ok(Some(ApprovalSpec {
        request: read.request,
        on_deny: read.on_deny,
    }))
}
