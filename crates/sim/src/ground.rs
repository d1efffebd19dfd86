//! What the runs are stored in: the memory store, or a SQLite file that every life opens again.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use smithers_store::testkit::ScratchDb;
use smithers_store::{Backend, Durability, MemoryStore, SqliteOptions, SqliteStore};

/// How often a file is tried that the threads of the life before have not left yet.
const TRIES: usize = 5_000;
/// Every how many seeds a history is played on SQLite, where the caller does not say.
const SQLITE_EVERY: u64 = 8;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In memory: fast.
    Memory,
    /// A file: what is served.
    Sqlite,
}

impl Kind {
    /// The store of a seed, unless somebody says otherwise.
    pub fn of(seed: u64) -> Self {
        match seed % SQLITE_EVERY {
            0 => Self::Sqlite,
            _ => Self::Memory,
        }
    }
}

/// The store of one history.
pub(crate) enum Ground {
    Memory(MemoryStore),
    Sqlite {
        scratch: ScratchDb,
        /// The file as the present life has it open.
        open: Mutex<Option<Arc<SqliteStore>>>,
    },
}

impl Ground {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Memory => Self::Memory(MemoryStore::default()),
            Kind::Sqlite => Self::Sqlite {
                scratch: ScratchDb::new(),
                open: Mutex::new(None),
            },
        }
    }

    /// Ends a life: what it had open is closed.
    pub(crate) fn close(&self) {
        if let Self::Sqlite { open, .. } = self {
            open.lock().take();
        }
    }

    /// The store, opened for a new life when the one before has closed it.
    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        match self {
            Self::Memory(store) => Arc::new(store.clone()),
            Self::Sqlite { scratch, open } => {
                open.lock().get_or_insert_with(|| reopen(scratch)).clone()
            }
        }
    }
}

/// A killed process lets go of its file at once; here its threads need a moment.
fn reopen(scratch: &ScratchDb) -> Arc<SqliteStore> {
    let options = SqliteOptions {
        // Nobody pulls the plug here, and a sync tells the simulation nothing.
        durability: Durability::Normal,
        readers: 1,
        ..scratch.options()
    };
    let mut tries = 0;
    loop {
        match SqliteStore::open(&options) {
            Ok(store) => return Arc::new(store),
            Err(error) => {
                tries += 1;
                assert!(tries < TRIES, "the file cannot be opened again: {error}");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}
