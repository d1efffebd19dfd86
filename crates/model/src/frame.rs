//! Frames: one rendering of a run, with what led to it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{NodeId, NodeKey, Timestamp};

/// What led to a frame (workflow-model 6); the first frame after a start has no trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "reason",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Trigger {
    /// A task ended, well or not.
    TaskFinished {
        /// Which task.
        node_id: NodeId,
        /// In which iteration.
        iteration: u32,
    },
    /// A timer fired.
    TimerFired {
        /// Which one.
        node_id: NodeId,
        /// In which iteration.
        iteration: u32,
    },
    /// A loop began another pass, or ended because there is none left.
    LoopAdvanced,
    /// Everything is terminal; asks the workflow once more before the run ends.
    StabilityCheck,
    /// Nothing can go on; asks the workflow once more before the run fails.
    DeadlockCheck,
    /// A task is held because of what it is bound to, or no longer; asks the workflow once more.
    BoundCheck,
}

impl Trigger {
    /// Its name, as it is stored.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TaskFinished { .. } => "task-finished",
            Self::TimerFired { .. } => "timer-fired",
            Self::LoopAdvanced => "loop-advanced",
            Self::StabilityCheck => "stability-check",
            Self::DeadlockCheck => "deadlock-check",
            Self::BoundCheck => "bound-check",
        }
    }

    /// The trigger for the end of `node`.
    pub fn task_finished(node: &NodeKey) -> Self {
        Self::TaskFinished {
            node_id: node.node_id.clone(),
            iteration: node.iteration,
        }
    }

    /// The trigger for a timer that has fired.
    pub fn timer_fired(node: &NodeKey) -> Self {
        Self::TimerFired {
            node_id: node.node_id.clone(),
            iteration: node.iteration,
        }
    }
}

/// A frame to store; the tree's text is stored once per hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRow {
    /// From 1, rising through resumes.
    pub frame_no: u64,
    /// When it was rendered.
    pub created_at: Timestamp,
    /// Hash of its content.
    pub tree_hash: String,
    /// What led to it.
    pub trigger: Option<Trigger>,
}

/// The content of one or more equal frames, addressed by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeContent {
    /// SHA-256 of `xml`, lower-case hex; of `xml` and `mounted_tasks` when a task is in a later pass of a loop.
    pub hash: String,
    /// The frame XML as JSON (workflow-model 2).
    pub xml: String,
    /// State keys of the mounted tasks in document order, a JSON array.
    pub mounted_tasks: String,
    /// Node id, ordinal and iteration of each task, a JSON array.
    pub task_index: String,
}

impl TreeContent {
    /// SHA-256 of the XML alone, lower-case hex: what clients know a frame by.
    pub fn xml_hash(&self) -> String {
        hex::encode(Sha256::digest(self.xml.as_bytes()))
    }
}
