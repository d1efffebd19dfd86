//! The SQLite backend: one file, one writer connection, a pool of read-only ones, a checkpoint thread.

mod checkpoint;
mod codec;
mod drift;
mod examine;
mod fault;
mod files;
mod gateway;
mod lock;
mod migrate;
mod migration_audit;
mod read;
mod settings;
mod visit;
mod write;

pub use drift::Difference;
pub(crate) use drift::differences as differences_in;
pub(crate) use examine::told;
pub(crate) use lock::OwnerLock;
pub(crate) use migrate::{LedgerRow, head_id, ledger, newest as newest_migration};
pub(crate) use read::SqliteReader;
pub(crate) use settings::{APPLICATION_ID, open_as_writer, open_for_reading};
pub(crate) use visit::{append_audit, bring_up, clear_cache, differences, note_migrations};
pub(crate) use write::quoted;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use r2d2::PooledConnection;
use r2d2_sqlite::SqliteConnectionManager;
use smithers_model::Epoch;
use smithers_model::redact::Redactor;

use crate::backend::{Backend, ReadGuard, Transactions};
use crate::boundary::Boundary;
use crate::error::{Error, OpenError};
use crate::schema::Schema;
use checkpoint::{Checkpointer, WalGauge};
use read::Lease;
use settings::Opener;
use write::SqliteTransactions;

/// How long a reader waits for a free connection before it is told [`Error::Busy`].
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

/// When a commit counts as durable. One mode for the whole process: SQLite cannot change it inside a
/// transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The log is synced before a commit returns: survives loss of power.
    #[default]
    Full,
    /// The log is synced at checkpoints: survives the death of the process; a loss of power may undo the
    /// newest commits.
    Normal,
}

/// Where the database is and how it is used.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The file; it is made when it does not exist, with its folder.
    pub path: PathBuf,
    /// When a commit counts as durable.
    pub durability: Durability,
    /// Most connections for reading.
    pub readers: u32,
    /// Cleans text before it is stored.
    pub redactor: Arc<dyn Redactor>,
    /// Name of the registered VFS that the writing connections use; none is SQLite's own.
    pub vfs: Option<String>,
    /// How long the file is looked at for damage before it is used.
    pub examination: Duration,
}

impl SqliteOptions {
    /// The usual options for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durability: Durability::Full,
            readers: 8,
            redactor: smithers_redact::shared(),
            vfs: None,
            examination: Duration::from_secs(5),
        }
    }
}

/// An open database file, owned by this process until this value is dropped.
pub struct SqliteStore {
    opener: Opener,
    pool: r2d2::Pool<SqliteConnectionManager>,
    schema: Arc<RwLock<Schema>>,
    boundary: Boundary,
    wal: Arc<WalGauge>,
    epoch: Epoch,
    /// Keeps the log's index alive between two writers, besides folding the log.
    _checkpointer: Checkpointer,
    /// Dropped last: nobody may open the file while a connection of ours is left.
    _lock: OwnerLock,
}

impl SqliteStore {
    /// Locks the file, looks for damage, migrates it and takes ownership with the next epoch.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        files::prepare(&options.path)?;
        let lock = OwnerLock::acquire(&options.path)?;
        let opener = Opener::new(options);
        let mut first = opener.writing()?;
        examine::examine(&first, &options.path, options.examination)?;
        // Steps need not be durable one by one: taking ownership syncs the whole log.
        opener.set_durability(&first, Durability::Normal)?;
        migrate::migrate(&mut first, &options.path)?;
        opener.set_durability(&first, options.durability)?;
        drift::check(&first, &options.path)?;
        let epoch = opener.describe("taking ownership", gateway::claim(&mut first))?;
        let mut schema = Schema::default();
        schema.replace_tables(
            opener.describe("reading its output tables", write::stored_tables(&first))?,
        );
        let pool = open_pool(options)?;
        let wal = Arc::new(WalGauge::default());
        Ok(Self {
            _checkpointer: Checkpointer::spawn(first, wal.clone()).map_err(OpenError::Thread)?,
            opener,
            pool,
            schema: Arc::new(RwLock::new(schema)),
            boundary: Boundary::new(options.redactor.clone()),
            wal,
            epoch,
            _lock: lock,
        })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        self.opener.path()
    }

    /// Pages in the log after the newest commit, for metrics; a page is 4 KiB.
    pub fn log_pages(&self) -> u64 {
        self.wal.pages()
    }
}

impl SqliteStore {
    fn wait_for_reader(&self) -> Result<SqliteReader, Error> {
        let conn = self.pool.get().map_err(|_| Error::Busy)?;
        Ok(self.reader_on(conn))
    }

    fn reader_on(&self, conn: PooledConnection<SqliteConnectionManager>) -> SqliteReader {
        SqliteReader::new(Lease::Pooled(conn), self.schema.clone())
    }
}

impl Backend for SqliteStore {
    fn open_writer(&self) -> Result<Box<dyn Transactions>, OpenError> {
        let conn = self.opener.writing()?;
        let transactions = SqliteTransactions::new(
            conn,
            self.schema.clone(),
            self.boundary.clone(),
            self.wal.clone(),
        );
        let transactions = self.opener.describe("reading its counters", transactions)?;
        Ok(Box::new(transactions))
    }

    fn reader(&self) -> Result<ReadGuard, Error> {
        Ok(ReadGuard::new(self.wait_for_reader()?))
    }

    fn snapshot(&self) -> Result<ReadGuard, Error> {
        Ok(ReadGuard::new(self.wait_for_reader()?.at_one_instant()?))
    }

    fn glimpse(&self) -> Option<ReadGuard> {
        let conn = self.pool.try_get()?;
        // Whoever gets none asks elsewhere, where the same trouble is told of.
        let (reader, gave_up) = self.reader_on(conn).for_a_moment().ok()?;
        Some(ReadGuard::bounded(reader, gave_up))
    }

    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn boundary(&self) -> &Boundary {
        &self.boundary
    }
}

fn open_pool(options: &SqliteOptions) -> Result<r2d2::Pool<SqliteConnectionManager>, OpenError> {
    let manager = SqliteConnectionManager::file(&options.path)
        .with_flags(settings::READ_FLAGS)
        .with_init(settings::for_reading);
    let database = |source| OpenError::Database {
        path: options.path.clone(),
        doing: "opening a reader",
        source,
    };
    // The first one is opened here, so that a file that cannot be read says why.
    let probe = r2d2::ManageConnection::connect(&manager).map_err(database)?;
    drop(probe);
    Ok(r2d2::Pool::builder()
        .max_size(options.readers)
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(POOL_TIMEOUT)
        .build_unchecked(manager))
}
