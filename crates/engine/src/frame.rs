//! A frame as the run uses it: the tree with the indexes that deciding needs, checked before it is mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use smithers_model::error::ErrorInfo;
use smithers_model::frame::{TreeContent, Trigger};
use smithers_model::tree::{Element, Kind, LoopSpec, SagaSpec, TaskBody, TaskSpec, Tree};
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::{LoopId, NodeId, NodeKey};

use crate::guard::Guards;
use crate::loops;

/// The newest frame of a run. What equal frames have in common is kept once.
#[derive(Debug)]
pub(crate) struct Frame {
    /// What was rendered.
    pub(crate) tree: Arc<Tree>,
    /// What led to it.
    pub(crate) trigger: Option<Trigger>,
    /// A task of it calls a function when it is dispatched.
    pub(crate) has_functions: bool,
    /// Indexes of the tasks that are bound to rows, in document order.
    pub(crate) bound: Vec<usize>,
    layout: Arc<Layout>,
}

/// What follows from the layout of a tree, whatever its tasks do when they are dispatched.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The content of the frame as stored.
    pub(crate) content: Arc<TreeContent>,
    /// Hash of the XML alone.
    pub(crate) xml_hash: String,
    /// Highest limit that a Parallel states; 0 when none does.
    pub(crate) widest: u32,
    /// For each element, the innermost Parallel around it.
    pub(crate) groups: Vec<Option<usize>>,
    /// Which sagas and try blocks deal with failures.
    pub(crate) guards: Guards,
    tasks: Vec<usize>,
    loops: BTreeMap<LoopId, usize>,
    by_key: BTreeMap<NodeKey, usize>,
    by_id: BTreeMap<NodeId, usize>,
    /// Ids of sagas and try blocks, by what they are.
    constructs: BTreeSet<(&'static str, String)>,
    sagas: Vec<usize>,
}

impl Deref for Frame {
    type Target = Layout;

    fn deref(&self) -> &Layout {
        &self.layout
    }
}

impl Frame {
    /// Checks a rendered tree and indexes it. The error is the one that the run fails with. A tree that is laid
    /// out as the one of frame `last` has been checked and shares what is known of it.
    pub(crate) fn new(
        tree: Tree,
        trigger: Option<Trigger>,
        definition: &WorkflowDefinition,
        last: Option<&Frame>,
    ) -> Result<Self, ErrorInfo> {
        let layout = match last.filter(|last| last.tree.is_laid_out_as(&tree)) {
            Some(last) => Arc::clone(&last.layout),
            None => Arc::new(Layout::new(&tree, definition)?),
        };
        let has_functions = tree.tasks().any(has_function);
        let is_bound = |index: &usize| match &tree.elements()[*index].kind {
            Kind::Task(task) => task.bind.is_some(),
            _ => false,
        };
        Ok(Self {
            bound: layout.tasks.iter().copied().filter(is_bound).collect(),
            has_functions,
            tree: Arc::new(tree),
            trigger,
            layout,
        })
    }

    /// The same frame once more, for another reason.
    pub(crate) fn again(&self, trigger: Option<Trigger>) -> Self {
        Self {
            tree: Arc::clone(&self.tree),
            trigger,
            has_functions: self.has_functions,
            bound: self.bound.clone(),
            layout: Arc::clone(&self.layout),
        }
    }

    /// Whether both frames are stored as the same content.
    pub(crate) fn has_content_of(&self, other: &Frame) -> bool {
        self.content.hash == other.content.hash
    }

    /// Mounted nodes in document order.
    pub(crate) fn mounted(&self) -> Vec<NodeKey> {
        self.tree.tasks().map(|task| task.node.clone()).collect()
    }

    /// Indexes of the tasks in document order.
    pub(crate) fn tasks(&self) -> &[usize] {
        &self.tasks
    }

    /// The task at element `index`, which must be one of [`tasks`](Self::tasks).
    pub(crate) fn task(&self, index: usize) -> &TaskSpec {
        match &self.tree.elements()[index].kind {
            Kind::Task(task) => task,
            other => unreachable!("element {index} is {other:?}, not a task"),
        }
    }

    /// The task of `node`, when it is mounted.
    pub(crate) fn find(&self, node: &NodeKey) -> Option<&TaskSpec> {
        self.by_key.get(node).map(|&index| self.task(index))
    }

