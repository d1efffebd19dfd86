//! The grants in force, shared by everybody who asks who a caller is.
//!
//! **Invariant.** What was revoked stays refused: a file that cannot be read changes nothing, so it neither admits a new
//! grant nor revives an old one. A file that is not there is a store without grants. What was seen to have expired stays
//! so, whatever the clock is set to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use smithers_actors::session::Identity;
use smithers_model::Timestamp;
use smithers_model::time::Clock;
use smithers_tokens::{Fingerprint, Grant, GrantSet, LoadError, Stamp, Standing, load};

use super::expired::SeenExpired;
use super::grant::identity;
use super::refusal::Refusal;
use crate::audit::AccessTrail;
use crate::metrics::Metrics;

/// A file that changed so recently may change again without its stamp telling, since clocks of file systems are coarse.
const SETTLE: Duration = Duration::from_secs(1);

/// The grants in force.
pub struct GrantStore {
    path: PathBuf,
    allow_loose_mode: bool,
    trail: Arc<AccessTrail>,
    clock: Arc<dyn Clock>,
    in_force: RwLock<Arc<InForce>>,
    generation: AtomicU64,
    seen_expired: SeenExpired,
    state: Mutex<StoreState>,
    seen: Mutex<Seen>,
}

/// The state of the file of grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreState {
    /// Its grants are in force.
    Ok,
    /// There is no file, so there are no grants.
    Absent,
    /// It cannot be used; the grants before it are in force.
    Refused,
}

impl StoreState {
    /// Every state.
    pub const ALL: [StoreState; 3] = [StoreState::Ok, StoreState::Absent, StoreState::Refused];

    /// Returns the word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreState::Ok => "ok",
            StoreState::Absent => "absent",
            StoreState::Refused => "refused",
        }
    }
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
    /// Whether this is after the start: what was there from the beginning is no change.
    is_later: bool,
    /// Why it could not be used, to say it once.
    problem: Option<String>,
}

impl GrantStore {
    /// Opens the store at `path` and reads it. A file that is absent or refused leaves the store without grants; the log
    /// says so.
    ///
    /// What later changes is recorded in `trail`, with the time of `clock`.
    pub fn open(
        path: impl Into<PathBuf>,
        allow_loose_mode: bool,
        trail: Arc<AccessTrail>,
        clock: Arc<dyn Clock>,
    ) -> GrantStore {
        let store = GrantStore {
            path: path.into(),
            allow_loose_mode,
            trail,
            clock,
            in_force: RwLock::default(),
            generation: AtomicU64::new(0),
            seen_expired: SeenExpired::default(),
            state: Mutex::new(StoreState::Absent),
            seen: Mutex::default(),
        };
        store.refresh();
        store.seen.lock().is_later = true;
        store
    }

