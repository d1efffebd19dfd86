//! Identifiers. A newtype each, so that a run id never lands where a node id belongs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Which pass of its loop a node belongs to; 0 outside loops.
pub type Iteration = u32;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text without looking at its form; the edge checks forms.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// Returns the text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// One execution of a workflow.
    RunId
}
text_id! {
    /// A node of the element tree, unique within one frame.
    NodeId
}
text_id! {
    /// A loop of the element tree, with the passes of the loops around it appended.
    LoopId
}
text_id! {
    /// The name under which a module registered a workflow.
    WorkflowKey
}

text_id! {
    /// A stored schedule.
    ScheduleId
}

impl RunId {
    /// Makes a fresh id; version 4, as clients of the public gateway expect (gateway-protocol 1).
    pub fn random() -> Self {
        Self::new(uuid::Uuid::new_v4().to_string())
    }
}

/// Identity of a node everywhere: its id and the iteration (workflow-model 3.11).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeKey {
    /// Id as written in the workflow, with loop scopes appended.
    pub node_id: NodeId,
    /// Pass of the innermost loop.
    pub iteration: Iteration,
}

impl NodeKey {
    /// Names node `node_id` in `iteration`.
    pub fn new(node_id: impl Into<NodeId>, iteration: Iteration) -> Self {
        Self {
            node_id: node_id.into(),
            iteration,
        }
    }
}

impl fmt::Display for NodeKey {
    /// The state key of workflow-model 3.11: `node::iteration`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.node_id, self.iteration)
    }
}

/// Generation of the process that owns a database; a write with an older epoch is refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
