//! The numbers of events: none is missing, none is beyond the counters that hand them out.

use rusqlite::Connection;

use super::texts;

/// Runs whose log has a hole, or does not end where their head says. The numbers are unique, so that as many as the
/// head has handed out, from the first to the last, are all of them.
pub(super) fn sequences(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut problems = texts(
        conn,
        "SELECT format('run `%s` has %d events from %d to %d, and its head says %d from 0',
                       h.run_id, coalesce(e.events, 0), e.first, e.last, h.next_seq)
         FROM _smithers_run_heads h
         LEFT JOIN (SELECT run_id, count(*) AS events, min(seq) AS first, max(seq) AS last
                    FROM _smithers_events GROUP BY run_id) e USING (run_id)
         WHERE coalesce(e.events, 0) <> h.next_seq OR e.first <> 0 OR e.last <> h.next_seq - 1",
    )?;
    problems.extend(texts(
        conn,
        "SELECT format('run `%s` has %d visible events from %d to %d, and its head says %d from 1',
                       h.run_id, coalesce(e.events, 0), e.first, e.last, h.next_stream_seq - 1)
         FROM _smithers_run_heads h
         LEFT JOIN (SELECT run_id, count(*) AS events, min(stream_seq) AS first, max(stream_seq) AS last
                    FROM _smithers_events WHERE stream_seq IS NOT NULL GROUP BY run_id) e USING (run_id)
         WHERE coalesce(e.events, 0) <> h.next_stream_seq - 1
            OR e.first <> 1 OR e.last <> h.next_stream_seq - 1",
    )?);
    problems.extend(headless(conn)?);
    Ok(problems)
}

/// Runs without a head, but for those whose deletion is under way: their head goes first.
fn headless(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let is_deleted = match conn.table_exists(None, "_smithers_run_deletions")? {
        true => "run_id IN (SELECT run_id FROM _smithers_run_deletions)",
        false => "0",
    };
    texts(
        conn,
        &format!(
            "SELECT format('run `%s` has no head', run_id) FROM _smithers_runs
             WHERE run_id NOT IN (SELECT run_id FROM _smithers_run_heads) AND NOT {is_deleted}"
        ),
    )
}

/// Counters of the gateway that are behind what is stored: the next event would get a number that is taken.
pub(super) fn counters(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    texts(
        conn,
        "SELECT format('the newest event is %d with version %d, and the counters say %d and %d',
                       e.position, e.version, g.last_position, g.state_version)
         FROM (SELECT coalesce(max(position), 0) AS position, coalesce(max(state_version), 0) AS version
               FROM _smithers_events) e
         LEFT JOIN _smithers_gateway g ON g.id = 1
         WHERE e.position > coalesce(g.last_position, 0) OR e.version > coalesce(g.state_version, 0)",
    )
}
