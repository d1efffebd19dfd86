//! Writing what is kept for others.

use rusqlite::{Connection, params};
use smithers_model::Timestamp;
use smithers_model::cache::{CacheFilter, CacheRow};

use crate::cache::CacheSweep;

/// Keeps a result, in place of an older one of its key.
pub(super) fn put(conn: &Connection, row: &CacheRow) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO _smithers_cache
                   (cache_key, created_at_ms, workflow_name, node_id, iteration, output_table, schema_sig,
                    output_schema_sig, agent_sig, tools_sig, payload_json, scope, cache_version, source_run_id,
                    source_attempt, expires_at_ms, last_used_at_ms, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    conn.prepare_cached(sql)?.execute(params![
        row.key,
        row.created_at.0,
        row.workflow_name,
        row.node.node_id.as_str(),
        row.node.iteration,
        row.output_table,
        row.schema_sig,
        row.output_schema_sig,
        row.agent_sig,
        row.tools_sig,
        row.payload.as_str(),
        row.scope.as_str(),
        row.version,
        row.source_run_id.as_str(),
        row.source_attempt,
        row.expires_at.map(|at| at.0),
        row.last_used_at.0,
        row.bytes(),
    ])?;
    Ok(())
}

/// Notes that a result was used.
pub(super) fn touch(conn: &Connection, key: &str, at: Timestamp) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_cache SET last_used_at_ms = max(last_used_at_ms, ?2) WHERE cache_key = ?1";
    conn.prepare_cached(sql)?.execute(params![key, at.0])?;
    Ok(())
}

/// Forgets results that have expired, then those used longest ago while all take more than the cap.
pub(super) fn sweep(conn: &Connection, sweep: &CacheSweep) -> rusqlite::Result<u64> {
    let sql = "DELETE FROM _smithers_cache WHERE cache_key IN (
                   SELECT cache_key FROM _smithers_cache
                   WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms, cache_key LIMIT ?2)";
    let expired = conn
        .prepare_cached(sql)?
        .execute(params![sweep.now.0, sweep.most])?;
    let left = sweep
        .most
        .saturating_sub(u32::try_from(expired).unwrap_or(u32::MAX));
    let evicted = evict(conn, sweep.cap_bytes, left)?;
    Ok((expired + evicted) as u64)
}

/// Forgets at most `most` of those used longest ago, until the rest fits `cap` bytes.
fn evict(conn: &Connection, cap: u64, most: u32) -> rusqlite::Result<usize> {
    let sum =
        "SELECT coalesce(sum(bytes), 0) FROM _smithers_cache INDEXED BY _smithers_cache_by_use";
    let bytes: u64 = conn.prepare_cached(sum)?.query_row([], |row| row.get(0))?;
    let Some(excess) = bytes.checked_sub(cap).filter(|excess| *excess > 0) else {
        return Ok(0);
    };
    let sql = "DELETE FROM _smithers_cache WHERE cache_key IN (
                   SELECT cache_key FROM (
                       SELECT cache_key, bytes,
                              sum(bytes) OVER (ORDER BY last_used_at_ms, bytes, cache_key) AS up_to
                       FROM _smithers_cache INDEXED BY _smithers_cache_by_use
                       ORDER BY last_used_at_ms, bytes, cache_key LIMIT ?2)
                   WHERE up_to - bytes < ?1)";
    conn.prepare_cached(sql)?.execute(params![excess, most])
}

/// Forgets at most `most` of the results that `filter` admits.
pub(in crate::sqlite) fn clear(
    conn: &Connection,
    filter: &CacheFilter,
    most: u32,
) -> rusqlite::Result<u64> {
    let sql = "DELETE FROM _smithers_cache WHERE cache_key IN (
                   SELECT cache_key FROM _smithers_cache
                   WHERE (?1 IS NULL OR workflow_name = ?1)
                     AND (?2 IS NULL OR cache_key = ?2 OR node_id = ?2)
                   LIMIT ?3)";
    let gone = conn
        .prepare_cached(sql)?
        .execute(params![filter.workflow, filter.key, most])?;
    Ok(gone as u64)
}