    /// Returns where access is put on record.
    pub fn trail(&self) -> Arc<AccessTrail> {
        self.trail.clone()
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

    /// Returns the state of the file.
    pub fn state(&self) -> StoreState {
        *self.state.lock()
    }

    /// Returns the ids of tokens that end within `span` and have been in use for longer than that: somebody relies on them.
    pub fn ending(&self, now: Timestamp, span: Duration) -> Vec<String> {
        let in_force = Arc::clone(&self.in_force.read());
        let long_ago = Timestamp(
            now.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        );
        let ends_soon = |grant: &Grant| {
            grant.standing(now) == Standing::Active
                && grant.expires_at.is_some_and(|end| end <= now.plus(span))
        };
        let ending = in_force.file.entries().filter(|(fingerprint, grant)| {
            ends_soon(grant) && self.trail.was_used_before(fingerprint.to_bytes(), long_ago)
        });
        let mut ids: Vec<String> = ending.map(|(_, grant)| grant.token_id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// Returns a number that changes whenever the grants do.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Finds out who presents a bearer.
    ///
    /// # Errors
    /// There is none, or it is unknown, revoked or has expired.
    pub fn authenticate(&self, bearer: Option<&str>, now: Timestamp) -> Result<Identity, Refusal> {
        let bearer = bearer.filter(|bearer| !bearer.is_empty());
        let bearer = bearer.ok_or(Refusal::Missing)?;
        let fingerprint = Fingerprint::of(bearer).ok_or(Refusal::Unknown)?;
        self.identify(fingerprint, now)
    }

    /// Checks an identity that was found earlier against the grants as they are now.
    ///
    /// # Errors
    /// Its grant is gone, revoked, expired, or not the same any more.
    pub fn recheck(&self, identity: &Identity, now: Timestamp) -> Result<(), Refusal> {
        let credential = identity.credential.ok_or(Refusal::Unknown)?;
        let current = self.identify(Fingerprint::from_bytes(credential), now)?;
        match current == *identity {
            true => Ok(()),
            false => Err(Refusal::Changed),
        }
    }

    fn identify(&self, fingerprint: Fingerprint, now: Timestamp) -> Result<Identity, Refusal> {
        let in_force = Arc::clone(&self.in_force.read());
        let grant = in_force
            .file
            .find(fingerprint)
            .or_else(|| in_force.memory.find(fingerprint));
        let grant = grant.ok_or(Refusal::Unknown)?;
        match self.seen_expired.standing(fingerprint, grant, now) {
            Standing::Active => Ok(identity(grant, fingerprint)),
            Standing::Revoked => Err(Refusal::Revoked(fingerprint)),
            Standing::Expired => Err(Refusal::Expired(fingerprint)),
        }
    }

    /// Adds a grant that lives as long as the process and is written nowhere.
    pub(super) fn add_in_memory(&self, fingerprint: Fingerprint, grant: Grant) {
        self.replace(|in_force| {
            in_force.memory.insert(fingerprint, grant);
        });
    }

    /// Reads the file again, changed or not.
    pub fn reload(&self) {
        let mut seen = self.seen.lock();
        seen.stamp = None;
        self.look(&mut seen);
    }

    /// Reads the file again if it has changed.
    pub fn refresh(&self) {
        self.look(&mut self.seen.lock());
    }

    fn look(&self, seen: &mut Seen) {
        let stamp = match Stamp::of(&self.path) {
            Ok(stamp) => stamp,
            Err(error) => return self.keep(seen, &LoadError::Io(error)),
        };
        let since = match seen.stamp {
            Some((known, since)) if known == stamp && since.elapsed() > SETTLE => return,
            Some((known, since)) if known == stamp => since,
            _ => Instant::now(),
        };
        seen.stamp = Some((stamp, since));
        if stamp.is_none() {
            let remark = "there is no such file, so every token is refused until one is written";
            self.apply(seen, GrantSet::default(), Some(remark));
            *self.state.lock() = StoreState::Absent;
            return;
        }
        match load(&self.path, self.allow_loose_mode) {
            Ok(parsed) => {
                let left_out = parsed.left_out.join(", ");
                let remark = (!left_out.is_empty()).then(|| format!("left out: {left_out}"));
                self.apply(seen, parsed.grants, remark.as_deref());
                *self.state.lock() = StoreState::Ok;
            }
            Err(error) => self.keep(seen, &error),
        }
    }

    /// Puts the grants of the file into force.
    fn apply(&self, seen: &mut Seen, grants: GrantSet, remark: Option<&str>) {
        if self.in_force.read().file != grants {
            tracing::info!(path = %self.path.display(), grants = grants.len(), "the token store was read");
            if seen.is_later {
                let before = Arc::clone(&self.in_force.read());
                let now = self.clock.now();
                self.trail.store_changed(&before.file, &grants, now);
            }
            self.replace(|in_force| {
                self.seen_expired.keep_only(&[&grants, &in_force.memory]);
                in_force.file = grants;
            });
            Metrics.token_store_reloaded("applied");
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
        *self.state.lock() = StoreState::Refused;
        if note(seen, &error.to_string()) {
            let path = self.path.display();
            Metrics.token_store_reloaded("refused");
            tracing::error!(%path, "the token store is refused, the grants before it stay in force: {error}{}", advice(error));
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

impl fmt::Debug for GrantStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("GrantStore");
        shown.field("path", &self.path).finish_non_exhaustive()
    }
}

/// Says what else an operator can do about a file that is refused.
fn advice(error: &LoadError) -> &'static str {
    match error {
        LoadError::LooseMode(_) => {
            ", or set SMITHERS_TOKEN_STORE_ALLOW_LOOSE_MODE=1 where a mounted secret cannot be"
        }
        _ => "",
    }
}

/// Remembers a problem; false when it was known.
fn note(seen: &mut Seen, problem: &str) -> bool {
    let is_new = seen.problem.as_deref() != Some(problem);
    seen.problem = Some(problem.to_owned());
    is_new
}
