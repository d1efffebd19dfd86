//! A store that is changed: one change at a time, written as a whole, then recorded.
//!
//! ```text
//! lock ─► read ─► change ─► add bearers ─► replace the store ─► drop bearers ─► record ─► unlock
//! ```
//!
//! Cut off anywhere, this leaves the old store or the new one. Bearers come before their grants and go after them. What a
//! command hands out, it hands out after the record is on the disk.

use std::io;
use std::path::Path;

use secrecy::SecretString;
use smithers_model::Timestamp;

use crate::audit::{self, Origin, Record};
use crate::bearer::Fingerprint;
use crate::document::Document;
use crate::error::{Error, unreadable};
use crate::load::{LoadError, read};
use crate::lock::Lock;
use crate::place::Place;
use crate::replace::replace;
use crate::secrets::Secrets;

/// The store of grants at one place, for somebody whom its records name.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) place: Place,
    origin: Origin,
}

/// What a change does.
pub(crate) struct Change {
    /// The store, to change.
    pub document: Document,
    /// Bearers of new grants whose entries hold only the hash.
    pub bearers: Vec<(Fingerprint, SecretString)>,
    /// What to record.
    pub records: Vec<Record>,
}

impl Ledger {
    /// Finds the store at `path`, which need not exist yet.
    ///
    /// # Errors
    /// It is a link that is not followed.
    pub fn open(path: &Path, origin: Origin) -> Result<Ledger, Error> {
        let place = Place::of(path)?;
        Ok(Ledger { place, origin })
    }

    /// Returns where the store is, links resolved.
    pub fn path(&self) -> &Path {
        self.place.store()
    }

    /// Reads the store as it is now.
    pub(crate) fn document(&self) -> Result<Document, Error> {
        let path = self.place.store();
        let text = match read(path, false) {
            Ok(text) => text,
            Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Document::empty());
            }
            Err(why) => return Err(unreadable(path, why)),
        };
        Document::parse(&text).map_err(|error| unreadable(path, error))
    }

    /// Changes the store. When `change` refuses, nothing is written.
    pub(crate) fn change<T>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Change) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let lock = Lock::acquire(&self.place)?;
        let mut draft = Change {
            document: self.document()?,
            bearers: Vec::new(),
            records: Vec::new(),
        };
        let result = change(&mut draft)?;
        let text = draft.document.to_text()?;
        let has_bearers = !draft.bearers.is_empty();
        if has_bearers {
            let mut secrets = Secrets::load(&self.place)?;
            for (fingerprint, bearer) in draft.bearers {
                secrets.add(fingerprint, bearer);
            }
            secrets.save(&self.place, &lock)?;
        }
        replace(&self.place, self.place.store(), &text, &lock)?;
        // A bearer that stays behind opens nothing, since its grant has ended; the next change tries again.
        let _ = self.drop_bearers(&draft.document, &lock);
        self.append(now, &draft.records, &lock)?;
        Ok(result)
    }

    /// Adds to the audit trail.
    pub(crate) fn append(
        &self,
        now: Timestamp,
        records: &[Record],
        lock: &Lock,
    ) -> Result<(), Error> {
        audit::append(&self.place, &self.origin, now, records, lock)
    }

    /// Drops the bearers of grants that are gone or revoked.
    fn drop_bearers(&self, document: &Document, lock: &Lock) -> Result<(), Error> {
        let mut secrets = Secrets::load(&self.place)?;
        let wanted: Vec<Fingerprint> = document
            .grants()
            .filter(|row| !row.grant.is_revoked)
            .map(|row| row.fingerprint)
            .collect();
        if secrets.keep(|fingerprint| wanted.contains(&fingerprint)) {
            secrets.save(&self.place, lock)?;
        }
        Ok(())
    }
}
