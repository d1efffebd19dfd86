//! Writing frames and, once per content, trees.

use rusqlite::{Connection, params};
use smithers_model::RunId;
use smithers_model::frame::{FrameRow, TreeContent};

use crate::boundary::Boundary;
use crate::sqlite::codec::{compress, optional_json};

/// Stores a frame; its number must be new.
pub(super) fn put(conn: &Connection, run: &RunId, frame: &FrameRow) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO _smithers_frames (run_id, frame_no, created_at_ms, tree_hash, trigger_json)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        frame.frame_no,
        frame.created_at.0,
        frame.tree_hash,
        optional_json(frame.trigger.as_ref()),
    ])?;
    Ok(())
}

/// Stores a tree, cleaned, unless it is there; equal frames cost a look.
pub(super) fn put_tree(
    conn: &Connection,
    boundary: &Boundary,
    run: &RunId,
    tree: &TreeContent,
) -> rusqlite::Result<()> {
    let known = "SELECT 1 FROM _smithers_trees WHERE hash = ?1";
    if conn.prepare_cached(known)?.exists([&tree.hash])? {
        return Ok(());
    }
    let clean = boundary.tree(run, tree);
    let tree = clean.as_ref().unwrap_or(tree);
    let content = [&*tree.xml, &*tree.mounted_tasks, &*tree.task_index].concat();
    let sql = "INSERT INTO _smithers_trees (hash, content, xml_bytes, mounted_bytes, index_bytes)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![
        tree.hash,
        compress(content.as_bytes())?,
        tree.xml.len(),
        tree.mounted_tasks.len(),
        tree.task_index.len(),
    ])?;
    Ok(())
}
