//! The audit trail as lines of JSON: a header, the rows, and a footer when the file is complete.
//!
//! ```text
//! {"format":"smithers-audit","version":1,"afterSeq":0,"prevHash":"00.."}
//! {"seq":1,"record":{..},"prevHash":"00..","hash":"ab.."}
//! {"end":true,"rows":1,"lastSeq":1,"chainHead":"ab..","sha256":".."}
//! ```
//!
//! A copy that grows, as [`SMITHERS_AUDIT_SINK`](crate::config::Audit) makes it, has no footer. Reading tells a file that
//! was cut off from one that was changed: the former can be continued.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smithers_store::ChainCursor;
use smithers_store::read::AuditEntry;

/// What the first line calls itself.
const FORMAT: &str = "smithers-audit";
/// Version of the form.
const VERSION: u32 = 1;
/// Longest line, bytes: a row has 16 KiB of particulars at most.
const MAX_LINE: u64 = 256 * 1024;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    format: String,
    version: u32,
    /// The rows begin after this one.
    pub after_seq: u64,
    /// Hash of that row.
    pub prev_hash: String,
}

/// The last line of a complete file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Footer {
    end: bool,
    /// Rows of the file.
    pub rows: u64,
    /// Number of the last one.
    pub last_seq: u64,
    /// Its hash.
    pub chain_head: String,
    /// SHA-256 over all lines before this one, lower-case hex.
    pub sha256: String,
}

/// Why a file is not a copy of an audit trail.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system does not give it.
    #[error("it cannot be read ({0})")]
    Io(#[from] io::Error),
    /// Its first line is of something else.
    #[error("it does not begin as a copy of an audit trail")]
    Foreign,
    /// A line is no row.
    #[error("line {0} is no row of an audit trail")]
    Malformed(u64),
    /// A row does not follow from those before it.
    #[error("row {0} does not follow from those before it")]
    Broken(u64),
    /// Something follows the footer.
    #[error("something follows the end of the trail")]
    AfterEnd,
    /// The footer is not that of these rows.
    #[error("its end is not that of these rows")]
    WrongEnd,
}

/// What was found in a file.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where the chain stands after the last row.
    pub cursor: ChainCursor,
    /// Rows of the file.
    pub rows: u64,
    /// Whether the file has its footer.
    pub is_complete: bool,
    /// Whether the last line was cut off.
    pub is_cut: bool,
    /// Bytes up to the end of the last row.
    row_bytes: u64,
    /// Digest of these bytes.
    digest: Sha256,
}

/// Reads and verifies the copy at `path`.
///
/// # Errors
/// It is not one, or a row of it was changed, left out or put in between.
pub fn read(path: &Path) -> Result<Found, JournalError> {
    let mut lines = Lines::open(path)?;
    let header = lines.next()?.ok_or(JournalError::Foreign)?;
    let header: Header = serde_json::from_str(&header).map_err(|_| JournalError::Foreign)?;
    if header.format != FORMAT || header.version != VERSION {
        return Err(JournalError::Foreign);
    }
    let mut found = Found {
        cursor: ChainCursor::after(header.after_seq, &header.prev_hash),
        rows: 0,
        is_complete: false,
        is_cut: false,
        row_bytes: lines.bytes,
        digest: lines.digest.clone(),
    };
    while let Some(line) = lines.next()? {
        if found.is_complete {
            return Err(JournalError::AfterEnd);
        }
        if let Ok(footer) = serde_json::from_str::<Footer>(&line) {
            found.end(&footer)?;
            continue;
        }
        let row: AuditEntry =
            serde_json::from_str(&line).map_err(|_| JournalError::Malformed(lines.count))?;
        found.take(&row)?;
        found.row_bytes = lines.bytes;
        found.digest = lines.digest.clone();
    }
    found.is_cut = lines.is_cut;
    Ok(found)
}

impl Found {
    fn take(&mut self, row: &AuditEntry) -> Result<(), JournalError> {
        self.rows += 1;
        match self.cursor.follow(std::slice::from_ref(row)) {
            Some(seq) => Err(JournalError::Broken(seq)),
            None => Ok(()),
        }
    }

