//! Tasks that are bound to rows: each starts only while what it rests on is as it was when a frame first showed it
//! (workflow-model 7.6).
//!
//! What a task is bound to is pinned in its row by the first frame that shows all of it, so a restart changes nothing.
//! Pins go when a task begins anew: by a retry on request, by a rewind, in a fork. The next frame pins anew.

use std::collections::BTreeMap;

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::frame::Trigger;
use smithers_model::output::OutputRow;
use smithers_model::proof::{self, Proof};
use smithers_model::run::RunStatus;
use smithers_model::tree::TaskSpec;
use smithers_model::wait::WaitKind;
use smithers_model::{NodeId, NodeKey, RawJson, Timestamp};

use crate::frame::Frame;
use crate::lifecycle::{TaskFact, TaskStatus};
use crate::state::RunState;

/// Code of the error of a run that is parked because of what its tasks are bound to.
const STALE: &str = "BOUND_STALE";

/// Table and node of an output row.
type RowKey = (String, NodeKey);

/// What is known of rows that tasks are bound to. All of it can be made anew from the rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bonds {
    /// Digest of each row that a pin names; none when there is no such row.
    digests: BTreeMap<RowKey, Option<String>>,
    /// A task was held, or let go, since the workflow was asked.
    changed: bool,
}

impl RunState {
    /// Pins what `frame` shows for the first time, and looks up the rows that pins name.
    pub(crate) fn bind_tasks(&mut self, frame: &Frame) {
        for &index in &frame.bound {
            let task = frame.task(index);
            self.pin(task);
            let held = self.nodes.get(&task.node);
            let pinned = held.and_then(|node| node.bound.clone());
            for proof in pinned.iter().flatten() {
                self.look_up(proof);
            }
            self.standings.touch(&task.node);
        }
    }

    fn pin(&mut self, task: &TaskSpec) {
        let complete = task.bind.as_ref().filter(|binding| binding.complete);
        let (Some(binding), Some(node)) = (complete, self.nodes.get_mut(&task.node)) else {
            return;
        };
        if node.bound.is_none() {
            node.bound = Some(binding.proofs.clone());
            let row = node.row(&task.node);
            self.open.put_node(row);
        }
    }

    /// Reads the row of a proof unless it is known. Rows are searched once for each that a pin names.
    fn look_up(&mut self, proof: &Proof) {
        let key = (proof.table.clone(), proof.node());
        if self.bonds.digests.contains_key(&key) {
            return;
        }
        let mut rows = self.rows.iter().rev();
        let row = rows.find(|row| row.table == key.0 && row.node == key.1);
        let digest = row.map(|row| proof::digest(&row.payload));
        self.bonds.digests.insert(key, digest);
    }

    /// Takes note of a row that a pin may name.
    pub(crate) fn row_was_stored(&mut self, row: &OutputRow) {
        if self.bonds.digests.is_empty() {
            return;
        }
        let key = (row.table.clone(), row.node.clone());
        if let Some(digest) = self.bonds.digests.get_mut(&key) {
            *digest = Some(proof::digest(&row.payload));
            self.touch_held();
        }
    }

    /// Rows are gone: what pins name is looked up again by the next frame, which comes before anything starts.
    pub(crate) fn rows_were_removed(&mut self) {
        self.bonds.digests.clear();
    }

    /// Has the tasks that are held looked at again.
    fn touch_held(&mut self) {
        let held = self.nodes.iter().filter(|(_, node)| is_held(node.status));
        for (key, _) in held {
            self.standings.touch(key);
        }
    }

    /// Why a task must not start; none when it is bound to nothing, or to what is as it was.
    pub(crate) fn bound_by(&self, task: &TaskSpec) -> Option<WaitKind> {
        task.bind.as_ref()?;
        let pinned = self
            .nodes
            .get(&task.node)
            .and_then(|node| node.bound.as_ref());
        let Some(pinned) = pinned else {
            return Some(WaitKind::Bound);
        };
        let digests = pinned.iter().map(|proof| {
            let found = self.bonds.digests.get(&(proof.table.clone(), proof.node()));
            (proof, found.and_then(Option::as_ref))
        });
        let mut reason = None;
        for (proof, digest) in digests {
            match digest {
                Some(digest) if *digest == proof.digest => {}
                Some(_) => return Some(WaitKind::Stale),
                None => reason = Some(WaitKind::Bound),
            }
        }
        reason
    }

