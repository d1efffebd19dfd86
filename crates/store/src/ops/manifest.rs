//! What a backup says of itself: `manifest.json` beside the copy (operations 3).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::copy::Method;
use super::error::{Error, files};
use super::files::write_new;
use super::hash;
use super::inspect::Contents;

/// Name of the file in the folder of a backup.
pub(super) const FILE_NAME: &str = "manifest.json";
/// Format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// Largest manifest that is read, bytes: some ten thousand tables.
const MAX_BYTES: u64 = 1024 * 1024;

/// What is in a backup, and of what it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of this file's form.
    pub format: u32,
    /// Id of the backup.
    pub backup_id: String,
    /// Version of the program that made it.
    pub product_version: String,
    /// The file that was copied, as it was named then.
    pub source: String,
    /// How it was copied.
    pub method: Method,
    /// When the work began, milliseconds since 1970.
    pub started_at_ms: i64,
    /// When everything but this file was on the disk.
    pub finished_at_ms: i64,
    /// The copy.
    pub database: IncludedFile,
    /// What the copy holds.
    pub contents: Contents,
    /// Further files.
    pub files: Vec<IncludedFile>,
    /// SHA-256 over this object without this field; tells damage, not forgery.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncludedFile {
    /// Its name in the folder of the backup.
    pub name: String,
    /// `database`, `token-store` or `module`.
    pub kind: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

impl Manifest {
    /// Form of a new manifest.
    pub(super) const FORMAT: u32 = FORMAT;

    /// Returns the digest that belongs to the other fields.
    fn digest(&self) -> String {
        let bare = Self {
            digest: String::new(),
            ..self.clone()
        };
        let text = serde_json::to_vec(&bare).expect("texts, numbers and maps of them serialise");
        hash::of_bytes(&text)
    }

    /// Writes the manifest with its digest into the folder of a backup.
    pub(super) fn write(mut self, folder: &Path) -> Result<Self, Error> {
        self.digest = self.digest();
        let mut text =
            serde_json::to_vec_pretty(&self).expect("texts, numbers and maps of them serialise");
        text.push(b'\n');
        write_new(&folder.join(FILE_NAME), &text)?;
        Ok(self)
    }

    /// Reads the manifest of the backup in `folder`, and only that: the files may be damaged.
    ///
    /// # Errors
    /// There is none, it is of a newer format, it is damaged, or it names files outside of the folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE_NAME);
        let text = read_bounded(&path)?;
        let unsound = |problem: String| Error::Unsound {
            what: "backup",
            path: path.clone(),
            problems: vec![problem],
        };
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| unsound(format!("it cannot be read as a manifest ({error})")))?;
        if manifest.format > FORMAT {
            let newer = format!("format {} is newer than {FORMAT}", manifest.format);
            return Err(unsound(newer));
        }
        if manifest.digest != manifest.digest() {
            return Err(unsound("its digest does not fit its text".to_owned()));
        }
        if let Some(file) = manifest.included().find(|file| !is_plain_name(&file.name)) {
            return Err(unsound(format!(
                "`{}` is not the name of a file",
                file.name
            )));
        }
        Ok(manifest)
    }

    /// Returns every file of the backup but the manifest.
    pub fn included(&self) -> impl Iterator<Item = &IncludedFile> {
        [&self.database].into_iter().chain(&self.files)
    }
}

/// A name without any folder, so that nothing outside of the backup is ever read.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Error> {
    if !path.is_file() {
        return Err(Error::Missing {
            what: "backup manifest",
            path: path.to_owned(),
        });
    }
    let mut text = Vec::new();
    let file = files(File::open(path), "open", path)?;
    files(
        file.take(MAX_BYTES + 1).read_to_end(&mut text),
        "read",
        path,
    )?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Error::Unsound {
            what: "backup",
            path: path.to_owned(),
            problems: vec![format!("it is larger than {MAX_BYTES} bytes")],
        });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{AuditHead, Sequences};

    fn manifest(name: &str) -> Manifest {
        Manifest {
            format: FORMAT,
            backup_id: "backup_1".into(),
            product_version: "0.1.0".into(),
            source: "/data/smithers.db".into(),
            method: Method::Online,
            started_at_ms: 1,
            finished_at_ms: 2,
            database: IncludedFile {
                name: name.into(),
                kind: "database".into(),
                size_bytes: 3,
                sha256: "abc".into(),
            },
            contents: Contents {
                database_id: "d".into(),
                head: "0001_gateway".into(),
                tables: [("t".to_owned(), 4)].into(),
                sequences: Sequences {
                    runs: 0,
                    digest: "e".into(),
                },
                audit: AuditHead {
                    seq: 0,
                    hash: "f".into(),
                },
                newest_event_at_ms: None,
            },
            files: Vec::new(),
            digest: String::new(),
        }
    }

    fn refusal(folder: &Path) -> String {
        Manifest::read(folder).unwrap_err().to_string()
    }

    #[test]
    fn a_manifest_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let written = manifest("smithers.db").write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), written);
    }

    #[test]
    fn any_changed_character_of_a_manifest_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        manifest("smithers.db").write(folder.path()).unwrap();
        let path = folder.path().join(FILE_NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            &path,
            text.replace("\"startedAtMs\": 1", "\"startedAtMs\": 7"),
        )
        .unwrap();
        let error = refusal(folder.path());
        assert!(
            error.contains("its digest does not fit its text"),
            "{error}"
        );
    }

    #[test]
    fn a_manifest_that_names_files_elsewhere_is_refused() {
        for name in ["../smithers.db", "/etc/passwd", "", ".hidden", "a\\b"] {
            let folder = tempfile::tempdir().unwrap();
            manifest(name).write(folder.path()).unwrap();
            let error = refusal(folder.path());
            assert!(
                error.contains("is not the name of a file"),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn a_manifest_of_a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let newer = Manifest {
            format: FORMAT + 1,
            ..manifest("smithers.db")
        };
        newer.write(folder.path()).unwrap();
        let error = refusal(folder.path());
        assert!(error.contains("format 2 is newer than 1"), "{error}");
    }
}
