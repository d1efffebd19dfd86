//! Replacing a file as a whole: whoever reads it sees the old text or the new one, also after a crash.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rand::TryRngCore;
use rand::rngs::OsRng;

use crate::error::{Error, write};
use crate::lock::Lock;
use crate::place::Place;

/// End of the name of a file that is not finished.
const DRAFT: &str = ".draft";

/// Replaces one of the files of `place`, durable once this returns.
///
/// The draft is made exclusively, with a random name, for its owner alone. Holding the lock proves that no other draft
/// is in use, so those that a killed process left are removed: they may hold bearers.
pub(crate) fn replace(place: &Place, path: &Path, text: &[u8], _: &Lock) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default();
    remove_drafts(place.folder(), name).map_err(write(path))?;
    let mut random = [0; 8];
    OsRng
        .try_fill_bytes(&mut random)
        .map_err(|_| Error::Random)?;
    let mut draft = beginning(name);
    draft.push(hex::encode(random));
    draft.push(DRAFT);
    let draft = path.with_file_name(draft);
    let done = write_draft(place, &draft, text).and_then(|()| fs::rename(&draft, path));
    if done.is_err() {
        // It may hold bearers; when it cannot be removed now, the next change does it.
        let _ = fs::remove_file(&draft);
    }
    done.and_then(|()| File::open(place.folder())?.sync_all())
        .map_err(write(path))
}

fn write_draft(place: &Place, draft: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    place.hand_over(&file)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Returns how the names of all drafts of a file begin.
fn beginning(name: &OsStr) -> std::ffi::OsString {
    let mut beginning = std::ffi::OsString::from(".");
    beginning.push(name);
    beginning.push(".");
    beginning
}

fn remove_drafts(folder: &Path, name: &OsStr) -> io::Result<()> {
    let beginning = beginning(name);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(beginning.as_encoded_bytes()) && bytes.ends_with(DRAFT.as_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
