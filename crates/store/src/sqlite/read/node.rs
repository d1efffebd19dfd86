//! Reading nodes and attempts.

use rusqlite::{Row, params};
use smithers_model::node::{AttemptRow, AttemptState, Heartbeat, NodeRow, NodeState};
use smithers_model::worktree::KeptFiles;
use smithers_model::{NodeKey, RawJson, RunId};

use super::SqliteReader;
use crate::read::{NodeReader, ReadResult};
use crate::sqlite::codec::{Stored, from_optional_json, node_key, optional_time, time};

macro_rules! select_node {
    ($tail:literal) => {
        concat!(
            "SELECT node_id, iteration, state, last_attempt, updated_at_ms, output_table, label,
                    bound_json
             FROM _smithers_nodes ",
            $tail
        )
    };
}

macro_rules! select_attempt {
    ($tail:literal) => {
        concat!(
            "SELECT node_id, iteration, attempt, state, started_at_ms, finished_at_ms, error_json,
                    coalesce(retry_at_ms, held_retry_at_ms),
                    heartbeat_at_ms, heartbeat_data_json, meta_json, cached,
                    jj_cwd, jj_base_pointer, jj_pointer
             FROM _smithers_attempts ",
            $tail
        )
    };
}

fn node_row(row: &Row<'_>) -> rusqlite::Result<NodeRow> {
    Ok(NodeRow {
        node: node_key(row, 0)?,
        state: row.get::<_, Stored<NodeState>>(2)?.0,
        last_attempt: row.get(3)?,
        updated_at: time(row, 4)?,
        output_table: row.get(5)?,
        label: row.get(6)?,
        bound: from_optional_json(row, 7)?,
    })
}

fn attempt_row(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    Ok(AttemptRow {
        node: node_key(row, 0)?,
        attempt: row.get(2)?,
        state: row.get::<_, Stored<AttemptState>>(3)?.0,
        started_at: time(row, 4)?,
        finished_at: optional_time(row, 5)?,
        error: from_optional_json(row, 6)?,
        retry_at: optional_time(row, 7)?,
        heartbeat: heartbeat(row)?,
        meta: row.get::<_, Option<String>>(10)?.map(RawJson::trusted),
        cached: row.get(11)?,
        files: kept_files(row)?,
    })
}

fn kept_files(row: &Row<'_>) -> rusqlite::Result<Option<KeptFiles>> {
    let (path, base): (Option<String>, Option<String>) = (row.get(12)?, row.get(13)?);
    let Some((path, base)) = path.zip(base) else {
        return Ok(None);
    };
    let end = row.get(14)?;
    Ok(Some(KeptFiles { path, base, end }))
}

fn heartbeat(row: &Row<'_>) -> rusqlite::Result<Option<Heartbeat>> {
    let Some(at) = optional_time(row, 8)? else {
        return Ok(None);
    };
    let data: Option<String> = row.get(9)?;
    let data = data.map(RawJson::trusted);
    Ok(Some(Heartbeat { at, data }))
}

impl NodeReader for SqliteReader {
    fn nodes(&self, run: &RunId) -> ReadResult<Vec<NodeRow>> {
        let sql = select_node!("WHERE run_id = ?1 ORDER BY node_id, iteration");
        self.all(sql, [run.as_str()], node_row)
    }

    fn newest_nodes(&self, run: &RunId) -> ReadResult<Vec<NodeRow>> {
        // From one id to the next: the iterations between are not read.
        let sql = concat!(
            "WITH RECURSIVE ids (id) AS (
                 SELECT min(node_id) FROM _smithers_nodes WHERE run_id = ?1
                 UNION ALL
                 SELECT (SELECT min(node_id) FROM _smithers_nodes WHERE run_id = ?1 AND node_id > ids.id)
                 FROM ids WHERE ids.id IS NOT NULL
             ) ",
            select_node!(
                "JOIN ids ON node_id = ids.id
                 WHERE run_id = ?1 AND iteration =
                     (SELECT max(iteration) FROM _smithers_nodes WHERE run_id = ?1 AND node_id = ids.id)
                 ORDER BY node_id"
            )
        );
        self.all(sql, [run.as_str()], node_row)
    }

    fn node(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<NodeRow>> {
        let sql = select_node!("WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3");
        let key = params![run.as_str(), node.node_id.as_str(), node.iteration];
        self.one(sql, key, node_row)
    }

    fn attempts(&self, run: &RunId) -> ReadResult<Vec<AttemptRow>> {
        let sql = select_attempt!("WHERE run_id = ?1 ORDER BY node_id, iteration, attempt");
        self.all(sql, [run.as_str()], attempt_row)
    }

    fn attempts_of(&self, run: &RunId, node: &NodeKey) -> ReadResult<Vec<AttemptRow>> {
        let sql = select_attempt!(
            "WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 ORDER BY attempt"
        );
        let key = params![run.as_str(), node.node_id.as_str(), node.iteration];
        self.all(sql, key, attempt_row)
    }
}
