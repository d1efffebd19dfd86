//! Whether a backup can be restored, found without restoring it.

use std::path::Path;

use serde::Serialize;

use super::check::{Depth, Report, check};
use super::error::Error;
use super::hash;
use super::inspect::inspect;
use super::manifest::{IncludedFile, Manifest};
use super::progress::Watcher;

/// A backup whose every byte is as it was written, and whose database is sound.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What the checks of its database found.
    pub report: Report,
}

/// Verifies the backup in `folder`: hashes every file again, examines the database, and compares what it holds with the
/// manifest.
///
/// # Errors
/// It is not whole, or not what its manifest says; the error lists everything that is wrong.
pub fn verify(folder: &Path, watch: &mut Watcher<'_>) -> Result<Verified, Error> {
    let manifest = Manifest::read(folder)?;
    let damages = manifest
        .included()
        .filter_map(|file| damage(folder, file, watch));
    let mut problems: Vec<String> = damages.collect();
    // Looking into a file that is known to be another one would only repeat that.
    if problems.is_empty() {
        let path = folder.join(&manifest.database.name);
        let report = check(&path, Depth::Full, watch)?;
        problems.extend(report.problems());
        problems.extend(manifest.contents.differences(&inspect(&path, watch)?));
        if problems.is_empty() {
            return Ok(Verified { manifest, report });
        }
    }
    Err(Error::Unsound {
        what: "backup",
        path: folder.to_owned(),
        problems,
    })
}

/// Returns what is wrong with the bytes of a file.
fn damage(folder: &Path, file: &IncludedFile, watch: &mut Watcher<'_>) -> Option<String> {
    let path = folder.join(&file.name);
    let name = &file.name;
    if !path.is_file() {
        return Some(format!("`{name}` is missing"));
    }
    match hash::of_file(&path, watch) {
        Err(error) => Some(error.to_string()),
        Ok((_, size)) if size != file.size_bytes => {
            let expected = file.size_bytes;
            Some(format!("`{name}` has {size} bytes instead of {expected}"))
        }
        Ok((sha256, _)) if sha256 != file.sha256 => {
            Some(format!("`{name}` was changed: its SHA-256 is {sha256}"))
        }
        Ok(_) => None,
    }
}
