//! The grants in force, shared by everybody who asks who a caller is.
//!
//! **Invariant.** What was revoked stays refused: a file that cannot be read changes nothing, so it neither admits a new
//! grant nor revives an old one. A file that is not there is a store without grants.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use smithers_actors::session::Identity;
use smithers_model::Timestamp;
use smithers_protocol::error::RpcError;
use smithers_tokens::{Fingerprint, Grant, GrantSet, LoadError, Stamp, load};

use super::grant::{check, identity};

/// A file that changed so recently may change again without its stamp telling, since clocks of file systems are coarse.
const SETTLE: Duration = Duration::from_secs(1);

/// The grants in force.
#[derive(Debug)]
pub struct GrantStore {
    path: PathBuf,
    allow_loose_mode: bool,
    in_force: RwLock<Arc<InForce>>,
    generation: AtomicU64,
    seen: Mutex<Seen>,
}

/// An immutable state of all grants; replaced as a whole.
#[derive(Debug, Clone, Default)]
struct InForce {
    /// Grants of the file.
    file: GrantSet,
    /// Grants that live as long as the process.
    memory: GrantSet,
}

/// What is known of the file.
#[derive(Debug, Default)]
struct Seen {
    /// Its stamp when it was last read, and when that was first noticed; `None` before the first look.
    stamp: Option<(Option<Stamp>, Instant)>,
    /// Why it could not be used, to say it once.
    problem: Option<String>,
}

impl GrantStore {
    /// Opens the store at `path` and reads it. A file that is absent or refused leaves the store without grants; the log
    /// says so.
    pub fn open(path: impl Into<PathBuf>, allow_loose_mode: bool) -> GrantStore {
        let store = GrantStore {
            path: path.into(),
            allow_loose_mode,
            in_force: RwLock::default(),
            generation: AtomicU64::new(0),
            seen: Mutex::default(),
        };
        store.refresh();
        store
    }

    /// Returns where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many grants there are, those that ended included.
    pub fn len(&self) -> usize {
        let in_force = self.in_force.read();
        in_force.file.len() + in_force.memory.len()
    }

    /// Tells whether there are no grants at all, so that every token is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a number that changes whenever the grants do.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Finds out who presents a bearer.
    ///
    /// # Errors
    /// `UNAUTHORIZED` when there is none, when it is unknown, revoked or has expired.
    pub fn authenticate(&self, bearer: Option<&str>, now: Timestamp) -> Result<Identity, RpcError> {
        let bearer = bearer.filter(|bearer| !bearer.is_empty());
        let bearer = bearer.ok_or_else(|| RpcError::unauthorized("A bearer token is required"))?;
        let fingerprint = Fingerprint::of(bearer).ok_or_else(unknown)?;
        self.identify(fingerprint, now)
    }

    /// Checks an identity that was found earlier against the grants as they are now.
    ///
    /// # Errors
    /// `UNAUTHORIZED` when its grant is gone, revoked, expired, or not the same any more.
    pub fn recheck(&self, identity: &Identity, now: Timestamp) -> Result<(), RpcError> {
        let credential = identity.credential.ok_or_else(unknown)?;
        let current = self.identify(Fingerprint::from_bytes(credential), now)?;
        if current == *identity {
            return Ok(());
        }
        Err(RpcError::unauthorized(
            "Token has been changed; connect again",
        ))
    }

    fn identify(&self, fingerprint: Fingerprint, now: Timestamp) -> Result<Identity, RpcError> {
        let in_force = Arc::clone(&self.in_force.read());
        let grant = in_force
            .file
            .find(fingerprint)
            .or_else(|| in_force.memory.find(fingerprint));
        let grant = grant.ok_or_else(unknown)?;
        check(grant, now)?;
        Ok(identity(grant, fingerprint))
    }

    /// Adds a grant that lives as long as the process and is written nowhere.
    pub(super) fn add_in_memory(&self, fingerprint: Fingerprint, grant: Grant) {
        self.replace(|in_force| {
            in_force.memory.insert(fingerprint, grant);
        });
    }

    /// Reads the file again if it has changed.
    pub fn refresh(&self) {
        let mut seen = self.seen.lock();
        let stamp = match Stamp::of(&self.path) {
            Ok(stamp) => stamp,
            Err(error) => return self.keep(&mut seen, &LoadError::Io(error)),
        };
        let since = match seen.stamp {
            Some((known, since)) if known == stamp && since.elapsed() > SETTLE => return,
            Some((known, since)) if known == stamp => since,
            _ => Instant::now(),
        };
        seen.stamp = Some((stamp, since));
        if stamp.is_none() {
            return self.apply(
                &mut seen,
                GrantSet::default(),
                Some("there is no such file, so every token is refused until one is written"),
            );
        }
        match load(&self.path, self.allow_loose_mode) {
            Ok(parsed) => {
                let left_out = parsed.left_out.join(", ");
                let remark = (!left_out.is_empty()).then(|| format!("left out: {left_out}"));
                self.apply(&mut seen, parsed.grants, remark.as_deref());
            }
            Err(error) => self.keep(&mut seen, &error),
        }
    }

    /// Puts the grants of the file into force.
    fn apply(&self, seen: &mut Seen, grants: GrantSet, remark: Option<&str>) {
        if self.in_force.read().file != grants {
            tracing::info!(path = %self.path.display(), grants = grants.len(), "the token store was read");
            self.replace(|in_force| in_force.file = grants);
        }
        if let Some(remark) = remark
            && note(seen, remark)
        {
            tracing::warn!(path = %self.path.display(), "token store: {remark}");
        }
        if remark.is_none() {
            seen.problem = None;
        }
    }

    /// Leaves the grants as they are, because the file cannot be used.
    fn keep(&self, seen: &mut Seen, error: &LoadError) {
        if note(seen, &error.to_string()) {
            let path = self.path.display();
            tracing::error!(%path, "the token store is refused, the grants before it stay in force: {error}");
        }
    }

    fn replace(&self, change: impl FnOnce(&mut InForce)) {
        let mut in_force = self.in_force.write();
        let mut next = InForce::clone(&in_force);
        change(&mut next);
        *in_force = Arc::new(next);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

fn unknown() -> RpcError {
    RpcError::unauthorized("Invalid token")
}

/// Remembers a problem; false when it was known.
fn note(seen: &mut Seen, problem: &str) -> bool {
    let is_new = seen.problem.as_deref() != Some(problem);
    seen.problem = Some(problem.to_owned());
    is_new
}
