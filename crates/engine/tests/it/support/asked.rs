//! Answers to what the engine asks of its owner before it goes on.

use smithers_model::fact::Fact;

use super::world::World;

impl World {
    /// Answers what the engine wants to know of other runs. Returns false when it wants nothing.
    pub(super) fn look_back(&mut self) -> bool {
        let Some(wanted) = self.state.precedent_request() else {
            return false;
        };
        let mut found = self.precedents.clone();
        found.truncate(wanted.most as usize);
        let node = wanted.node;
        let fact = Fact::PrecedentsRead { node, found };
        self.state
            .accept(fact, self.now)
            .expect("what was read is taken");
        true
    }

    /// Makes the worktree that the engine wants, or fails to. Returns false when it wants none.
    pub(super) fn make_worktree(&mut self) -> bool {
        let Some(worktree) = self.state.worktree_request() else {
            return false;
        };
        self.worktrees.push(worktree.id.clone());
        let outcome = self.worktree_trouble.take();
        let outcome = match outcome {
            Some(error) => Err((error, true)),
            None => Ok(Some(format!("{} {}", worktree.id, self.worktrees.len()))),
        };
        let fact = Fact::WorktreePrepared { worktree, outcome };
        self.state
            .accept(fact, self.now)
            .expect("what was made is taken");
        true
    }
}
