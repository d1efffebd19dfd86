//! What the gateway puts on record about access: tokens that come, go and are used, and logins that fail.
//!
//! ```text
//! requests ──first use──┐
//! token store ─changes──┤► AccessTrail ──each second──► keeper ──► audit trail
//! refused ─────────count─┘     (bounded)
//! ```
//!
//! Nothing here knows a bearer; a token is named by its id, a login that failed by nothing but where it came from.

mod changes;
mod failures;
mod keeper;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use parking_lot::{Mutex, RwLock};
use serde_json::json;
use smithers_actors::session::{Identity, Transport};
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::{RawJson, Timestamp};
use smithers_tokens::GrantSet;

pub use keeper::TrailKeeper;

use changes::Change;
use failures::{Door, Failures};

/// Rows that may wait for the database; more are dropped, which a row says.
const MAX_WAITING: usize = 10_000;
/// Rows about single grants of one change of the store; more are told as a number.
const MAX_CHANGES: usize = 1_000;

/// Collects rows until they can be stored. Shared by all workers; never waits.
#[derive(Debug, Default)]
pub struct AccessTrail {
    /// Credentials that were used since the start, and when first.
    used: RwLock<HashMap<[u8; 32], Timestamp>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<AuditRecord>,
    dropped: u64,
    failures: Failures,
}

impl AccessTrail {
    /// Records the first use of a token since the start.
    pub fn token_used(&self, caller: &Identity, over: Transport, now: Timestamp) {
        let Some(credential) = caller.credential else {
            return;
        };
        if self.used.read().contains_key(&credential) {
            return;
        }
        match self.used.write().entry(credential) {
            Entry::Occupied(_) => return,
            Entry::Vacant(place) => place.insert(now),
        };
        let actor = caller.actor(match over {
            Transport::Http => Channel::Http,
            Transport::WebSocket => Channel::WebSocket,
        });
        let detail = json!({ "role": caller.role, "scopes": caller.grants.written() });
        self.add(AuditRecord {
            subject: caller.token_id.clone(),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(now, &actor, kind::TOKEN, "first-use")
        });
    }

    /// Returns whether a credential was used before `then` since the start.
    pub fn was_used_before(&self, credential: [u8; 32], then: Timestamp) -> bool {
        let used = self.used.read();
        used.get(&credential).is_some_and(|first| *first < then)
    }

    /// Records what a reload of the token store has changed.
    pub fn store_changed(&self, before: &GrantSet, after: &GrantSet, now: Timestamp) {
        let changes = changes::between(before, after);
        let (shown, rest) = changes.split_at(changes.len().min(MAX_CHANGES));
        shown.iter().for_each(|change| self.add(change.record(now)));
        if !rest.is_empty() {
            let detail = json!({ "more": rest.len() });
            self.add(AuditRecord {
                detail: RawJson::of(&detail),
                ..AuditRecord::new(now, Channel::Gateway, kind::TOKEN, Change::MANY)
            });
        }
    }

    /// Counts a login that failed, for the row of its minute.
    pub fn login_failed(&self, address: Option<IpAddr>, outcome: &'static str, now: Timestamp) {
        let mut state = self.state.lock();
        state.failures.add(Door::Login, address, outcome, now);
    }

    /// Counts a request that the webhook of workflow `key` has refused, for the row of its minute.
    pub fn webhook_refused(
        &self,
        key: &str,
        address: Option<IpAddr>,
        outcome: &'static str,
        now: Timestamp,
    ) {
        let door = Door::Webhook(key.to_owned());
        self.state.lock().failures.add(door, address, outcome, now);
    }

    /// Takes the rows that are due; with `all`, those of the minute that has not ended too.
    fn take(&self, now: Timestamp, all: bool) -> Vec<AuditRecord> {
        let mut state = self.state.lock();
        let mut rows = std::mem::take(&mut state.waiting);
        rows.extend(state.failures.due(now, all));
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            let detail = json!({ "dropped": dropped });
            rows.push(AuditRecord {
                detail: RawJson::of(&detail),
                ..AuditRecord::new(now, Channel::Gateway, kind::TOKEN, "dropped")
            });
        }
        rows
    }

    /// Puts rows back that could not be stored.
    fn put_back(&self, mut rows: Vec<AuditRecord>) {
        let mut state = self.state.lock();
        rows.append(&mut state.waiting);
        let excess = rows.len().saturating_sub(MAX_WAITING);
        rows.truncate(MAX_WAITING);
        state.dropped += excess as u64;
        state.waiting = rows;
    }

    fn add(&self, record: AuditRecord) {
        let mut state = self.state.lock();
        if state.waiting.len() < MAX_WAITING {
            state.waiting.push(record);
        } else {
            state.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests;
