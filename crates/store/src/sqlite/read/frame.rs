//! Reading frames and trees.

use rusqlite::{Row, params};
use smithers_model::RunId;
use smithers_model::frame::{FrameRow, TreeContent};

use super::SqliteReader;
use crate::error::Error;
use crate::read::{FrameReader, ReadResult};
use crate::sqlite::codec::{decompress, from_optional_json, time};

macro_rules! select_frame {
    ($tail:literal) => {
        concat!(
            "SELECT frame_no, created_at_ms, tree_hash, trigger_json FROM _smithers_frames ",
            $tail
        )
    };
}

fn frame_row(row: &Row<'_>) -> rusqlite::Result<FrameRow> {
    Ok(FrameRow {
        frame_no: row.get(0)?,
        created_at: time(row, 1)?,
        tree_hash: row.get(2)?,
        trigger: from_optional_json(row, 3)?,
    })
}

/// A tree as it is stored: its three texts in a row, compressed, with their lengths.
struct PackedTree {
    content: Vec<u8>,
    xml: usize,
    mounted: usize,
    index: usize,
}

impl PackedTree {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            content: row.get(0)?,
            xml: row.get(1)?,
            mounted: row.get(2)?,
            index: row.get(3)?,
        })
    }

    fn unpack(&self, hash: &str) -> ReadResult<TreeContent> {
        let size = self
            .xml
            .saturating_add(self.mounted)
            .saturating_add(self.index);
        let text = decompress(&self.content, size)?;
        let part = |from: usize, length: usize| {
            let part = text.get(from..from + length);
            part.map(str::to_owned)
                .ok_or_else(|| Error::damaged("tree", "its parts do not add up"))
        };
        Ok(TreeContent {
            hash: hash.to_owned(),
            xml: part(0, self.xml)?,
            mounted_tasks: part(self.xml, self.mounted)?,
            task_index: part(self.xml + self.mounted, self.index)?,
        })
    }
}

impl FrameReader for SqliteReader {
    fn frame(&self, run: &RunId, frame_no: u64) -> ReadResult<Option<FrameRow>> {
        let sql = select_frame!("WHERE run_id = ?1 AND frame_no = ?2");
        let number = i64::try_from(frame_no).unwrap_or(i64::MAX);
        self.one(sql, params![run.as_str(), number], frame_row)
    }

    fn frames(&self, run: &RunId, after: u64, limit: usize) -> ReadResult<Vec<FrameRow>> {
        let sql =
            select_frame!("WHERE run_id = ?1 AND frame_no > ?2 ORDER BY frame_no DESC LIMIT ?3");
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.all(sql, params![run.as_str(), after, limit], frame_row)
    }

    fn latest_frame(&self, run: &RunId) -> ReadResult<Option<FrameRow>> {
        let sql = select_frame!("WHERE run_id = ?1 ORDER BY frame_no DESC LIMIT 1");
        self.one(sql, [run.as_str()], frame_row)
    }

    fn tree(&self, hash: &str) -> ReadResult<Option<TreeContent>> {
        let sql = "SELECT content, xml_bytes, mounted_bytes, index_bytes FROM _smithers_trees WHERE hash = ?1";
        let packed = self.one(sql, [hash], PackedTree::of)?;
        packed.map(|packed| packed.unpack(hash)).transpose()
    }
}
