//! Reading what is kept for others: one by primary key, or counts of many for people.

use rusqlite::{Row, params};
use smithers_model::cache::{CacheFilter, CacheRow, CacheScope, CacheStats};
use smithers_model::{RawJson, RunId, Timestamp};

use super::SqliteReader;
use crate::read::{CacheReader, ReadResult};
use crate::sqlite::codec::{node_key, optional_time, time};

fn cache_row(row: &Row<'_>) -> rusqlite::Result<CacheRow> {
    let scope: String = row.get(6)?;
    Ok(CacheRow {
        node: node_key(row, 0)?,
        key: row.get(2)?,
        created_at: time(row, 3)?,
        expires_at: optional_time(row, 4)?,
        last_used_at: time(row, 5)?,
        // A scope of a newer version is part of the key, so a run that finds the row knows it.
        scope: CacheScope::from_text(&scope).unwrap_or(CacheScope::Run),
        workflow_name: row.get(7)?,
        output_table: row.get(8)?,
        schema_sig: row.get(9)?,
        output_schema_sig: row.get(10)?,
        agent_sig: row.get(11)?,
        tools_sig: row.get(12)?,
        version: row.get(13)?,
        source_run_id: RunId::new(row.get::<_, String>(14)?),
        source_attempt: row.get(15)?,
        payload: RawJson::trusted(row.get::<_, String>(16)?),
    })
}

impl CacheReader for SqliteReader {
    fn cached(&self, key: &str) -> ReadResult<Option<CacheRow>> {
        let sql = "SELECT node_id, iteration, cache_key, created_at_ms, expires_at_ms, last_used_at_ms, scope,
                          workflow_name, output_table, schema_sig, output_schema_sig, agent_sig, tools_sig,
                          cache_version, source_run_id, source_attempt, payload_json
                   FROM _smithers_cache WHERE cache_key = ?1 AND json_valid(payload_json)";
        self.one(sql, [key], cache_row)
    }

    fn cache_stats(&self, filter: &CacheFilter, now: Timestamp) -> ReadResult<CacheStats> {
        let sql = "SELECT count(*), coalesce(sum(bytes), 0),
                          count(*) FILTER (WHERE expires_at_ms <= ?3),
                          count(*) FILTER (WHERE expires_at_ms IS NULL), min(created_at_ms)
                   FROM _smithers_cache
                   WHERE (?1 IS NULL OR workflow_name = ?1)
                     AND (?2 IS NULL OR cache_key = ?2 OR node_id = ?2)";
        let stats = self.one(sql, params![filter.workflow, filter.key, now.0], |row| {
            Ok(CacheStats {
                rows: row.get(0)?,
                bytes: row.get(1)?,
                expired: row.get(2)?,
                unbounded: row.get(3)?,
                oldest_at_ms: optional_time(row, 4)?,
            })
        })?;
        Ok(stats.unwrap_or_default())
    }
}
