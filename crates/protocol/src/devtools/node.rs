//! A node of a tree, as clients see it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

/// An element of a frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// The same for the same place in every frame of the run; 31 bits.
    pub id: u32,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: NodeType,
    /// Name of the workflow, or the element's own.
    pub name: Arc<str>,
    /// Its properties.
    pub props: Arc<Map<String, Value>>,
    /// The task that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// What is inside, in document order.
    pub children: Vec<Node>,
    /// How deep it is; 0 for the root.
    pub depth: u32,
}

impl Node {
    /// Stands for the tree of a run that has no frame yet.
    pub fn empty() -> Node {
        Node {
            id: 0,
            kind: NodeType::Workflow,
            name: "(empty)".into(),
            props: Arc::default(),
            task: None,
            children: Vec::new(),
            depth: 0,
        }
    }
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeType {
    /// The workflow.
    Workflow,
    /// Something that runs.
    Task,
    /// One after another.
    Sequence,
    /// At once.
    Parallel,
    /// At once, a few at a time.
    MergeQueue,
    /// One of two.
    Branch,
    /// Again and again.
    Loop,
    /// In a folder of its own.
    Worktree,
    /// Waits for a time.
    Timer,
    /// A run of its own.
    Subflow,
    /// Waits for a signal.
    WaitForEvent,
    /// Undone when it fails.
    Saga,
    /// Caught when it fails.
    TryCatch,
    /// Anything else.
    Unknown,
}

impl NodeType {
    /// What the element with `tag` is.
    pub fn of(tag: &str) -> NodeType {
        match tag.strip_prefix("smithers:").unwrap_or_default() {
            "workflow" => NodeType::Workflow,
            "task" => NodeType::Task,
            "sequence" => NodeType::Sequence,
            "parallel" => NodeType::Parallel,
            "merge-queue" => NodeType::MergeQueue,
            "branch" => NodeType::Branch,
            "ralph" => NodeType::Loop,
            "worktree" => NodeType::Worktree,
            "timer" => NodeType::Timer,
            "subflow" => NodeType::Subflow,
            "wait-for-event" => NodeType::WaitForEvent,
            "saga" => NodeType::Saga,
            "try-catch" | "try-catch-finally" => NodeType::TryCatch,
            _ => NodeType::Unknown,
        }
    }
}

/// A task and how it stands now, also in an old frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its node.
    pub node_id: Arc<str>,
    /// What runs it: `compute`, `static` or `approval`.
    pub kind: Arc<str>,
    /// Its newest iteration, from 0.
    pub iteration: u32,
    /// Its state, such as `in-progress`.
    pub state: &'static str,
    /// Its newest attempt; 0 before the first.
    pub attempt: u32,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Arc<str>>,
}
