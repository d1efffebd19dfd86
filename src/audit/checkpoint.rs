//! Signed checkpoints: where the trail ended at a time, so that a tail that was rewritten with its chain shows.
//!
//! They stand beside the database in `.audit-checkpoints.jsonl`, signed with the key in `.audit-key`. Whoever can write
//! both can rewrite both: keep a copy of the checkpoints, or of the public key, elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use smithers_model::Timestamp;

/// Largest file of a key, bytes.
const MAX_KEY: u64 = 1024;
/// Largest file of checkpoints that is read, bytes: a century of hourly ones.
const MAX_CHECKPOINTS: u64 = 512 * 1024 * 1024;

/// Where the trail ended at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// When it was made.
    pub at: Timestamp,
    /// Number of the last row.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
    /// Public key of the signature, hex.
    pub key: String,
    /// Ed25519 over the other members, hex.
    pub signature: String,
}

/// The key that signs.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Reads the key beside `database`, or makes one, readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be read or made, or holds no key.
    pub fn open(database: &Path) -> io::Result<Self> {
        match Self::read(database) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::make(&key_path(database))
            }
            read => read,
        }
    }

    /// Reads the key beside `database`.
    ///
    /// # Errors
    /// There is none, or the file cannot be read or holds no key.
    pub fn read(database: &Path) -> io::Result<Self> {
        Self::of(&read_bounded(&key_path(database), MAX_KEY)?)
    }

    /// Returns the public half in hex, by which anybody can check what was signed.
    pub fn public_key(&self) -> String {
        hex::encode(self.0.public_key())
    }

    fn make(path: &Path) -> io::Result<Self> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| io::Error::other("the operating system gives no random bytes"))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(pkcs8.as_ref())?;
        file.sync_all()?;
        Self::of(pkcs8.as_ref())
    }

    fn of(pkcs8: &[u8]) -> io::Result<Self> {
        Ed25519KeyPair::from_pkcs8(pkcs8)
            .map(Self)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it holds no Ed25519 key"))
    }

    /// Signs the end of the trail.
    pub fn sign(&self, at: Timestamp, seq: u64, hash: &str) -> Checkpoint {
        let signature = self.0.sign(message(at, seq, hash).as_bytes());
        Checkpoint {
            at,
            seq,
            hash: hash.to_owned(),
            key: self.public_key(),
            signature: hex::encode(signature),
        }
    }
}

impl Checkpoint {
    /// Returns whether the signature is by the key that the checkpoint names.
    pub fn is_signed(&self) -> bool {
        let (Ok(key), Ok(signature)) = (hex::decode(&self.key), hex::decode(&self.signature))
        else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key)
            .verify(
                message(self.at, self.seq, &self.hash).as_bytes(),
                &signature,
            )
            .is_ok()
    }
}

fn message(at: Timestamp, seq: u64, hash: &str) -> String {
    format!("smithers-audit-checkpoint 1 {at} {seq} {hash}")
}

/// Returns the keys that are trusted unless somebody names others: the one beside `database`, and without it, as on another
/// machine, the one that the newest of `signed` names, which proves little.
pub fn trusted_keys(database: &Path, signed: &[Checkpoint]) -> Vec<String> {
    match Signer::read(database) {
        Ok(signer) => vec![signer.public_key()],
        Err(_) => signed
            .last()
            .map(|newest| newest.key.clone())
            .into_iter()
            .collect(),
    }
}

/// Adds a checkpoint to those beside `database`, in place of one that was cut off.
///
/// # Errors
/// The file does not take it.
pub fn append(database: &Path, checkpoint: &Checkpoint) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path(database))?;
    let mut written = Vec::new();
    (&mut file)
        .take(MAX_CHECKPOINTS)
        .read_to_end(&mut written)?;
    file.set_len(whole(&written) as u64)?;
    file.write_all(format!("{}\n", serde_json::to_string(checkpoint)?).as_bytes())?;
    file.sync_all()
}

/// Reads the checkpoints beside `database`; none when there is no file. A last line that was cut off does not count.
///
/// # Errors
/// The file cannot be read, or a line of it is no checkpoint.
pub fn all(database: &Path) -> io::Result<Vec<Checkpoint>> {
    let bytes = match read_bounded(&path(database), MAX_CHECKPOINTS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let lines = bytes[..whole(&bytes)].split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).map_err(io::Error::from))
        .collect()
}

/// Returns how many bytes are whole lines.
fn whole(bytes: &[u8]) -> usize {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    end.map_or(0, |end| end + 1)
}

/// Returns where the checkpoints of `database` are.
pub fn path(database: &Path) -> PathBuf {
    beside(database, ".audit-checkpoints.jsonl")
}

fn key_path(database: &Path) -> PathBuf {
    beside(database, ".audit-key")
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_checkpoint_is_signed_with_a_key_that_stays_and_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("smithers.db");
        let first = Signer::open(&database).unwrap().sign(Timestamp(1), 3, "aa");
        let second = Signer::open(&database).unwrap().sign(Timestamp(2), 4, "bb");
        assert_eq!(first.key, second.key);
        assert!(first.is_signed() && second.is_signed());
        let mode = std::fs::metadata(key_path(&database))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        append(&database, &first).unwrap();
        append(&database, &second).unwrap();
        assert_eq!(all(&database).unwrap(), [first.clone(), second]);
        for changed in [
            Checkpoint {
                seq: 4,
                ..first.clone()
            },
            Checkpoint {
                hash: "bb".into(),
                ..first.clone()
            },
            Checkpoint {
                at: Timestamp(2),
                ..first.clone()
            },
        ] {
            assert!(!changed.is_signed(), "{changed:?}");
        }
    }

    #[test]
    fn a_checkpoint_that_was_cut_off_does_not_count_and_a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("smithers.db");
        assert_eq!(all(&database).unwrap(), []);
        let checkpoint = Signer::open(&database).unwrap().sign(Timestamp(1), 1, "aa");
        append(&database, &checkpoint).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .open(path(&database))
            .unwrap();
        file.write_all(b"{\"at\":1").unwrap();
        assert_eq!(all(&database).unwrap(), std::slice::from_ref(&checkpoint));
        append(&database, &checkpoint).unwrap();
        assert_eq!(all(&database).unwrap(), [checkpoint.clone(), checkpoint]);
        file.write_all(b"{\"at\":1\n").unwrap();
        assert!(all(&database).is_err());
    }
}