    /// Index of the task of `node`, when it is mounted.
    pub(crate) fn index_of(&self, node: &NodeKey) -> Option<usize> {
        self.by_key.get(node).copied()
    }

    /// Index of a loop, when it is mounted.
    pub(crate) fn index_of_loop(&self, id: &LoopId) -> Option<usize> {
        self.loops.get(id).copied()
    }

    /// Whether both frames are laid out alike.
    pub(crate) fn has_layout_of(&self, other: &Frame) -> bool {
        Arc::ptr_eq(&self.layout, &other.layout)
    }

    /// Whether both frames show the very same tree.
    pub(crate) fn has_tree_of(&self, other: &Frame) -> bool {
        Arc::ptr_eq(&self.tree, &other.tree)
    }

    /// Index of the task that the task or deferred task at element `index` means by `id`: one of that id, else
    /// the one in its own passes of the loops around it.
    pub(crate) fn dependency(&self, index: usize, id: &NodeId) -> Option<usize> {
        let exact = self.by_id.get(id).copied();
        exact.or_else(|| {
            let mut spellings = loops::spellings(id.as_str(), self.passes_around(index));
            spellings.find_map(|id| self.by_id.get(id.as_str()).copied())
        })
    }

    /// The passes that the task at element `index` is in; empty outside of loops.
    fn passes_around(&self, index: usize) -> String {
        let around = |&start: &usize| start < index && index < self.tree.end_of(start);
        let innermost = self.loops.values().copied().filter(around).max();
        let iteration = match &self.tree.elements()[index].kind {
            Kind::Task(task) => task.node.iteration,
            Kind::Deferred { iteration, .. } => *iteration,
            _ => 0,
        };
        innermost.map_or_else(String::new, |innermost| {
            loops::chain(&self.loop_at(innermost).id, iteration)
        })
    }

    /// Indexes of the deferred tasks.
    pub(crate) fn deferred(&self) -> impl Iterator<Item = usize> {
        let elements = self.tree.elements().iter().enumerate();
        elements.filter_map(|(index, element)| {
            matches!(element.kind, Kind::Deferred { .. }).then_some(index)
        })
    }

    /// Indexes of the tasks whose rows the deferred task at element `index` misses; none where nothing is mounted.
    pub(crate) fn missing(&self, index: usize) -> impl Iterator<Item = Option<usize>> {
        let missing = match &self.tree.elements()[index].kind {
            Kind::Deferred { missing, .. } => missing.as_slice(),
            _ => &[],
        };
        missing.iter().map(move |id| self.dependency(index, id))
    }

    /// Indexes of the sagas in document order.
    pub(crate) fn sagas(&self) -> impl Iterator<Item = usize> {
        self.sagas.iter().copied()
    }

    /// The saga at element `index`, which must be one.
    pub(crate) fn saga_at(&self, index: usize) -> &SagaSpec {
        match &self.tree.elements()[index].kind {
            Kind::Saga(spec) => spec,
            other => unreachable!("element {index} is {other:?}, not a saga"),
        }
    }

    /// The loops, by id.
    pub(crate) fn loops(&self) -> impl Iterator<Item = &LoopSpec> {
        self.loops.values().map(|&index| self.loop_at(index))
    }

    /// The loop at element `index`, which must be one.
    pub(crate) fn loop_at(&self, index: usize) -> &LoopSpec {
        match &self.tree.elements()[index].kind {
            Kind::Loop(spec) => spec,
            other => unreachable!("element {index} is {other:?}, not a loop"),
        }
    }
}

impl Layout {
    fn new(tree: &Tree, definition: &WorkflowDefinition) -> Result<Self, ErrorInfo> {
        let content = tree.content();
        let mut layout = Self {
            xml_hash: match tree.has_later_pass() {
                true => content.xml_hash(),
                false => content.hash.clone(),
            },
            content: Arc::new(content),
            widest: widest_limit(tree),
            groups: innermost_groups(tree),
            guards: Guards::new(tree),
            tasks: Vec::new(),
            loops: BTreeMap::new(),
            by_key: BTreeMap::new(),
            by_id: BTreeMap::new(),
            constructs: BTreeSet::new(),
            sagas: Vec::new(),
        };
        for index in 0..tree.elements().len() {
            layout.admit(tree, index, definition)?;
        }
        Ok(layout)
    }

