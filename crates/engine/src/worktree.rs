//! Worktrees around tasks: the owner of the run makes each before the first task in it starts.
//!
//! What is there is a fact of the world, so nothing of it is stored: after a restart the owner is asked once more, and
//! finds what it made before.

use std::collections::BTreeSet;
use std::sync::Arc;

use smithers_model::error::ErrorInfo;
use smithers_model::tree::TaskSpec;
use smithers_model::worktree::{KeptFiles, WorktreeSpec};
use smithers_model::{NodeKey, Timestamp};

use crate::outcome::Arrival;
use crate::refusal::Refusal;
use crate::state::RunState;

/// What is known of a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The owner is to make it.
    Wanted,
    /// It is there.
    Ready {
        /// The commit that keeps its files as they were last, if there is one.
        files: Option<String>,
    },
    /// It could not be made; the next task that needs it fails with that, and the one after asks again.
    Failed {
        /// Why.
        error: ErrorInfo,
        /// Another attempt may help.
        retryable: bool,
    },
}

impl RunState {
    /// Returns the worktree that is to be made before the run goes on; answered with
    /// [`Fact::WorktreePrepared`](smithers_model::fact::Fact::WorktreePrepared).
    pub fn worktree_request(&self) -> Option<Arc<WorktreeSpec>> {
        let mut wanted = self.sites.iter().filter(|(_, site)| **site == Site::Wanted);
        wanted.next().map(|(spec, _)| Arc::clone(spec))
    }

    /// The worktrees of the newest frame, for whoever takes them away at the end of the run.
    pub fn worktrees(&self) -> BTreeSet<Arc<WorktreeSpec>> {
        let tasks = self.frame.iter().flat_map(|frame| frame.tree.tasks());
        tasks.filter_map(|task| task.worktree.clone()).collect()
    }

    /// Takes what came of a request; the turn of the tasks that need it comes again at once.
    pub(crate) fn worktree_prepared(
        &mut self,
        worktree: Arc<WorktreeSpec>,
        outcome: Result<Option<String>, (ErrorInfo, bool)>,
    ) -> Result<(), Refusal> {
        let site = match outcome {
            Ok(files) => Site::Ready { files },
            Err((error, retryable)) => Site::Failed { error, retryable },
        };
        self.sites.insert(worktree, site);
        Ok(())
    }

    /// What was kept of the files around a task before an attempt that begins.
    pub(crate) fn files_before(&self, task: &TaskSpec) -> Option<KeptFiles> {
        let worktree = task.worktree.as_ref()?;
        let Site::Ready { files: Some(base) } = self.sites.get(worktree)? else {
            return None;
        };
        Some(KeptFiles {
            path: worktree.path.clone(),
            base: base.clone(),
            end: None,
        })
    }

    /// Takes what was kept of the files of an attempt that is about to end. Nothing else follows from it.
    pub(crate) fn files_kept(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        commit: String,
    ) -> Result<(), Refusal> {
        if self.arrival(node, attempt)? == Arrival::Current
            && let Some(known) = self.nodes.get_mut(node)
            && let Some(files) = &mut known.files
        {
            files.end = Some(commit.clone());
            let path = files.path.clone();
            let around = self.sites.iter_mut().find(|(spec, _)| spec.path == path);
            if let Some((_, site @ Site::Ready { .. })) = around {
                let files = Some(commit);
                *site = Site::Ready { files };
            }
        }
        Ok(())
    }

    /// Whether the worktree around a task is there. When it is not, the owner is asked for it, or the task fails.
    pub(crate) fn is_housed(&mut self, task: &TaskSpec, now: Timestamp) -> bool {
        let Some(worktree) = &task.worktree else {
            return true;
        };
        match self.sites.get(worktree) {
            Some(Site::Ready { .. }) => true,
            Some(Site::Wanted) => false,
            None => {
                self.sites.insert(Arc::clone(worktree), Site::Wanted);
                false
            }
            Some(Site::Failed { error, retryable }) => {
                let (error, retryable) = (error.clone(), *retryable);
                self.sites.remove(worktree);
                self.begin_attempt(task, None, now);
                self.fail_attempt(&task.node, error, retryable, now);
                false
            }
        }
    }
}
