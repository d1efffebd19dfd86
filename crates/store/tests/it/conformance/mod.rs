//! What every backend promises. Each test runs against all of them.

mod approvals;
mod audit;
mod bounds;
mod cache;
mod children;
mod deletions;
mod deliveries;
mod due;
mod effects;
mod events;
mod fences;
mod frames;
mod launches;
mod listings;
mod outputs;
mod precedents;
mod redaction;
mod schedules;
mod scores;
mod succession;

use smithers_model::RunId;
use smithers_model::step::ChildTie;
use smithers_store::testkit::{RunScript, ScratchDb, commit, definition, typed_definition};
use smithers_store::{
    Backend, CommittedStep, Durability, MemoryStore, ReadGuard, Refusal, SqliteOptions,
    SqliteStore, Transactions,
};

/// A store under test with its write path.
pub(crate) struct Subject {
    store: Box<dyn Backend>,
    transactions: Box<dyn Transactions>,
    /// Removed last.
    _scratch: Option<ScratchDb>,
}

impl Subject {
    /// A memory store with the sample tables.
    pub(crate) fn memory() -> Self {
        Self::with(Box::new(MemoryStore::default()), None)
    }

    /// A SQLite store with the sample tables.
    pub(crate) fn sqlite() -> Self {
        let scratch = ScratchDb::new();
        let options = SqliteOptions {
            // These tests ask what is stored, not what survives.
            durability: Durability::Normal,
            ..scratch.options()
        };
        let store = SqliteStore::open(&options).unwrap();
        Self::with(Box::new(store), Some(scratch))
    }

    fn with(store: Box<dyn Backend>, scratch: Option<ScratchDb>) -> Self {
        let mut transactions = store.open_writer().unwrap();
        let workflows = [definition(), typed_definition()];
        transactions.define_outputs(&workflows).unwrap().unwrap();
        Self {
            store,
            transactions,
            _scratch: scratch,
        }
    }

    pub(crate) fn reader(&self) -> ReadGuard {
        self.store.reader().unwrap()
    }

    pub(crate) fn transactions(&mut self) -> &mut dyn Transactions {
        &mut *self.transactions
    }

    pub(crate) fn commit(
        &mut self,
        step: smithers_model::step::StepWrite,
    ) -> Result<CommittedStep, Refusal> {
        commit(&mut *self.transactions, step)
    }

    /// Launches run `id` of workflow `w`.
    pub(crate) fn launched(&mut self, id: &str) -> RunScript {
        let mut script = RunScript::new(id);
        self.commit(script.launch()).unwrap();
        script
    }

    /// A launched child run.
    pub(crate) fn child(&mut self, id: &str, parent: &str) -> RunScript {
        let mut script = RunScript::new(id);
        let launch = script.launch_with(|new| {
            new.row.parent = Some(parent.into());
            new.row.tie = Some(ChildTie::Awaited);
        });
        self.commit(launch).unwrap();
        script
    }
}

/// Makes of each function a test per backend.
macro_rules! for_each_backend {
    ($($name:ident),+ $(,)?) => {
        mod memory {
            $(#[test] fn $name() { super::$name(&mut crate::conformance::Subject::memory()); })+
        }
        mod sqlite {
            $(#[test] fn $name() { super::$name(&mut crate::conformance::Subject::sqlite()); })+
        }
    };
}
pub(crate) use for_each_backend;

/// Short for a run id.
pub(crate) fn run(id: &str) -> RunId {
    id.into()
}
