//! The element tree of one frame: a flat list in document order, with the frame XML it stands for.

mod content;

use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::approval::{ApprovalRequest, OnDeny};
use crate::aspect::Aspects;
use crate::effect::SideEffect;
use crate::json::RawJson;
use crate::proof::Binding;
use crate::score::ScorerSpec;
use crate::workflow::CallPurpose;
use crate::worktree::WorktreeSpec;
use crate::{Iteration, LoopId, NodeId, NodeKey};

pub use crate::body::{ChildSpec, TaskBody};
pub use crate::recovery::{CancelSpec, OnFailure, Region, SagaSpec, TrySpec};

/// Deepest nesting of elements; deeper trees are refused where they are built.
pub const MAX_DEPTH: usize = 256;

/// A rendered tree. Elements are in document order; each knows where its subtree ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    elements: Vec<Element>,
    /// What its rendering decided about patches that were not on record.
    patches: Vec<(String, bool)>,
}

/// One element of a tree: a node in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    node: Arc<Node>,
    /// Index after its last descendant.
    end: usize,
}

/// What an element is, apart from its place. Trees of several frames share those that did not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it means to the engine.
    pub kind: Kind,
    /// Host tag, for example `smithers:task`; empty for text.
    pub tag: String,
    /// Text properties sorted by name (workflow-model 2).
    pub props: Vec<(String, String)>,
}

impl Node {
    /// Makes a node; `props` are sorted here.
    pub fn new(kind: Kind, tag: impl Into<String>, mut props: Vec<(String, String)>) -> Self {
        props.sort();
        Self {
            kind,
            tag: tag.into(),
            props,
        }
    }
}

impl Deref for Element {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

/// Meaning of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All children at once: fragments, branches and unknown tags.
    Group,
    /// The root; children one after another.
    Workflow {
        /// The run's workflow name.
        name: String,
    },
    /// Children one after another.
    Sequence,
    /// All children at once, within limits.
    Parallel(ParallelSpec),
    /// All children at once, again and again.
    Loop(LoopSpec),
    /// A node of the run.
    Task(Box<TaskSpec>),
    /// Text between elements.
    Text(String),
    /// A task that is not mounted before the rows it needs are there. No part of the frame's record.
    Deferred {
        /// Its id, with loop scopes.
        id: NodeId,
        /// Pass of the innermost loop.
        iteration: Iteration,
        /// Ids of the tasks whose rows are missing, as written.
        missing: Vec<NodeId>,
    },
    /// Where the run ends and goes on as a new one.
    ContinueAsNew {
        /// What the new run is told.
        state: RawJson,
        /// The new run begins without the rows and loops of this one.
        fresh: bool,
    },
    /// Actions, and what undoes them.
    Saga(SagaSpec),
    /// Tasks that may fail, and what follows.
    Try(TrySpec),
    /// A part of a saga or try block; children one after another.
    Region(Region),
    /// An element that this build knows but does not run yet.
    Later {
        /// Component name for the error.
        component: String,
    },
}

/// Limits of a Parallel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParallelSpec {
    /// Most tasks in flight whose innermost group this is; `None` is no limit.
    pub max_concurrency: Option<u32>,
    /// Most direct children with started and unfinished work; `None` is no limit.
    pub subtree_concurrency: Option<u32>,
}

/// A loop as rendered (workflow-model 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopSpec {
    /// Identity in the run: the id as written, with the passes of outer loops appended.
    pub id: LoopId,
    /// It has what it was made for: no further pass, and what is left of this one does not start.
    pub until: bool,
    /// Most passes, at least 1.
    pub max_iterations: u32,
    /// What becomes of it when the last pass ends and `until` does not hold.
    pub on_max_reached: OnMaxReached,
    /// Passes after which the run goes on as a new one, at least 1; without it, all of them are of one run.
    pub continue_as_new_every: Option<u32>,
}

/// What a loop does after its last pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMaxReached {
    /// It ends well.
    #[default]
    ReturnLast,
    /// The run fails with `RALPH_MAX_REACHED`.
    Fail,
}

/// A task as rendered (workflow-model 3.2, 3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSpec {
    /// Identity in the run.
    pub node: NodeKey,
    /// Name for people.
    pub label: Option<String>,
    /// Schema key of its output table; empty for a task without output.
    pub output_table: String,
    /// Leave it out.
    pub skip_if: bool,
    /// Tasks that must be terminal first.
    pub depends_on: Vec<NodeId>,
    /// Higher first.
    pub priority: i64,
    /// What it does.
    pub body: TaskBody,
    /// An agent does it.
    pub by_agent: bool,
    /// Asks before it runs.
    pub approval: Option<ApprovalSpec>,
    /// Failure counts as terminal success for ordering.
    pub continue_on_fail: bool,
    /// Failure does not fail the run; tasks that depend on it are left out.
    pub quarantine: bool,
    /// How often and when it is tried again.
    pub retry: RetryPolicy,
    /// A result that was kept may stand for that of its function.
    pub cached: bool,
    /// The effect that it has on the world outside.
    pub side_effect: Option<SideEffect>,
    /// The worktree that it works in.
    pub worktree: Option<Arc<WorktreeSpec>>,
    /// It starts only while the rows are as they were.
    pub bind: Option<Arc<Binding>>,
    /// Limits around it.
    pub aspects: Option<Aspects>,
    /// Who looks at its result.
    pub scorers: Vec<ScorerSpec>,
}

