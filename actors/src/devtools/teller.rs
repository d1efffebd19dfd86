//! What a stream tells of each frame: all of it, or what has changed.

use std::sync::Arc;
use std::time::Instant;

use super::counted;
use serde_json::value::RawValue;
use smithers_protocol::devtools::{Node, changes};
use smithers_protocol::frame::Payload;
use smithers_protocol::view::{TreeDelta, TreeEvent, TreeSnapshot, TreeStreamEvent};

/// Events after a snapshot until the next one.
const UNTIL_SNAPSHOT: u32 = 50;

/// What a stream has told.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    stream_id: String,
    run_id: String,
    last: Option<(u64, Arc<Node>)>,
    since_snapshot: u32,
    snapshot_bytes: usize,
}

impl Teller {
    pub(super) fn new(stream_id: &str, run_id: &str) -> Self {
        Self {
            stream_id: stream_id.to_owned(),
            run_id: run_id.to_owned(),
            last: None,
            since_snapshot: 0,
            snapshot_bytes: 0,
        }
    }

    /// The frame that comes next; none before the first and after a jump.
    pub(super) fn next(&self) -> Option<u64> {
        self.last.as_ref().map(|(frame_no, _)| frame_no + 1)
    }

    /// The next frame is told whole.
    pub(super) fn begin_anew(&mut self) {
        self.last = None;
    }

    /// Tells of a frame.
    ///
    /// # Errors
    /// Never: trees have text keys.
    pub(super) fn tell(
        &mut self,
        frame_no: u64,
        tree: Arc<Node>,
        run_state: &RawValue,
    ) -> Result<Payload, serde_json::Error> {
        let begun = Instant::now();
        let delta = self.delta(frame_no, &tree)?;
        let payload = match delta {
            Some(delta) => {
                self.since_snapshot += 1;
                counted::told("delta", delta.as_bytes().len(), begun);
                delta
            }
            None => {
                let snapshot = TreeSnapshot::new(&self.run_id, frame_no, &tree, run_state);
                let payload = self.event(TreeEvent::snapshot(snapshot))?;
                self.snapshot_bytes = payload.as_bytes().len();
                self.since_snapshot = 0;
                counted::told("snapshot", self.snapshot_bytes, begun);
                payload
            }
        };
        self.last = Some((frame_no, tree));
        Ok(payload)
    }

    /// What has changed since the last frame; none when all of the frame is to be told.
    fn delta(&self, frame_no: u64, tree: &Node) -> Result<Option<Payload>, serde_json::Error> {
        let Some((base, last)) = &self.last else {
            return Ok(None);
        };
        if frame_no != base + 1 || self.since_snapshot >= UNTIL_SNAPSHOT {
            return Ok(None);
        }
        let ops = changes(last, tree);
        let delta = TreeDelta::new(*base, frame_no, &ops);
        let payload = self.event(TreeEvent::delta(delta))?;
        // A first tree that replaces the empty one is as long as its snapshot.
        let is_short = payload.as_bytes().len() < self.snapshot_bytes || *base == 0;
        Ok(is_short.then_some(payload))
    }

    fn event(&self, event: TreeEvent<'_>) -> Result<Payload, serde_json::Error> {
        Payload::encode(&TreeStreamEvent {
            stream_id: &self.stream_id,
            run_id: &self.run_id,
            event,
        })
    }
}
