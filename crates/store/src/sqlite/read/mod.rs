//! Reading: one connection per reader, prepared statements, every query by an index.

mod approval;
mod audit;
mod cache;
mod child;
mod deletion;
mod delivery;
mod deployment;
mod due;
mod effect;
mod event;
mod frame;
mod history;
mod instant;
mod loops;
mod module;
mod node;
mod output;
mod run;
mod schedule;
mod score;
mod signal;
mod wait;

pub(super) use deletion::{CHILDREN, COUNTS, HOLD, counts_row, hold_row};
pub(super) use deployment::{NEWEST_DEPLOYMENT, deployment_row};
pub(super) use output::stored_output;
pub(super) use schedule::schedule;

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::RwLock;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use smithers_model::RunId;
use smithers_model::rows::RunRows;

use super::codec::collect;
use crate::read::{
    ApprovalReader, EffectReader, EventReader, LoopReader, NodeReader, OutputReader, ReadResult,
    Reader, RunReader, ScoreReader, SignalReader, WaitReader,
};
use crate::schema::Schema;

/// A connection that a reader uses.
pub(crate) enum Lease {
    /// On loan from the pool of an open store.
    Pooled(r2d2::PooledConnection<SqliteConnectionManager>),
    /// Its own, to a file that this process need not own.
    Own(Connection),
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Pooled(conn) => conn,
            Self::Own(conn) => conn,
        }
    }
}

/// A reader of one database file.
pub(crate) struct SqliteReader {
    conn: Lease,
    schema: Arc<RwLock<Schema>>,
}

impl SqliteReader {
    pub(super) fn new(conn: Lease, schema: Arc<RwLock<Schema>>) -> Self {
        Self { conn, schema }
    }

    /// Reads through `conn`; knows no output tables.
    pub(crate) fn alone(conn: Connection) -> Self {
        Self::new(Lease::Own(conn), Arc::default())
    }

    /// Returns the row of a query that gives one at most.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> ReadResult<Option<T>> {
        let mut statement = self.prepare(sql)?;
        Ok(statement.query_row(params, map).optional()?)
    }

    /// Returns all rows of a query.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> ReadResult<Vec<T>> {
        let mut statement = self.prepare(sql)?;
        collect(statement.query_map(params, map)?)
    }

    fn prepare(&self, sql: &str) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        #[cfg(test)]
        tests::record(sql);
        self.conn.prepare_cached(sql)
    }
}

impl SqliteReader {
    fn gather(&self, run: &RunId) -> ReadResult<Option<RunRows>> {
        let Some(row) = self.run(run)? else {
            return Ok(None);
        };
        Ok(Some(RunRows {
            continuation: match row.chain {
                Some(_) => self.continuation(run)?,
                None => None,
            },
            row,
            nodes: self.nodes(run)?,
            attempts: self.attempts(run)?,
            loops: self.loops(run)?,
            waits: self.waits(run)?,
            effects: self.open_effects(run)?,
            scorings: self.scorings(run)?,
            signals: self.signals(run)?,
            approvals: self.approvals(run)?,
            outputs: self.outputs(run)?,
            tokens: self.tokens(run)?,
        }))
    }
}

impl Reader for SqliteReader {
    fn load_run(&self, run: &RunId) -> ReadResult<Option<RunRows>> {
        if self.is_of_one_instant() {
            return self.gather(run);
        }
        let transaction = self.conn.unchecked_transaction()?;
        let rows = self.gather(run)?;
        transaction.commit()?;
        Ok(rows)
    }
}

/// A bound as SQLite takes it.
fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
