//! Writing how child runs are tied to their parents.

use rusqlite::{Connection, params};
use smithers_model::step::ChildTie;
use smithers_model::{RawJson, RunId};

/// The parent does without the child from now on, which may have gone on as other runs.
pub(super) fn let_go(
    conn: &Connection,
    parent: &RunId,
    child: &RunId,
    tie: ChildTie,
) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_runs SET parent_tie = ?3
               WHERE parent_run_id = ?1 AND run_id = coalesce(
                   (SELECT run_id FROM _smithers_continuations
                    WHERE first_run_id = ?2 ORDER BY depth DESC LIMIT 1), ?2)";
    conn.prepare_cached(sql)?
        .execute(params![parent.as_str(), child.as_str(), tie.as_str()])?;
    Ok(())
}

/// The run belongs to its parent again.
pub(super) fn reattach(
    conn: &Connection,
    run: &RunId,
    input: Option<&RawJson>,
) -> rusqlite::Result<()> {
    let sql = "SELECT parent_run_id FROM _smithers_runs WHERE run_id = ?1";
    let parent: Option<String> = conn
        .prepare_cached(sql)?
        .query_row([run.as_str()], |row| row.get(0))?;
    let tie = parent.map(|parent| tie(conn, &RunId::new(parent)));
    let sql = "UPDATE _smithers_runs SET parent_tie = ?2, input_json = coalesce(?3, input_json)
               WHERE run_id = ?1";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        tie.transpose()?.map(ChildTie::as_str),
        input.map(RawJson::as_str),
    ])?;
    Ok(())
}

/// The tie of a child that begins now: one whose parent has ended meanwhile is unwanted from the beginning.
pub(super) fn tie(conn: &Connection, parent: &RunId) -> rusqlite::Result<ChildTie> {
    let sql = "SELECT EXISTS (SELECT 1 FROM _smithers_runs
                              WHERE run_id = ?1 AND finished_at_ms IS NULL)";
    let goes_on = conn
        .prepare_cached(sql)?
        .query_row([parent.as_str()], |row| row.get(0))?;
    Ok(match goes_on {
        true => ChildTie::Awaited,
        false => ChildTie::Unwanted,
    })
}