    /// Checks element `index` and, when it is a task, makes it known.
    fn admit(
        &mut self,
        tree: &Tree,
        index: usize,
        definition: &WorkflowDefinition,
    ) -> Result<(), ErrorInfo> {
        let task = match &tree.elements()[index].kind {
            Kind::Task(task) => task,
            Kind::Later { component } => return Err(not_in_this_build(component)),
            Kind::Loop(spec) => return self.admit_loop(tree, index, spec.id.clone()),
            Kind::Saga(spec) => {
                self.sagas.push(index);
                return self.admit_construct("saga", &spec.id);
            }
            Kind::Try(spec) => return self.admit_construct("try block", &spec.id),
            _ => return Ok(()),
        };
        let has_output = !matches!(task.body, TaskBody::Timer(_));
        if has_output && definition.output_table(&task.output_table).is_none() {
            return Err(unknown_output(&task.node, &task.output_table));
        }
        if self.by_key.insert(task.node.clone(), index).is_some() {
            return Err(duplicate(&task.node));
        }
        self.by_id.entry(task.node.node_id.clone()).or_insert(index);
        self.tasks.push(index);
        Ok(())
    }

    fn admit_loop(&mut self, tree: &Tree, index: usize, id: LoopId) -> Result<(), ErrorInfo> {
        let is_loop = |child: usize| matches!(tree.elements()[child].kind, Kind::Loop(_));
        if tree.children(index).any(is_loop) {
            return Err(nested(&id));
        }
        match self.loops.insert(id.clone(), index) {
            Some(_) => Err(duplicate_loop(&id)),
            None => Ok(()),
        }
    }

    fn admit_construct(&mut self, what: &'static str, id: &str) -> Result<(), ErrorInfo> {
        match self.constructs.insert((what, id.to_owned())) {
            true => Ok(()),
            false => Err(duplicate_construct(what, id)),
        }
    }
}

/// Whether a task calls a function when it is dispatched.
pub(crate) fn has_function(task: &TaskSpec) -> bool {
    task.body.callback().is_some()
}

fn widest_limit(tree: &Tree) -> u32 {
    let limit = |element: &Element| match &element.kind {
        Kind::Parallel(spec) => spec.max_concurrency.max(spec.subtree_concurrency),
        _ => None,
    };
    tree.elements().iter().filter_map(limit).max().unwrap_or(0)
}

/// For each element, the nearest Parallel above it.
fn innermost_groups(tree: &Tree) -> Vec<Option<usize>> {
    let elements = tree.elements();
    let mut groups = vec![None; elements.len()];
    for index in 0..elements.len() {
        let inside = match elements[index].kind {
            Kind::Parallel(_) => Some(index),
            _ => groups[index],
        };
        for child in tree.children(index) {
            groups[child] = inside;
        }
    }
    groups
}

fn not_in_this_build(component: &str) -> ErrorInfo {
    let message = format!("<{component}> is not in this build yet");
    ErrorInfo::coded("RUNTIME_CAPABILITY_UNAVAILABLE", message)
}

fn nested(outer: &LoopId) -> ErrorInfo {
    let message = format!("A loop stands directly inside loop {outer}; put a Sequence around it");
    ErrorInfo::coded("NESTED_LOOP", message)
}

fn duplicate_loop(id: &LoopId) -> ErrorInfo {
    ErrorInfo::coded("DUPLICATE_ID", format!("Duplicate loop id: {id}"))
}

fn duplicate_construct(what: &str, id: &str) -> ErrorInfo {
    ErrorInfo::coded("DUPLICATE_ID", format!("Duplicate {what} id: {id}"))
}

fn duplicate(node: &NodeKey) -> ErrorInfo {
    let message = format!("Duplicate task id: {}", node.node_id);
    ErrorInfo::coded("DUPLICATE_ID", message)
}

/// The error of a task whose output table the workflow does not have.
pub(crate) fn unknown_output(node: &NodeKey, table: &str) -> ErrorInfo {
    let message = format!("Task {} names an unknown output: {table}", node.node_id);
    ErrorInfo::coded("UNKNOWN_OUTPUT_SCHEMA", message)
}
