//! Logins and requests to webhooks that were refused, summed up by minute and by the kind of network that they came from.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::{RawJson, Timestamp};

const MINUTE_MS: i64 = 60_000;

/// Which door was closed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door {
    /// That for those who hold a token.
    Login,
    /// The webhook of this workflow.
    Webhook(String),
}

/// How often what happened.
type Outcomes = BTreeMap<&'static str, u64>;

/// The failures of one minute.
#[derive(Debug, Default)]
pub(super) struct Failures {
    began_at: Option<Timestamp>,
    by_door: BTreeMap<(Door, &'static str), Outcomes>,
}

impl Failures {
    pub(super) fn add(
        &mut self,
        door: Door,
        address: Option<IpAddr>,
        outcome: &'static str,
        now: Timestamp,
    ) {
        self.began_at.get_or_insert(now);
        let outcomes = self.by_door.entry((door, class(address))).or_default();
        *outcomes.entry(outcome).or_default() += 1;
    }

    /// Returns a row for each door and kind of network once the minute is over, or at once with `all`.
    pub(super) fn due(&mut self, now: Timestamp, all: bool) -> Vec<AuditRecord> {
        let Some(began_at) = self.began_at else {
            return Vec::new();
        };
        // A clock that was set back must not hold the row for ever.
        let is_over = (now.0 - began_at.0).abs() >= MINUTE_MS;
        if !is_over && !all {
            return Vec::new();
        }
        self.began_at = None;
        let by_door = std::mem::take(&mut self.by_door).into_iter();
        by_door
            .map(|((door, class), outcomes)| record(door, class, &outcomes, began_at, now))
            .collect()
    }
}

fn record(
    door: Door,
    class: &str,
    outcomes: &Outcomes,
    began_at: Timestamp,
    now: Timestamp,
) -> AuditRecord {
    let count: u64 = outcomes.values().sum();
    let mut detail = json!({ "count": count, "outcomes": outcomes, "fromMs": began_at.0 });
    let (kind, subject) = match door {
        Door::Login => (kind::LOGIN_FAILURES, class.to_owned()),
        Door::Webhook(key) => {
            detail["network"] = class.into();
            (kind::WEBHOOK_REFUSALS, key)
        }
    };
    AuditRecord {
        subject: Some(subject),
        detail: RawJson::of(&detail),
        ..AuditRecord::new(now, Channel::Gateway, kind, "refused")
    }
}

/// Returns the kind of network that an address belongs to.
fn class(address: Option<IpAddr>) -> &'static str {
    let Some(address) = address.map(|address| address.to_canonical()) else {
        return "unknown";
    };
    let is_private = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    match address {
        address if address.is_loopback() => "loopback",
        _ if is_private => "private",
        _ => "public",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_by_their_network_only() {
        for (address, expected) in [
            ("127.0.0.1", "loopback"),
            ("::1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("10.1.2.3", "private"),
            ("172.16.0.1", "private"),
            ("192.168.0.1", "private"),
            ("169.254.1.1", "private"),
            ("fd00::1", "private"),
            ("fe80::1", "private"),
            ("203.0.113.7", "public"),
            ("2001:db8::1", "public"),
        ] {
            assert_eq!(class(address.parse().ok()), expected, "{address}");
        }
        assert_eq!(class(None), "unknown");
    }
}
