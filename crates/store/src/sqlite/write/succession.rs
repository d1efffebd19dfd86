//! Writing the run that goes on in place of another: its rows, and copies of the output rows it goes on with.

use rusqlite::{Connection, params};
use smithers_model::RunId;
use smithers_model::run::RunRow;
use smithers_model::step::{NewRun, Successor};

use super::tables::quoted;
use super::{history, loops, run, signal};
use crate::schema::Schema;
use crate::sqlite::codec::json;

/// Begins the run that follows `before`. All that `before` has given is stored by now.
pub(super) fn begin(
    conn: &Connection,
    before: &RunId,
    next: &Successor,
    schema: &Schema,
    deployment: Option<&str>,
) -> rusqlite::Result<()> {
    let row = &next.row;
    let new = NewRun {
        row: RunRow {
            tie: None,
            ..row.clone()
        },
        idempotency_key: None,
    };
    run::insert(conn, &new, deployment)?;
    run::insert_input(conn, row, schema)?;
    link(conn, before, next)?;
    let sql = "INSERT INTO _smithers_run_heads
                   (run_id, epoch, next_seq, next_stream_seq, next_frame_no, next_clock)
               SELECT ?2, epoch, 0, 1, 1, next_clock FROM _smithers_run_heads WHERE run_id = ?1";
    let pair = params![before.as_str(), row.run_id.as_str()];
    conn.prepare_cached(sql)?.execute(pair)?;
    for state in &next.loops {
        loops::put(conn, &row.run_id, state)?;
    }
    for left_over in &next.signals {
        signal::add(conn, &row.run_id, left_over)?;
    }
    let sql = "SELECT next_clock FROM _smithers_run_heads WHERE run_id = ?1";
    let clock = conn
        .prepare_cached(sql)?
        .query_row([row.run_id.as_str()], |head| head.get(0))?;
    history::keep(conn, &row.run_id, &next.baseline, clock)?;
    match next.keeps_rows {
        true => copy_outputs(conn, before, &row.run_id, schema),
        false => Ok(()),
    }
}

/// Notes the place of the new run in its chain. If `before` is a child, the new run is what the parent waits for.
fn link(conn: &Connection, before: &RunId, next: &Successor) -> rusqlite::Result<()> {
    let (run, told) = (next.row.run_id.as_str(), &next.told);
    let sql = "INSERT INTO _smithers_continuations
                   (run_id, before_run_id, first_run_id, depth, told_json)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![
        run,
        before.as_str(),
        told.first_run_id.as_str(),
        told.depth,
        json(told),
    ])?;
    let sql = "UPDATE _smithers_runs
               SET parent_tie = (SELECT parent_tie FROM _smithers_runs WHERE run_id = ?2)
               WHERE run_id = ?1";
    conn.prepare_cached(sql)?.execute([run, before.as_str()])?;
    let sql = "UPDATE _smithers_runs SET parent_tie = 'taken'
               WHERE run_id = ?1 AND parent_tie IS NOT NULL";
    conn.prepare_cached(sql)?.execute([before.as_str()])?;
    Ok(())
}

/// The run begins again without what it was told; its place in the chain stays.
pub(super) fn forget(conn: &Connection, run: &RunId) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_continuations SET told_json = NULL WHERE run_id = ?1";
    conn.prepare_cached(sql)?.execute([run.as_str()])?;
    Ok(())
}

fn copy_outputs(
    conn: &Connection,
    before: &RunId,
    next: &RunId,
    schema: &Schema,
) -> rusqlite::Result<()> {
    let sql = "SELECT DISTINCT output_table FROM _smithers_output_provenance WHERE run_id = ?1";
    let mut keys = conn.prepare_cached(sql)?;
    let keys = keys.query_map([before.as_str()], |row| row.get::<_, String>(0))?;
    for key in keys.collect::<rusqlite::Result<Vec<_>>>()? {
        // A table of a schema that is not loaded any more has no rows that a frame could read.
        let Some(table) = schema.table(&key) else {
            continue;
        };
        let mut columns = String::from("node_id, iteration");
        for column in &table.columns {
            columns.push_str(", ");
            columns.push_str(&quoted(&column.name));
        }
        let name = quoted(&table.name);
        let sql = format!(
            "INSERT INTO {name} (run_id, {columns}) SELECT ?2, {columns} FROM {name} WHERE run_id = ?1"
        );
        let pair = params![before.as_str(), next.as_str()];
        conn.prepare_cached(&sql)?.execute(pair)?;
    }
    let sql =
        "INSERT INTO _smithers_output_provenance (run_id, output_table, node_id, iteration, seq)
               SELECT ?2, output_table, node_id, iteration, seq
               FROM _smithers_output_provenance WHERE run_id = ?1";
    let pair = params![before.as_str(), next.as_str()];
    conn.prepare_cached(sql)?.execute(pair)?;
    Ok(())
}
