//! The limits of one gateway, shared by all its workers.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use smithers_actors::session::Identity;
use smithers_protocol::error::{RateScope, RpcError};
use smithers_protocol::method::Method;

use super::bucket::{Rate, TokenBucket};
use super::generations::Generations;
use crate::config::Limits;

/// Addresses of which attempts are counted at a time; more push out the oldest.
const MAX_ADDRESSES: usize = 10_000;
/// Tokens of which requests are counted at a time: as many as a store can hold.
const MAX_TOKENS: usize = 10_000;
/// How long an address from which somebody has authenticated is spared the cap on all failures.
const FAMILIAR: Duration = Duration::from_secs(3600);

/// An address as attempts are counted: that of a host, or the network that a host gets in version 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(Option<IpAddr>);

impl AddressKey {
    /// Takes the address of a client; clients without one are counted together.
    pub fn of(address: Option<IpAddr>) -> AddressKey {
        AddressKey(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 => v4,
        }))
    }
}

/// SHA-256 of a bearer, by which a token is counted.
type TokenKey = [u8; 32];

/// The limits of one gateway.
#[derive(Debug)]
pub struct RateLimits {
    per_minute: Limits,
    failures: Table<AddressKey>,
    ended: Table<TokenKey>,
    all_failures: Option<Mutex<TokenBucket>>,
    familiar: Mutex<Generations<AddressKey, ()>>,
    webhooks: Table<(String, AddressKey)>,
    requests: Table<TokenKey>,
    launches: Table<TokenKey>,
    approvals: Table<TokenKey>,
}

impl RateLimits {
    /// Takes the limits of the configuration; 0 is no limit.
    pub fn new(per_minute: &Limits) -> RateLimits {
        let now = Instant::now();
        let total = (per_minute.failed_auth_total > 0)
            .then(|| TokenBucket::new(Rate::per_minute(per_minute.failed_auth_total), now));
        RateLimits {
            per_minute: per_minute.clone(),
            failures: Table::new(per_minute.failed_auth, MAX_ADDRESSES, now),
            ended: Table::new(per_minute.failed_auth, MAX_TOKENS, now),
            all_failures: total.map(Mutex::new),
            familiar: Mutex::new(Generations::new(FAMILIAR, MAX_ADDRESSES, now)),
            webhooks: Table::new(per_minute.failed_auth, MAX_ADDRESSES, now),
            requests: Table::new(per_minute.requests, MAX_TOKENS, now),
            launches: Table::new(per_minute.launches, MAX_TOKENS, now),
            approvals: Table::new(per_minute.approvals, MAX_TOKENS, now),
        }
    }

    /// Tells whether somebody at this address may present a token.
    ///
    /// # Errors
    /// `RateLimited`: too many tokens from there were unknown, or from everywhere, and nobody there has authenticated
    /// lately.
    pub fn may_attempt(&self, address: AddressKey) -> Result<(), RpcError> {
        let now = Instant::now();
        let refused = |per_minute| {
            move |wait| RpcError::too_many(RateScope::Authentication, per_minute, wait)
        };
        self.failures
            .look(&address, now)
            .map_err(refused(self.per_minute.failed_auth))?;
        let Some(total) = &self.all_failures else {
            return Ok(());
        };
        let looked = total.lock().look(now);
        match looked {
            Err(_) if self.familiar.lock().get(&address, now).is_some() => Ok(()),
            looked => looked.map_err(refused(self.per_minute.failed_auth_total)),
        }
    }

    /// Counts a token from this address that nobody holds.
    pub fn attempt_failed(&self, address: AddressKey) {
        let now = Instant::now();
        // What is taken here was looked at before; in a race it may be gone already.
        let _ = self.failures.take(address, now);
        if let Some(total) = &self.all_failures {
            let _ = total.lock().take(now);
        }
    }

    /// Remembers that somebody at this address holds a token.
    pub fn attempt_succeeded(&self, address: AddressKey) {
        if self.all_failures.is_some() {
            let now = Instant::now();
            self.familiar.lock().get_or_insert(address, now, || ());
        }
    }

    /// Counts the use of a token that was revoked or has expired. Its holder is known, so it is the token that is slowed
    /// down and not the address, which others may share.
    ///
    /// # Errors
    /// `RateLimited`: it is used too often.
    pub fn ended_token_used(&self, token: TokenKey) -> Result<(), RpcError> {
        let taken = self.ended.take(token, Instant::now());
        let per_minute = self.per_minute.failed_auth;
        taken.map_err(|wait| RpcError::too_many(RateScope::Authentication, per_minute, wait))
    }

    /// Tells whether the webhook of workflow `key` takes a request from this address.
    ///
    /// # Errors
    /// `RateLimited`: too many from there were not signed well.
    pub fn may_use_webhook(&self, key: &str, address: AddressKey) -> Result<(), RpcError> {
        let looked = self
            .webhooks
            .look(&(key.to_owned(), address), Instant::now());
        let per_minute = self.per_minute.failed_auth;
        looked.map_err(|wait| RpcError::too_many(RateScope::Authentication, per_minute, wait))
    }

    /// Counts a request to the webhook of workflow `key` that was not signed well.
    pub fn webhook_refused(&self, key: &str, address: AddressKey) {
        // What is taken here was looked at before; in a race it may be gone already.
        let _ = self
            .webhooks
            .take((key.to_owned(), address), Instant::now());
    }

    /// Counts a request.
    ///
    /// # Errors
    /// `RateLimited`: the token makes too many.
    pub fn request(&self, caller: &Identity) -> Result<(), RpcError> {
        let per_minute = self.per_minute.requests;
        count(&self.requests, caller, RateScope::Requests, per_minute)
    }

