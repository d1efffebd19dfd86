//! Giving unused pages of the file back. Only files that were made with incremental vacuum can; others keep
//! their pages and use them again.

use rusqlite::Connection;

/// Gives at most `most` pages back, as one transaction; returns how many it gave.
pub(super) fn release(conn: &Connection, most: u32) -> rusqlite::Result<u64> {
    // It answers a row for each page, and stops when nobody asks on.
    let mut statement = conn.prepare(&format!("PRAGMA incremental_vacuum({most})"))?;
    let mut rows = statement.query([])?;
    let mut released = 0;
    while rows.next()?.is_some() {
        released += 1;
    }
    Ok(released)
}
