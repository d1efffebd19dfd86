//! SHA-256 of files, in bounded pieces.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::{Error, files};
use super::progress::{Progress, Stage, Watcher};

/// Bytes read at a time.
const PIECE: usize = 1024 * 1024;

/// Returns the lower-case hex SHA-256 of bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Returns the SHA-256 and the size of a file.
pub(super) fn of_file(path: &Path, watch: &mut Watcher<'_>) -> Result<(String, u64), Error> {
    copy_into(path, &mut std::io::sink(), path, watch)
}

/// Copies `from` into `out`, which is the file `to`, and returns the SHA-256 and the size of what was written.
pub(super) fn copy_into(
    from: &Path,
    out: &mut dyn Write,
    to: &Path,
    watch: &mut Watcher<'_>,
) -> Result<(String, u64), Error> {
    let mut file = files(File::open(from), "open", from)?;
    let total = files(file.metadata(), "look at", from)?.len();
    let (mut hasher, mut piece, mut done) = (Sha256::new(), vec![0; PIECE], 0);
    loop {
        let read = files(file.read(&mut piece), "read", from)?;
        if read == 0 {
            return Ok((hex::encode(hasher.finalize()), done));
        }
        hasher.update(&piece[..read]);
        files(out.write_all(&piece[..read]), "write", to)?;
        done += read as u64;
        watch(Progress {
            stage: Stage::Hashing,
            done,
            total: Some(total),
        });
    }
}
