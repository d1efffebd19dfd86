//! Reading the trail, and checking that nothing in it was changed, removed or put in between.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use super::append::MAX_LINE;
use super::{NO_LINE, hash};
use crate::error::{Error, unreadable};
use crate::load::LoadError;
use crate::place::Place;

/// What reading found besides the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// How many records there are.
    pub records: u64,
    /// Lines that are no records: a process was killed while it wrote them, or somebody changed them.
    pub damaged: Vec<u64>,
    /// The first line, from 1, that does not follow the one before it.
    pub broken_at: Option<u64>,
}

/// Reads the trail of the store at `path` from its beginning and gives each record to `each`. A trail that does not exist
/// has no records.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path, mut each: impl FnMut(Value)) -> Result<Trail, Error> {
    let path = Place::of(path)?.audit();
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(unreadable(&path, LoadError::NotAFile)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Trail::default()),
        Err(error) => return Err(unreadable(&path, error)),
    }
    let file = File::open(&path).map_err(|error| unreadable(&path, error))?;
    let mut reader = BufReader::new(file);
    let mut trail = Trail::default();
    let mut previous = (0, NO_LINE.to_owned());
    let mut number = 0;
    while let Some(line) = next_line(&mut reader).map_err(|error| unreadable(&path, error))? {
        number += 1;
        let record: Option<Value> = serde_json::from_slice(&line).ok();
        let Some((seq, record)) = record.and_then(|value| Some((value["seq"].as_u64()?, value)))
        else {
            trail.damaged.push(number);
            continue;
        };
        let follows = seq == previous.0 + 1 && record["prevHash"] == previous.1.as_str();
        if !follows {
            trail.broken_at.get_or_insert(number);
        }
        previous = (seq, hash(&line));
        trail.records += 1;
        each(record);
    }
    Ok(trail)
}

/// Reads a line without its end; one that is too long comes in pieces, which are no records.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if reader.take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(Some(line))
}