    fn end(&mut self, footer: &Footer) -> Result<(), JournalError> {
        let expected = self.footer();
        self.is_complete = true;
        match *footer == expected {
            true => Ok(()),
            false => Err(JournalError::WrongEnd),
        }
    }

    fn footer(&self) -> Footer {
        Footer {
            end: true,
            rows: self.rows,
            last_seq: self.cursor.seq(),
            chain_head: self.cursor.hash().to_owned(),
            sha256: hex::encode(self.digest.clone().finalize()),
        }
    }
}

/// Lines of a file, with their bytes and digest; a last line without its end is not one.
struct Lines {
    reader: BufReader<File>,
    count: u64,
    bytes: u64,
    digest: Sha256,
    is_cut: bool,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            reader: BufReader::new(File::open(path)?),
            count: 0,
            bytes: 0,
            digest: Sha256::new(),
            is_cut: false,
        })
    }

    fn next(&mut self) -> Result<Option<String>, JournalError> {
        use std::io::Read as _;
        let mut line = Vec::new();
        let read = (&mut self.reader)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            self.is_cut = true;
            return match read as u64 == MAX_LINE {
                true => Err(JournalError::Malformed(self.count + 1)),
                false => Ok(None),
            };
        }
        self.count += 1;
        self.bytes += read as u64;
        self.digest.update(&line);
        String::from_utf8(line)
            .map(Some)
            .map_err(|_| JournalError::Malformed(self.count))
    }
}

/// Writes a copy, from its beginning or on from where another one ends.
pub struct Journal<W> {
    to: W,
    found: Found,
}

impl<W: Write> Journal<W> {
    /// Begins a copy of the rows after `seq`, whose hash is `hash`.
    ///
    /// # Errors
    /// The destination does not take it.
    pub fn begin(to: W, seq: u64, hash: &str) -> io::Result<Self> {
        let mut journal = Self {
            to,
            found: Found {
                cursor: ChainCursor::after(seq, hash),
                rows: 0,
                is_complete: false,
                is_cut: false,
                row_bytes: 0,
                digest: Sha256::new(),
            },
        };
        journal.line(&Header {
            format: FORMAT.into(),
            version: VERSION,
            after_seq: seq,
            prev_hash: hash.into(),
        })?;
        Ok(journal)
    }

    /// Number of the last row.
    pub fn last_seq(&self) -> u64 {
        self.found.cursor.seq()
    }

    /// Hash of the last row.
    pub fn last_hash(&self) -> &str {
        self.found.cursor.hash()
    }

    /// Adds rows.
    ///
    /// # Errors
    /// One does not follow from those before it (`InvalidData`), or the destination does not take it.
    pub fn add(&mut self, rows: &[AuditEntry]) -> io::Result<()> {
        for row in rows {
            let taken = self.found.take(row);
            taken.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            self.line(row)?;
        }
        self.to.flush()
    }

    /// Completes the copy and returns its last line.
    ///
    /// # Errors
    /// The destination does not take it.
    pub fn end(mut self) -> io::Result<Footer> {
        let footer = self.found.footer();
        self.line(&footer)?;
        self.to.flush()?;
        Ok(footer)
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.found.digest.update(&line);
        self.found.row_bytes += line.len() as u64;
        self.to.write_all(&line)
    }
}

/// Opens the copy at `path` to go on after its last whole row; a footer and a line that was cut off are taken away.
///
/// # Errors
/// As [`read`].
pub fn resume(path: &Path) -> Result<Journal<File>, JournalError> {
    use std::io::Seek as _;
    let found = read(path)?;
    let mut file = File::options().write(true).open(path)?;
    file.set_len(found.row_bytes)?;
    file.seek(io::SeekFrom::End(0))?;
    Ok(Journal {
        to: file,
        found: Found {
            is_complete: false,
            is_cut: false,
            ..found
        },
    })
}

#[cfg(test)]
mod tests;
