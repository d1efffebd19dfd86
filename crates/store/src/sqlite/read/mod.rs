//! Reading: one pooled connection per reader, prepared statements, every query by an index.

mod approval;
mod audit;
mod deletion;
mod deployment;
mod due;
mod event;
mod frame;
mod module;
mod node;
mod output;
mod run;

pub(super) use deletion::{CHILDREN, COUNTS, HOLD, counts_row, hold_row};
pub(super) use deployment::{NEWEST_DEPLOYMENT, deployment_row};

use std::sync::Arc;

use parking_lot::RwLock;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{OptionalExtension, Params, Row};
use smithers_model::RunId;

use super::codec::collect;
use crate::read::{NodeReader, OutputReader, ReadResult, Reader, RunReader, RunRows};
use crate::schema::Schema;

/// A reader with a connection on loan from the pool.
pub(super) struct SqliteReader {
    conn: r2d2::PooledConnection<SqliteConnectionManager>,
    schema: Arc<RwLock<Schema>>,
}

impl SqliteReader {
    pub(super) fn new(
        conn: r2d2::PooledConnection<SqliteConnectionManager>,
        schema: Arc<RwLock<Schema>>,
    ) -> Self {
        Self { conn, schema }
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

impl Reader for SqliteReader {
    fn load_run(&self, run: &RunId) -> ReadResult<Option<RunRows>> {
        // One read transaction: the rows are those of one instant.
        let transaction = self.conn.unchecked_transaction()?;
        let Some(row) = self.run(run)? else {
            return Ok(None);
        };
        let rows = RunRows {
            row,
            nodes: self.nodes(run)?,
            attempts: self.attempts(run)?,
            approvals: self.approvals_of(run)?,
            outputs: self.outputs(run)?,
        };
        transaction.commit()?;
        Ok(Some(rows))
    }
}

/// A bound as SQLite takes it.
fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
