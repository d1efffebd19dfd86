//! How far long work has come.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Pages are copied.
    Copying,
    /// SQLite examines every page and index.
    Checking,
    /// Rows are counted and numbers compared.
    Counting,
    /// Bytes are hashed.
    Hashing,
}

/// How far one stage has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much of it is done: pages while copying, bytes while hashing, else 0.
    pub done: u64,
    /// How much there is to do; `None` when nobody can tell.
    pub total: Option<u64>,
}

/// Is told how far the work has come, several times a second at most while copying. It must not block.
pub type Watcher<'a> = dyn FnMut(Progress) + 'a;

impl Progress {
    /// A stage of which only the beginning is known.
    pub(super) fn begun(stage: Stage) -> Self {
        Self {
            stage,
            done: 0,
            total: None,
        }
    }
}
