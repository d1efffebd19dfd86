//! Deleting a run: its tombstone, its audit row and the end of its head are one transaction, from which on
//! nobody sees it. The rows of a large run go in further transactions; a mark says that some are left.

mod purge;
mod tombstone;

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::RunId;
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder};
use smithers_model::run::RunStatus;

use super::audit;
use crate::deletion::{
    self, Candidate, Deletion, DeletionRefusal, NAMED_CHILDREN, deletion_record, hold_record,
};
use crate::sqlite::codec::{Stored, run_id};
use crate::sqlite::read;

/// Outcome of a transaction that may refuse.
type Verdict<T> = rusqlite::Result<Result<T, DeletionRefusal>>;

/// Begins a deletion, and finishes it unless the run is large.
pub(super) fn begin(conn: &Connection, order: &DeletionOrder) -> Verdict<Deletion> {
    if let Err(refusal) = deletion::check(order, candidate(conn, &order.run_id)?) {
        return Ok(Err(refusal));
    }
    let tombstone = tombstone::of(conn, order)?;
    tombstone::insert(conn, &tombstone)?;
    audit::append(conn, &deletion_record(order, &tombstone))?;
    let sql = "INSERT INTO _smithers_run_deletions (run_id, begun_at_ms) VALUES (?1, ?2)";
    conn.execute(sql, params![order.run_id.as_str(), order.at.0])?;
    purge::hide(conn, &order.run_id)?;
    Ok(Ok(Deletion {
        is_finished: purge::some(conn, &order.run_id)?,
        tombstone,
    }))
}

/// Goes on with a deletion. Returns whether it is finished, also when there was nothing to do.
pub(super) fn go_on(conn: &Connection, run: &RunId) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM _smithers_run_deletions WHERE run_id = ?1";
    if !conn.prepare_cached(sql)?.exists([run.as_str()])? {
        return Ok(true);
    }
    purge::some(conn, run)
}

/// Holds a run, or releases it.
pub(super) fn hold(conn: &Connection, order: &HoldOrder) -> Verdict<Option<Hold>> {
    if candidate(conn, &order.run_id)?.is_none() {
        return Ok(Err(DeletionRefusal::NotFound(order.run_id.clone())));
    }
    let run = order.run_id.as_str();
    let held = if order.hold {
        let sql = "INSERT INTO _smithers_run_holds (run_id, held_at_ms, held_by, reason)
                   VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (run_id) DO UPDATE SET
                       held_at_ms = excluded.held_at_ms, held_by = excluded.held_by,
                       reason = excluded.reason";
        let by = &order.actor.user_id;
        conn.execute(sql, params![run, order.at.0, by, order.reason])?;
        Some(Hold {
            held_at: order.at,
            held_by: by.clone(),
            reason: order.reason.clone(),
        })
    } else {
        conn.execute("DELETE FROM _smithers_run_holds WHERE run_id = ?1", [run])?;
        None
    };
    audit::append(conn, &hold_record(order))?;
    Ok(Ok(held))
}

/// The run as far as it decides about its deletion; none when it does not exist or has begun to go.
fn candidate(conn: &Connection, run: &RunId) -> rusqlite::Result<Option<Candidate>> {
    let sql = "SELECT r.status, h.next_seq
               FROM _smithers_runs r CROSS JOIN _smithers_run_heads h ON h.run_id = r.run_id
               WHERE r.run_id = ?1";
    let head = conn
        .query_row(sql, [run.as_str()], |row| {
            Ok((row.get::<_, Stored<RunStatus>>(0)?.0, row.get(1)?))
        })
        .optional()?;
    let Some((status, next_seq)) = head else {
        return Ok(None);
    };
    let mut children = conn.prepare_cached(read::CHILDREN)?;
    let children =
        children.query_map(params![run.as_str(), NAMED_CHILDREN], |row| run_id(row, 0))?;
    Ok(Some(Candidate {
        status,
        next_seq,
        hold: conn
            .query_row(read::HOLD, [run.as_str()], read::hold_row)
            .optional()?,
        children: children.collect::<rusqlite::Result<_>>()?,
    }))
}
