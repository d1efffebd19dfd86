//! Frames of a run as trees, from the store.

use std::collections::HashMap;
use std::sync::Arc;

use smithers_model::RunId;
use smithers_model::node::NodeRow;
use smithers_protocol::devtools::{Known, Node, Skeleton};
use smithers_store::read::ReadResult;
use smithers_store::{Error, Reader};

use super::{NamedSkeleton, Which};

/// Frames that are read at once.
const AT_ONCE: u64 = 64;

/// Frames of a run, as of the instant of their reader.
#[derive(Debug)]
pub struct Forest {
    /// Number of the newest.
    pub newest: u64,
    /// Some of those that were asked for, in order.
    pub frames: Vec<(u64, Arc<Node>)>,
    /// The skeleton of the last of them.
    pub last: Option<NamedSkeleton>,
}

/// Reads frames of a run that exists; `last` is the skeleton that was read last. Costs as much as the run has node
/// ids, and a tree for each frame that is laid out otherwise than the one before it.
///
/// # Errors
/// Also when a frame is not what was stored.
pub fn read(
    reader: &dyn Reader,
    run: &RunId,
    which: Which,
    last: Option<NamedSkeleton>,
) -> ReadResult<Forest> {
    let newest = reader.latest_frame(run)?.map_or(0, |frame| frame.frame_no);
    let mut forest = Forest {
        newest,
        frames: Vec::new(),
        last,
    };
    if newest == 0 {
        if which == Which::Newest {
            forest.frames.push((0, Arc::new(Node::empty())));
        }
        return Ok(forest);
    }
    let (first, end) = match which {
        Which::Newest => (newest, newest),
        Which::Only(frame_no) => (frame_no, frame_no),
        Which::From(first) => (first, newest.min(first.saturating_add(AT_ONCE - 1))),
    };
    let nodes = reader.newest_nodes(run)?;
    let known = nodes.iter().map(|row| (row.node.node_id.as_str(), row));
    let known = known.collect();
    for frame_no in first..=end {
        forest.add(reader, run, frame_no, &known)?;
    }
    Ok(forest)
}

impl Forest {
    fn add(
        &mut self,
        reader: &dyn Reader,
        run: &RunId,
        frame_no: u64,
        known: &HashMap<&str, &NodeRow>,
    ) -> ReadResult<()> {
        let Some(frame) = reader.frame(run, frame_no)? else {
            return Ok(());
        };
        let skeleton = match self.last.take() {
            Some((hash, skeleton)) if hash == frame.tree_hash => {
                // The states are those of now, so equal skeletons make equal trees.
                if let Some((_, tree)) = self.frames.last() {
                    self.frames.push((frame_no, tree.clone()));
                    self.last = Some((hash, skeleton));
                    return Ok(());
                }
                skeleton
            }
            _ => skeleton_of(reader, &frame.tree_hash)?,
        };
        let tree = skeleton.tree(&|node| known.get(node).map(|row| of_row(row)));
        self.frames.push((frame_no, Arc::new(tree)));
        self.last = Some((frame.tree_hash, skeleton));
        Ok(())
    }
}

fn skeleton_of(reader: &dyn Reader, hash: &str) -> ReadResult<Arc<Skeleton>> {
    let damaged = || Error::damaged("frame", "its tree cannot be read");
    let content = reader.tree(hash)?.ok_or_else(damaged)?;
    let skeleton = Skeleton::read(&content.xml, &content.task_index);
    skeleton.map(Arc::new).map_err(|_| damaged())
}

fn of_row(row: &NodeRow) -> Known {
    Known {
        iteration: row.node.iteration,
        state: row.state.as_str(),
        attempt: row.last_attempt.unwrap_or(0),
        label: row.label.as_deref().map(Arc::from),
    }
}
