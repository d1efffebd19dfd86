//! Where the files of a store are, and who may put them there.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, unreadable, write};

/// Permission bits with which others than the owner could replace files of a folder.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The files of a store; the store itself is never a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    store: PathBuf,
}

impl Place {
    /// Finds the place of the store at `path`. A link is followed once, and only into a folder of which nobody but its
    /// owner can replace files.
    pub(crate) fn of(path: &Path) -> Result<Place, Error> {
        let store = match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => target_of(path)?,
            Ok(_) => path.to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(unreadable(path, error)),
        };
        Ok(Place { store })
    }

    /// The grants.
    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// The lock of everybody who changes something.
    pub(crate) fn lock(&self) -> PathBuf {
        self.beside(".lock")
    }

    /// The bearers of hashed grants, for `exec` on this host.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.beside(".secrets")
    }

    /// The audit trail.
    pub(crate) fn audit(&self) -> PathBuf {
        self.beside(".audit.jsonl")
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut name = self.store.clone().into_os_string();
        name.push(end);
        name.into()
    }

    /// The folder of all files.
    pub(crate) fn folder(&self) -> &Path {
        folder_of(&self.store)
    }

    /// Makes the folder, for its owner alone, where it is missing.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        let folder = self.folder();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(write(folder))
    }

    /// Gives a file that root made to whom the store belongs, so that a gateway of another user can still read it.
    pub(crate) fn hand_over(&self, file: &File) -> io::Result<()> {
        let owner = match std::fs::metadata(&self.store) {
            Ok(metadata) => metadata,
            Err(_) => std::fs::metadata(self.folder())?,
        };
        let ids = |metadata: &Metadata| (metadata.uid(), metadata.gid());
        if rustix::process::geteuid().is_root() && ids(&file.metadata()?) != ids(&owner) {
            return std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()));
        }
        Ok(())
    }
}

/// Returns where a link leads.
fn target_of(link: &Path) -> Result<PathBuf, Error> {
    let target = std::fs::read_link(link).map_err(|error| unreadable(link, error))?;
    let target = folder_of(link).join(target);
    let refuse = |why| {
        Err(Error::Unsafe {
            path: link.to_owned(),
            why,
        })
    };
    if std::fs::symlink_metadata(&target).is_ok_and(|metadata| metadata.is_symlink()) {
        return refuse("it is a link to a link");
    }
    let folder = folder_of(&target);
    let folder = std::fs::metadata(folder).map_err(|error| unreadable(folder, error))?;
    if folder.mode() & WRITABLE_BY_OTHERS != 0 {
        return refuse("it is a link into a folder in which others can write");
    }
    Ok(target)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
