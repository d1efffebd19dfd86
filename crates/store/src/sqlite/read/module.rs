//! Reading module graphs.

use std::sync::Arc;

use smithers_model::workflow::ModuleRevision;

use super::SqliteReader;
use crate::error::Error;
use crate::read::{ModuleReader, ReadResult};
use crate::sqlite::codec::decompress;

impl ModuleReader for SqliteReader {
    fn module_graph(&self, hash: &str) -> ReadResult<Option<ModuleRevision>> {
        let sql = "SELECT entry, files, files_bytes FROM _smithers_modules WHERE hash = ?1";
        let packed = self.one(sql, [hash], |row| {
            Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?, row.get(2)?))
        })?;
        let Some((entry, files, size)) = packed else {
            return Ok(None);
        };
        let files = decompress(&files, size)?;
        let files = serde_json::from_str(&files).map_err(|e| Error::damaged("module graph", e))?;
        Ok(Some(ModuleRevision {
            hash: hash.to_owned(),
            entry,
            files: Arc::new(files),
        }))
    }
}