    /// Holds a task, or says why it is held from now on.
    pub(crate) fn hold_task(&mut self, task: &TaskSpec, kind: WaitKind, now: Timestamp) {
        self.know(task, now);
        self.let_go(task, now);
        self.forget_due(&task.node);
        self.begin_to_wait(&task.node, kind, now);
        self.bonds.changed = true;
    }

    /// A task is held no longer.
    pub(crate) fn let_go(&mut self, task: &TaskSpec, now: Timestamp) {
        let status = self.nodes.get(&task.node).map(|node| node.status);
        if status.is_some_and(is_held) {
            self.move_node(&task.node, TaskFact::Answered, now);
            self.bonds.changed = true;
        }
    }

    /// Asks the workflow once more after tasks were held or let go. Returns true when it does.
    pub(crate) fn show_bonds(&mut self) -> bool {
        let changed = std::mem::take(&mut self.bonds.changed);
        if changed {
            self.renders.push_back(Some(Trigger::BoundCheck));
        }
        changed
    }

    /// Ids of the nodes that are held because a row has changed, for `ctx.boundStale`.
    pub(crate) fn stale_nodes(&self) -> Vec<NodeId> {
        let Some(frame) = &self.frame else {
            return self.all_stale().map(|key| key.node_id.clone()).collect();
        };
        let tasks = frame.bound.iter().map(|&index| &frame.task(index).node);
        let stale = tasks.filter(|key| self.is_stale(key));
        stale.map(|key| key.node_id.clone()).collect()
    }

    fn all_stale(&self) -> impl Iterator<Item = &NodeKey> {
        self.nodes.keys().filter(|key| self.is_stale(key))
    }

    fn is_stale(&self, key: &NodeKey) -> bool {
        let status = self.nodes.get(key).map(|node| node.status);
        status == Some(TaskStatus::Waiting(WaitKind::Stale))
    }

    /// Says why a run is parked that waits for nothing but the rows of held tasks.
    pub(crate) fn explain_bonds(&mut self, frame: &Frame, status: RunStatus) {
        let held: Vec<&NodeKey> = frame
            .bound
            .iter()
            .map(|&index| &frame.task(index).node)
            .filter(|key| {
                self.nodes
                    .get(*key)
                    .is_some_and(|node| is_held(node.status))
            })
            .collect();
        if held.is_empty() || status != RunStatus::WaitingEvent {
            return;
        }
        let names: Vec<String> = held.iter().map(ToString::to_string).collect();
        let message = format!(
            "Tasks are held by what they are bound to: {}",
            names.join(", ")
        );
        let mut error = ErrorInfo::coded(STALE, message);
        error.details = Some(RawJson::of(&json!({ "keys": names })));
        self.run.error = Some(error.clone());
        self.open.update_run(|run| run.error = Some(error));
    }

    /// Whether `error` is of a run that goes on as soon as something moves.
    pub(crate) fn is_of_bonds(error: &ErrorInfo) -> bool {
        error.has_code(STALE)
    }

    /// The node is bound to nothing any more; the next frame pins what it shows.
    pub(crate) fn unbind(&mut self, key: &NodeKey) {
        let Some(node) = self.nodes.get_mut(key) else {
            return;
        };
        if node.bound.take().is_some() {
            let row = node.row(key);
            self.open.put_node(row);
        }
    }
}

/// Whether a task is held by what it is bound to.
pub(crate) fn is_held(status: TaskStatus) -> bool {
    matches!(
        status,
        TaskStatus::Waiting(WaitKind::Bound | WaitKind::Stale)
    )
}
