//! `frames.list`, `frames.get`, `attempts.list` and `attempts.get`: the stored inside of a run.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use smithers_model::frame::{FrameRow, TreeContent};
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::run::{RunConfig, RunRow};
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::limits::MAX_FRAMES_BYTES;
use smithers_protocol::params::{GetAttempt, GetFrame, ListAttempts, ListFrames, Params};
use smithers_store::Reader;

use super::{Service, encode, error};
use crate::view::{AttemptShown, FrameShown};

impl Service {
    pub(super) async fn list_frames(&self, params: &Params) -> Result<Payload, RpcError> {
        let list = ListFrames::read(params)?;
        self.read(move |reader| {
            let id = RunId::from(list.run_id.as_str());
            existing(reader, &list.run_id)?;
            let frames = reader.frames(&id, list.after_frame_no, list.limit);
            let shown = Contents::default().join_all(reader, frames.map_err(error::of_read)?)?;
            let rows: Vec<_> = shown.iter().map(|frame| frame.row(&list.run_id)).collect();
            encode(&rows)
        })
        .await
    }

    pub(super) async fn get_frame(&self, params: &Params) -> Result<Payload, RpcError> {
        let GetFrame { run_id, frame_no } = GetFrame::read(params)?;
        self.read(move |reader| {
            let id = RunId::from(run_id.as_str());
            existing(reader, &run_id)?;
            let frame = match frame_no {
                Some(number) => reader.frame(&id, number),
                None => reader.latest_frame(&id),
            };
            let frame = frame.map_err(error::of_read)?;
            let frame = frame.ok_or_else(RpcError::no_such_frame)?;
            encode(&Contents::default().join(reader, frame)?.row(&run_id))
        })
        .await
    }

    pub(super) async fn list_attempts(&self, params: &Params) -> Result<Payload, RpcError> {
        let ListAttempts { run_id, node } = ListAttempts::read(params)?;
        self.read(move |reader| {
            let id = RunId::from(run_id.as_str());
            let run = existing(reader, &run_id)?;
            let attempts = match &node {
                None => reader.attempts(&id).map_err(error::of_read)?,
                Some((node, iteration)) => {
                    let key = NodeKey::new(node.as_str(), *iteration);
                    let mut attempts = reader.attempts_of(&id, &key).map_err(error::of_read)?;
                    attempts.reverse();
                    attempts
                }
            };
            let folder = folder_of(&run);
            let tasks = Tasks::read(reader, &id)?;
            let shown = attempts.iter();
            let shown: Vec<_> = shown.map(|row| tasks.shown(row)).collect();
            let row = |attempt| AttemptShown::row(attempt, &run_id, folder.as_deref());
            encode(&shown.iter().map(row).collect::<Vec<_>>())
        })
        .await
    }

    pub(super) async fn get_attempt(&self, params: &Params) -> Result<Payload, RpcError> {
        let asked = GetAttempt::read(params)?;
        self.read_briefly(move |reader| {
            let id = RunId::from(asked.run_id.as_str());
            let run = existing(reader, &asked.run_id)?;
            let key = NodeKey::new(asked.node_id.as_str(), asked.iteration);
            let attempts = reader.attempts_of(&id, &key).map_err(error::of_read)?;
            let is_asked = |row: &&AttemptRow| u64::from(row.attempt) == asked.attempt;
            let found = attempts.iter().find(is_asked);
            let tasks = Tasks::read(reader, &id)?;
            let shown = tasks.shown(found.ok_or_else(RpcError::no_such_attempt)?);
            encode(&shown.row(&asked.run_id, folder_of(&run).as_deref()))
        })
        .await
    }
}

fn existing(reader: &dyn Reader, run_id: &str) -> Result<RunRow, RpcError> {
    let run = reader.run(&RunId::from(run_id)).map_err(error::of_read)?;
    run.ok_or_else(|| RpcError::no_such_run(run_id))
}

/// The folder that the tasks of a run work in.
fn folder_of(run: &RunRow) -> Option<String> {
    let config: RunConfig = serde_json::from_str(run.config.as_str()).ok()?;
    Some(config.root_dir)
}

/// What the tasks of a run are, which their attempts do not repeat.
struct Tasks {
    nodes: HashMap<NodeKey, NodeRow>,
    kinds: HashMap<String, String>,
}

/// An entry of the index of a frame.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Indexed {
    node_id: String,
    #[serde(default)]
    kind: Option<String>,
}

impl Tasks {
    fn read(reader: &dyn Reader, run: &RunId) -> Result<Self, RpcError> {
        let nodes = reader.nodes(run).map_err(error::of_read)?;
        let frame = reader.latest_frame(run).map_err(error::of_read)?;
        let tree = frame.map(|frame| reader.tree(&frame.tree_hash));
        let tree = tree.transpose().map_err(error::of_read)?.flatten();
        let index = tree.map_or_else(Vec::new, |tree| {
            serde_json::from_str::<Vec<Indexed>>(&tree.task_index).unwrap_or_default()
        });
        let kinds = index.into_iter();
        Ok(Self {
            nodes: nodes
                .into_iter()
                .map(|row| (row.node.clone(), row))
                .collect(),
            kinds: kinds
                .filter_map(|entry| Some((entry.node_id, entry.kind?)))
                .collect(),
        })
    }

    fn shown<'a>(&self, row: &'a AttemptRow) -> AttemptShown<'a> {
        let kind = self.kinds.get(row.node.node_id.as_str());
        AttemptShown::new(row, self.nodes.get(&row.node), kind.map(String::as_str))
    }
}

/// The contents of frames, each read once, and no more of them than an answer may hold.
#[derive(Default)]
struct Contents {
    known: HashMap<String, (Arc<TreeContent>, Arc<str>)>,
    bytes: usize,
}

impl Contents {
    fn join_all(
        &mut self,
        reader: &dyn Reader,
        frames: Vec<FrameRow>,
    ) -> Result<Vec<FrameShown>, RpcError> {
        let frames = frames.into_iter();
        frames.map(|frame| self.join(reader, frame)).collect()
    }

    fn join(&mut self, reader: &dyn Reader, frame: FrameRow) -> Result<FrameShown, RpcError> {
        let (tree, xml_hash) = match self.known.get(&frame.tree_hash) {
            Some(known) => known.clone(),
            None => self.read(reader, &frame)?,
        };
        self.bytes += tree.xml.len() + tree.mounted_tasks.len() + tree.task_index.len();
        if self.bytes > MAX_FRAMES_BYTES {
            let message = format!("The frames exceed {MAX_FRAMES_BYTES} bytes; ask for fewer");
            return Err(RpcError::new(ErrorCode::PayloadTooLarge, message));
        }
        Ok(FrameShown::new(frame, tree, xml_hash))
    }

    fn read(
        &mut self,
        reader: &dyn Reader,
        frame: &FrameRow,
    ) -> Result<(Arc<TreeContent>, Arc<str>), RpcError> {
        let tree = reader.tree(&frame.tree_hash).map_err(error::of_read)?;
        let tree = tree.ok_or_else(|| {
            tracing::error!(frame.no = frame.frame_no, "the tree of a frame is missing");
            RpcError::internal()
        })?;
        let xml_hash = tree.xml_hash().into();
        let known = (Arc::new(tree), xml_hash);
        self.known.insert(frame.tree_hash.clone(), known.clone());
        Ok(known)
    }
}
