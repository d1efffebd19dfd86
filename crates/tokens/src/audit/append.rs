//! Adding to the trail.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use serde::Serialize;
use serde_json::Value;
use smithers_model::Timestamp;
use smithers_model::redact;

use super::{NO_LINE, Origin, Record, hash};
use crate::error::{Error, unreadable};
use crate::load::LoadError;
use crate::lock::Lock;
use crate::place::Place;

/// Longest line that is ever written; the largest record, with 64 scopes of 64 bytes, is far below it.
pub(super) const MAX_LINE: u64 = 1024 * 1024;

/// A line as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    seq: u64,
    prev_hash: &'a str,
    #[serde(flatten)]
    record: &'a Record,
    at_ms: Timestamp,
    #[serde(flatten)]
    origin: &'a Origin,
}

/// Adds records, durable once this returns. Holding the lock makes the numbers follow each other.
pub(crate) fn append(
    place: &Place,
    origin: &Origin,
    now: Timestamp,
    records: &[Record],
    _: &Lock,
) -> Result<(), Error> {
    let path = place.audit();
    let opened = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path);
    let mut file = opened.map_err(|error| unreadable(&path, error))?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(unreadable(&path, LoadError::NotAFile));
    }
    let added = place
        .hand_over(&file)
        .and_then(|()| End::of(&mut file))
        .and_then(|end| {
            let is_new = end.seq == 0;
            add(&mut file, end, origin, now, records)?;
            if is_new { sync_folder(place) } else { Ok(()) }
        });
    added.map_err(|source| Error::Unrecorded { path, source })
}

fn add(
    file: &mut File,
    mut end: End,
    origin: &Origin,
    now: Timestamp,
    records: &[Record],
) -> io::Result<()> {
    let mut text = String::new();
    if end.is_torn {
        text.push('\n');
    }
    for record in records {
        end.seq += 1;
        let line = Line {
            seq: end.seq,
            prev_hash: &end.hash,
            record,
            at_ms: now,
            origin,
        };
        let line = serde_json::to_string(&line)?;
        // Reasons and ids are free text, and somebody may put a secret there.
        let clean = smithers_redact::shared().json_line(redact::Place::Audit, &line);
        let line = clean.unwrap_or(line);
        end.hash = hash(line.as_bytes());
        text.push_str(&line);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes a new trail itself durable, not only its lines.
fn sync_folder(place: &Place) -> io::Result<()> {
    File::open(place.folder())?.sync_all()
}

/// Where the trail stands.
struct End {
    /// Number of the last line.
    seq: u64,
    /// Hash of the last line.
    hash: String,
    /// Whether a process was killed within a line.
    is_torn: bool,
}

impl End {
    /// Looks at the last whole line.
    fn of(file: &mut File) -> io::Result<End> {
        let size = file.metadata()?.size();
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(size.saturating_sub(2 * MAX_LINE)))?;
        file.read_to_end(&mut tail)?;
        let is_torn = tail.last().is_some_and(|last| *last != b'\n');
        let mut lines = tail.split(|byte| *byte == b'\n').rev();
        let found = lines.find_map(|line| {
            let seq = serde_json::from_slice::<Value>(line).ok()?["seq"].as_u64()?;
            Some((seq, hash(line)))
        });
        let (seq, hash) = found.unwrap_or((0, NO_LINE.to_owned()));
        Ok(End { seq, hash, is_torn })
    }
}
