//! Grants that were seen to have expired. A clock that is set back does not give them new life.

use std::collections::HashMap;

use parking_lot::RwLock;
use smithers_model::Timestamp;
use smithers_tokens::{Fingerprint, Grant, GrantSet, Standing};

/// The grants that were expired when somebody looked, with the end that they had then.
///
/// A grant that is given another end in the store is judged anew, and the whole memory ends with the process.
#[derive(Debug, Default)]
pub(super) struct SeenExpired(RwLock<HashMap<Fingerprint, Timestamp>>);

impl SeenExpired {
    /// Returns what a grant is worth at `now`, and remembers when it is seen to have expired.
    pub(super) fn standing(
        &self,
        fingerprint: Fingerprint,
        grant: &Grant,
        now: Timestamp,
    ) -> Standing {
        let standing = grant.standing(now);
        let Some(end) = grant.expires_at else {
            return standing;
        };
        match standing {
            Standing::Revoked => Standing::Revoked,
            Standing::Expired => {
                self.0.write().insert(fingerprint, end);
                Standing::Expired
            }
            Standing::Active if self.0.read().get(&fingerprint) == Some(&end) => Standing::Expired,
            Standing::Active => Standing::Active,
        }
    }

    /// Forgets grants that are in none of the sets, so that the memory is no larger than the store.
    pub(super) fn keep_only(&self, sets: &[&GrantSet]) {
        let is_there = |fingerprint: &Fingerprint| {
            let mut sets = sets.iter();
            sets.any(|grants| grants.find(*fingerprint).is_some())
        };
        self.0
            .write()
            .retain(|fingerprint, _| is_there(fingerprint));
    }
}