impl TaskSpec {
    /// What runs the task, as frames and people name it (gateway-protocol 9.1).
    pub fn kind(&self) -> &'static str {
        match self.body {
            TaskBody::Static(_) => "static",
            TaskBody::Decision => "approval",
            TaskBody::Answer(_) => "human",
            _ if self.by_agent => "agent",
            TaskBody::Compute(_) | TaskBody::Timer(_) | TaskBody::Event(_) | TaskBody::Child(_) => {
                "compute"
            }
        }
    }

    /// The function of the frame that is called for `purpose`: its index in the table of callbacks.
    pub fn callback(&self, purpose: CallPurpose) -> Option<u32> {
        match purpose {
            CallPurpose::Body => self.body.callback(),
            CallPurpose::Revert => self.side_effect.and_then(|effect| effect.revert),
        }
    }
}

/// An approval in front of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalSpec {
    /// What is asked.
    pub request: ApprovalRequest,
    /// What a denial means.
    pub on_deny: OnDeny,
}

/// Growth of the delay between attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// The same delay each time.
    Fixed,
    /// `b·k`.
    Linear,
    /// `b·2^(k−1)`.
    #[default]
    Exponential,
}

/// Retries of a task (workflow-model 8.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub retries: u32,
    /// How the delay grows.
    pub backoff: Backoff,
    /// Delay before the first retry, milliseconds.
    pub initial_delay_ms: u64,
}

impl Element {
    fn is_laid_out_as(&self, other: &Self) -> bool {
        self.end == other.end
            && (Arc::ptr_eq(&self.node, &other.node) || self.node.is_laid_out_as(&other.node))
    }
}

impl Node {
    fn is_laid_out_as(&self, other: &Self) -> bool {
        let same_kind = match (&self.kind, &other.kind) {
            (Kind::Task(one), Kind::Task(other)) => {
                one.node == other.node && one.output_table == other.output_table
            }
            (one, other) => one == other,
        };
        same_kind && self.tag == other.tag && self.props == other.props
    }
}

/// Builds a tree in document order.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    elements: Vec<Element>,
    open: Vec<usize>,
}

impl TreeBuilder {
    /// Opens an element; what follows until [`close`](Self::close) is inside it. `props` are sorted here.
    pub fn open(&mut self, kind: Kind, tag: impl Into<String>, props: Vec<(String, String)>) {
        self.open_shared(Arc::new(Node::new(kind, tag, props)));
    }

    /// Opens an element that stands for `node`, which other trees may hold too.
    pub fn open_shared(&mut self, node: Arc<Node>) {
        self.open.push(self.elements.len());
        self.elements.push(Element { node, end: 0 });
    }

    /// Adds elements of `tree` once more: whole ones that follow each other.
    pub fn repeat(&mut self, tree: &Tree, elements: Range<usize>) {
        let (from, to) = (elements.start, self.elements.len());
        let moved = tree.elements[elements].iter().map(|element| Element {
            node: Arc::clone(&element.node),
            end: element.end - from + to,
        });
        self.elements.extend(moved);
    }

    /// Closes the innermost open element.
    pub fn close(&mut self) {
        if let Some(index) = self.open.pop() {
            self.elements[index].end = self.elements.len();
        }
    }

    /// Adds a text node.
    pub fn text(&mut self, text: impl Into<String>) {
        self.open(Kind::Text(text.into()), "", Vec::new());
        self.close();
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element yet.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Ends the tree; elements still open end here.
    pub fn finish(mut self) -> Tree {
        while !self.open.is_empty() {
            self.close();
        }
        Tree {
            elements: self.elements,
            patches: Vec::new(),
        }
    }
}

impl Tree {
    /// The same tree, with what its rendering decided about patches.
    pub fn deciding(mut self, patches: Vec<(String, bool)>) -> Self {
        self.patches = patches;
        self
    }

    /// What its rendering decided about patches that were not on record.
    pub fn patches(&self) -> &[(String, bool)] {
        &self.patches
    }

    /// Returns the elements in document order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Returns the indexes of the roots; one, unless the workflow returned nothing or several.
    pub fn roots(&self) -> Children<'_> {
        Children {
            tree: self,
            next: 0,
            end: self.elements.len(),
        }
    }

    /// Returns the indexes of the children of element `index`.
    pub fn children(&self, index: usize) -> Children<'_> {
        Children {
            tree: self,
            next: index + 1,
            end: self.elements[index].end,
        }
    }

    /// Returns the index after the last descendant of element `index`: its next sibling, if it has one.
    pub fn end_of(&self, index: usize) -> usize {
        self.elements[index].end
    }

    /// Returns the tasks in document order.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskSpec> {
        self.elements
            .iter()
            .filter_map(|element| match &element.kind {
                Kind::Task(task) => Some(&**task),
                _ => None,
            })
    }

    /// Name of the root `Workflow` element.
    pub fn workflow_name(&self) -> Option<&str> {
        match self.elements.first().map(|root| &root.kind) {
            Some(Kind::Workflow { name }) => Some(name),
            _ => None,
        }
    }

    /// Returns true when `other` has the same elements in the same places, so that both have the same
    /// [`content`](Self::content) and mount the same tasks and loops. Tasks may differ in what they do when they are
    /// dispatched.
    pub fn is_laid_out_as(&self, other: &Self) -> bool {
        let pairs = || self.elements.iter().zip(&other.elements);
        self.elements.len() == other.elements.len()
            && pairs().all(|(one, other)| one.is_laid_out_as(other))
    }
}

/// Iterates over sibling indexes.
#[derive(Clone, Debug)]
pub struct Children<'a> {
    tree: &'a Tree,
    next: usize,
    end: usize,
}

impl Iterator for Children<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        (self.next < self.end).then(|| {
            let index = self.next;
            self.next = self.tree.elements[index].end;
            index
        })
    }
}

#[cfg(test)]
mod tests;
