//! Deleting runs from memory: all at once.

use serde_json::{Value, json};
use smithers_model::approval::Approval;
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder, RunCounts, Tombstone};
use smithers_model::{RawJson, RunId, Timestamp};

use super::read::MemoryReader;
use super::state::{Run, State};
use crate::deletion::{self, Candidate, Deletion, DeletionRefusal, deletion_record, hold_record};
use crate::read::{DeletionReader, ReadResult};

impl State {
    pub(super) fn delete(&mut self, order: &DeletionOrder) -> Result<Deletion, DeletionRefusal> {
        deletion::check(order, self.candidate(&order.run_id))?;
        let run = self.runs.remove(&order.run_id);
        let run = run.expect("the check found the run");
        let tombstone = tombstone_of(&run, order);
        self.launches
            .retain(|_, launched| *launched != order.run_id);
        self.drop_trees(&run);
        self.append_audit(deletion_record(order, &tombstone));
        self.tombstones
            .insert(order.run_id.clone(), tombstone.clone());
        Ok(Deletion {
            tombstone,
            is_finished: true,
        })
    }

    pub(super) fn hold(&mut self, order: &HoldOrder) -> Result<Option<Hold>, DeletionRefusal> {
        let run_id = &order.run_id;
        if !self.runs.contains_key(run_id) {
            return Err(DeletionRefusal::NotFound(run_id.clone()));
        }
        let hold = order.hold.then(|| Hold {
            held_at: order.at,
            held_by: order.actor.user_id.clone(),
            reason: order.reason.clone(),
        });
        match &hold {
            Some(hold) => drop(self.holds.insert(run_id.clone(), hold.clone())),
            None => drop(self.holds.remove(run_id)),
        }
        self.append_audit(hold_record(order));
        Ok(hold)
    }

    fn children(&self, run: &RunId, limit: usize) -> Vec<RunId> {
        let runs = self.runs.values();
        let children = runs.filter(|child| child.is_child_of(run));
        let ids = children.map(|child| child.row.run_id.clone());
        ids.take(limit).collect()
    }

    fn candidate(&self, run: &RunId) -> Option<Candidate> {
        let row = &self.runs.get(run)?.row;
        Some(Candidate {
            status: row.status,
            next_seq: row.next_seq,
            hold: self.holds.get(run).cloned(),
            children: self.children(run, deletion::NAMED_CHILDREN),
        })
    }

    /// Whether it goes with the run that has started it, which is still there.
    fn belongs_to_a_run(&self, run: &Run) -> bool {
        let parent = run.row.parent.as_ref().filter(|_| run.row.tie.is_some());
        parent.is_some_and(|parent| self.runs.contains_key(parent))
    }

    fn drop_trees(&mut self, gone: &Run) {
        for frame in gone.frames.values() {
            let hash = &frame.tree_hash;
            let mut others = self.runs.values().flat_map(|run| run.frames.values());
            if !others.any(|other| other.tree_hash == *hash) {
                self.trees.remove(hash);
            }
        }
    }
}

fn tombstone_of(run: &Run, order: &DeletionOrder) -> Tombstone {
    let row = &run.row;
    Tombstone {
        run_id: row.run_id.clone(),
        parent_run_id: row.parent.clone(),
        workflow_key: row.workflow_key.clone(),
        workflow_name: row.workflow_name.clone(),
        status: row.status,
        // Runs in memory do not say which start launched them.
        deployment_id: None,
        created_at: row.created_at,
        finished_at: row.finished_at,
        deleted_at: order.at,
        deleted_by: order.actor.user_id.clone(),
        token_id: order.actor.token_id.clone(),
        channel: order.actor.channel,
        reason: order.reason.clone(),
        counts: counts(run),
        events_sha256: order.log.sha256.clone(),
        approvals: decisions(run),
    }
}

fn counts(run: &Run) -> RunCounts {
    RunCounts {
        events: run.events.len() as u64,
        nodes: run.nodes.len() as u64,
        attempts: run.attempts.len() as u64,
        frames: run.frames.len() as u64,
        outputs: run.outputs.len() as u64,
        approvals: (run.approvals.len() + run.withdrawn.len()) as u64,
    }
}

fn decisions(run: &Run) -> RawJson {
    let summary = |approval: &Approval| -> Option<Value> {
        let decision = approval.decision.as_ref()?;
        Some(json!({
            "nodeId": approval.node.node_id,
            "iteration": approval.node.iteration,
            "approved": decision.approved,
            "decidedBy": decision.decided_by,
            "tokenId": decision.token_id,
            "decidedAtMs": decision.decided_at,
            "note": decision.note,
            "requestDigest": decision.request_digest,
        }))
    };
    RawJson::of(
        &run.approvals
            .values()
            .chain(run.withdrawn.values())
            .filter_map(summary)
            .collect::<Vec<_>>(),
    )
}

impl DeletionReader for MemoryReader {
    fn run_exists(&self, run: &RunId) -> ReadResult<bool> {
        Ok(self.0.read().runs.contains_key(run))
    }

    fn run_counts(&self, run: &RunId) -> ReadResult<RunCounts> {
        Ok(self.0.read().runs.get(run).map(counts).unwrap_or_default())
    }

    fn hold(&self, run: &RunId) -> ReadResult<Option<Hold>> {
        Ok(self.0.read().holds.get(run).cloned())
    }

    fn tombstone(&self, run: &RunId) -> ReadResult<Option<Tombstone>> {
        Ok(self.0.read().tombstones.get(run).cloned())
    }

    fn children(&self, run: &RunId, limit: usize) -> ReadResult<Vec<RunId>> {
        Ok(self.0.read().children(run, limit))
    }

    fn ended_before(&self, end: Timestamp, limit: usize) -> ReadResult<Vec<RunId>> {
        let state = self.0.read();
        let free = state
            .runs
            .values()
            .filter(|run| !state.holds.contains_key(&run.row.run_id))
            .filter(|run| !state.belongs_to_a_run(run));
        let ended = |run: &Run| run.row.finished_at.filter(|at| *at < end);
        let mut runs: Vec<_> = free
            .filter_map(|run| Some((ended(run)?, run.row.run_id.clone())))
            .collect();
        runs.sort();
        Ok(runs.into_iter().map(|(_, id)| id).take(limit).collect())
    }

    fn unfinished_deletions(&self, _: usize) -> ReadResult<Vec<RunId>> {
        Ok(Vec::new())
    }
}