    /// Counts a call of a method that has a limit of its own.
    ///
    /// # Errors
    /// `RateLimited`: the token launches or decides too often.
    pub fn method(&self, caller: &Identity, method: Method) -> Result<(), RpcError> {
        let limits = &self.per_minute;
        match method {
            Method::LaunchRun => {
                count(&self.launches, caller, RateScope::Launches, limits.launches)
            }
            Method::SubmitApproval => {
                let per_minute = limits.approvals;
                count(&self.approvals, caller, RateScope::Approvals, per_minute)
            }
            _ => Ok(()),
        }
    }
}

/// Counts something that a token does. Without authentication there is no token, and nothing is counted.
fn count(
    table: &Table<TokenKey>,
    caller: &Identity,
    scope: RateScope,
    per_minute: u32,
) -> Result<(), RpcError> {
    let Some(token) = caller.credential else {
        return Ok(());
    };
    let taken = table.take(token, Instant::now());
    taken.map_err(|wait| RpcError::too_many(scope, per_minute, wait))
}

/// A bucket for each key; none without a limit.
#[derive(Debug)]
struct Table<K>(Option<(Rate, Mutex<Generations<K, TokenBucket>>)>);

impl<K: Eq + Hash> Table<K> {
    fn new(per_minute: u32, capacity: usize, now: Instant) -> Table<K> {
        Table((per_minute > 0).then(|| {
            let rate = Rate::per_minute(per_minute);
            // A bucket that has had the time to fill is as good as none.
            let buckets = Generations::new(rate.refill(), capacity, now);
            (rate, Mutex::new(buckets))
        }))
    }

    fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let Some((rate, buckets)) = &self.0 else {
            return Ok(());
        };
        let mut buckets = buckets.lock();
        let bucket = buckets.get_or_insert(key, now, || TokenBucket::new(*rate, now));
        bucket.take(now)
    }

    fn look(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let Some((_, buckets)) = &self.0 else {
            return Ok(());
        };
        let mut buckets = buckets.lock();
        buckets
            .get(key, now)
            .map_or(Ok(()), |bucket| bucket.look(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            failed_auth: 3,
            failed_auth_total: 8,
            requests: 5,
            launches: 2,
            approvals: 1,
        }
    }

    fn address(text: &str) -> AddressKey {
        AddressKey::of(Some(text.parse().unwrap()))
    }

    fn holder(credential: Option<[u8; 32]>) -> Identity {
        Identity {
            role: "operator".into(),
            grants: smithers_protocol::scope::Grants::everything(),
            user_id: None,
            token_id: None,
            expires_at: None,
            credential,
        }
    }

    fn fail(limits: &RateLimits, from: AddressKey, times: usize) {
        (0..times).for_each(|_| limits.attempt_failed(from));
    }

    #[test]
    fn an_address_is_refused_after_its_attempts_and_others_are_not() {
        let limits = RateLimits::new(&limits());
        let (bad, good) = (address("192.0.2.1"), address("192.0.2.2"));
        fail(&limits, bad, 2);
        limits.may_attempt(bad).unwrap();
        fail(&limits, bad, 1);
        let refused = limits.may_attempt(bad).unwrap_err();
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.extra("scope"), Some(&"authentication".into()));
        let seconds = refused.retry_after_seconds().unwrap();
        assert!((1..=20).contains(&seconds), "{seconds}");
        limits.may_attempt(good).unwrap();
    }

    #[test]
    fn one_network_of_version_6_and_one_mapped_address_are_one_address() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }

    #[test]
    fn failures_from_everywhere_close_the_gate_for_strangers_only() {
        let limits = RateLimits::new(&limits());
        let (familiar, stranger) = (address("192.0.2.1"), address("192.0.2.2"));
        limits.attempt_succeeded(familiar);
        (0..8u8).for_each(|n| fail(&limits, address(&format!("198.51.100.{n}")), 1));
        assert_eq!(limits.may_attempt(stranger).unwrap_err().status(), 429);
        limits.may_attempt(familiar).unwrap();
    }

    #[test]
    fn a_token_has_its_own_requests_launches_and_approvals() {
        let limits = RateLimits::new(&limits());
        let (one, other) = (holder(Some([1; 32])), holder(Some([2; 32])));
        let made = |caller: &Identity| (0..9).filter(|_| limits.request(caller).is_ok()).count();
        assert_eq!((made(&one), made(&other)), (5, 5));
        let called = |method| {
            let calls = (0..9).filter(|_| limits.method(&one, method).is_ok());
            calls.count()
        };
        assert_eq!(called(Method::LaunchRun), 2);
        assert_eq!(called(Method::SubmitApproval), 1);
        assert_eq!(called(Method::ListRuns), 9);
        assert_eq!(made(&holder(None)), 9, "without a token nothing is counted");
    }

    #[test]
    fn a_token_that_has_ended_is_slowed_down_and_its_address_is_not() {
        let limits = RateLimits::new(&limits());
        let used = (0..9).filter(|_| limits.ended_token_used([1; 32]).is_ok());
        assert_eq!(used.count(), 3);
        limits.may_attempt(address("192.0.2.1")).unwrap();
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = RateLimits::new(&Limits {
            failed_auth: 0,
            failed_auth_total: 0,
            requests: 0,
            launches: 0,
            approvals: 0,
        });
        let (from, caller) = (address("192.0.2.1"), holder(Some([1; 32])));
        for _ in 0..5_000 {
            limits.attempt_failed(from);
            limits.may_attempt(from).unwrap();
            limits.ended_token_used([1; 32]).unwrap();
            limits.request(&caller).unwrap();
            limits.method(&caller, Method::LaunchRun).unwrap();
            limits.method(&caller, Method::SubmitApproval).unwrap();
        }
    }
}
