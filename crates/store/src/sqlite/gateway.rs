//! The row of the gateway: who owns the database, and counters that never go back.

use rusqlite::{Connection, TransactionBehavior, params};
use smithers_model::{Epoch, Timestamp};

/// SQLite's clock in milliseconds since 1970.
macro_rules! now_ms {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}
pub(super) use now_ms;

/// SQLite's clock.
pub(super) fn now(conn: &Connection) -> rusqlite::Result<Timestamp> {
    let sql = concat!("SELECT ", now_ms!());
    Ok(Timestamp(conn.query_row(sql, [], |row| row.get(0))?))
}

/// Counters of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counters {
    /// Position of the newest event.
    pub(super) last_position: u64,
    /// State version of the newest visible event.
    pub(super) state_version: u64,
}

/// Takes ownership. The lock is held, so whoever wrote the row before is dead.
pub(super) fn claim(conn: &mut Connection) -> rusqlite::Result<Epoch> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let epoch =
        tx.query_row(
            concat!(
            "INSERT INTO _smithers_gateway (id, database_id, instance_id, epoch, pid, opened_at_ms,
                                            heartbeat_at_ms, last_position, state_version)
             VALUES (1, ?1, ?2, 1, ?3, ", now_ms!(), ", ", now_ms!(), ", 0, 0)
             ON CONFLICT (id) DO UPDATE SET
                 previous_heartbeat_at_ms = heartbeat_at_ms,
                 instance_id = excluded.instance_id, epoch = epoch + 1, pid = excluded.pid,
                 opened_at_ms = excluded.opened_at_ms, heartbeat_at_ms = excluded.heartbeat_at_ms
             RETURNING epoch"
        ),
            params![random_id(), random_id(), std::process::id()],
            |row| row.get(0),
        )?;
    tx.commit()?;
    Ok(Epoch(epoch))
}

/// Reads the counters.
pub(super) fn counters(conn: &Connection) -> rusqlite::Result<Counters> {
    conn.query_row(
        "SELECT last_position, state_version FROM _smithers_gateway WHERE id = 1",
        [],
        |row| {
            Ok(Counters {
                last_position: row.get(0)?,
                state_version: row.get(1)?,
            })
        },
    )
}

/// Stores the counters, with a sign of life.
pub(super) fn advance(conn: &Connection, counters: Counters) -> rusqlite::Result<()> {
    let sql = concat!(
        "UPDATE _smithers_gateway
         SET last_position = ?1, state_version = ?2, heartbeat_at_ms = ",
        now_ms!(),
        "
         WHERE id = 1"
    );
    conn.prepare_cached(sql)?
        .execute([counters.last_position, counters.state_version])?;
    Ok(())
}

fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
