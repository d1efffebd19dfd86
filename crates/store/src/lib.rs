//! The store: small traits, one concern each, with a SQLite and a memory backend behind them.
//!
//! ```text
//! run actors --submit--> WriterHandle --queue--> writer thread --commit--> Transactions (sqlite | memory)
//!                                                      |  \--publish--> Publisher, then the replies
//! readers   <--ReadGuard-- Backend::reader (pool of read-only connections)
//! ```
//!
//! One writer thread owns the only write path and commits what has queued meanwhile as one transaction.
//! Steps are numbered by the run that sends them and fenced by the numbers stored with the run.
//! This crate knows neither actors nor the wire; what it stores is the vocabulary of `smithers_model`.

mod audit_chain;
mod backend;
mod boundary;
mod cache;
mod commit;
mod deletion;
mod error;
pub mod memory;
pub mod ops;
mod precheck;
pub mod read;
mod schema;
pub mod sqlite;
mod start;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod writer;

pub use audit_chain::{ChainCursor, first_break};
pub use backend::{Backend, ReadGuard, Transactions};
pub use boundary::Boundary;
pub use cache::CacheSweep;
pub use commit::{CommittedStep, Refusal, RunHead};
pub use deletion::{Deletion, DeletionRefusal, log_digest};
pub use error::{CommitError, Error, FaultKind, OpenError};
pub use memory::MemoryStore;
pub use read::Reader;
pub use schema::SchemaError;
pub use sqlite::{Durability, SqliteOptions, SqliteStore};
pub use writer::{
    NoPublisher, Publisher, StepOutcome, SubmitError, Writer, WriterHandle, WriterOptions,
    WriterState, WriterStats,
};

#[cfg(test)]
mod fuzz;
