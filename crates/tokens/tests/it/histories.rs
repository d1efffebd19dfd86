//! Any sequence of changes, against what each of them means.

use std::time::Duration;

use proptest::prelude::*;
use smithers_model::Timestamp;
use smithers_tokens::{Error, Issue, Mint, Rotate, Standing, StoreFormat};

use crate::support::*;

/// A change; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Issue { format: bool, minutes: u8 },
    Mint { token: usize },
    Revoke { token: usize },
    Rotate { token: usize, grace_minutes: u8 },
    Prune { minutes: u8 },
    Upgrade { forget: bool },
    Use { token: usize },
    Wait { minutes: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 1..90_u8).prop_map(|(format, minutes)| Step::Issue { format, minutes }),
        1 => any::<usize>().prop_map(|token| Step::Mint { token }),
        2 => any::<usize>().prop_map(|token| Step::Revoke { token }),
        2 => (any::<usize>(), 1..90_u8)
            .prop_map(|(token, grace_minutes)| Step::Rotate { token, grace_minutes }),
        1 => (1..90_u8).prop_map(|minutes| Step::Prune { minutes }),
        1 => any::<bool>().prop_map(|forget| Step::Upgrade { forget }),
        2 => any::<usize>().prop_map(|token| Step::Use { token }),
        2 => (1..40_u8).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

/// What is known of a token.
#[derive(Debug)]
struct Known {
    bearer: String,
    id: String,
    handles: Vec<String>,
    end: Timestamp,
    is_revoked: bool,
    is_pruned: bool,
}

impl Known {
    fn of(issued: &smithers_tokens::Issued) -> Known {
        Known {
            bearer: bearer(issued).to_owned(),
            id: issued.grant.token_id.clone(),
            handles: issued
                .handles
                .iter()
                .map(|new| new.handle.clone())
                .collect(),
            end: issued.grant.expires_at_ms,
            is_revoked: false,
            is_pruned: false,
        }
    }

    fn standing(&self, now: Timestamp) -> Option<Standing> {
        (!self.is_pruned).then(|| Standing::at(now, Some(self.end), self.is_revoked))
    }
}

/// The store, what is known of it, and the time.
struct World {
    store: Store,
    known: Vec<Known>,
    now: Timestamp,
    has_forgotten: bool,
}

fn minutes(minutes: u8) -> Duration {
    Duration::from_secs(60 * u64::from(minutes))
}

impl World {
    fn new() -> World {
        World {
            store: Store::new(),
            known: Vec::new(),
            now: NOW,
            has_forgotten: false,
        }
    }

    fn pick(&self, token: usize) -> Option<usize> {
        (!self.known.is_empty()).then(|| token % self.known.len())
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Issue {
                format,
                minutes: ttl,
            } => {
                let issue = Issue {
                    format: if format {
                        StoreFormat::Hashed
                    } else {
                        StoreFormat::Plain
                    },
                    ttl: minutes(ttl),
                    ..issue(&["run:write"])
                };
                let issued = self.store.ledger().issue(issue, self.now).unwrap();
                self.known.push(Known::of(&issued));
            }
            Step::Mint { token } => self.mint(token),
            Step::Revoke { token } => self.revoke(token),
            Step::Rotate {
                token,
                grace_minutes,
            } => self.rotate(token, minutes(grace_minutes)),
            Step::Prune { minutes: age } => {
                let pruned = self.store.ledger().prune(minutes(age), self.now).unwrap();
                for known in &mut self.known {
                    known.is_pruned |= pruned.token_ids.contains(&known.id);
                }
            }
            Step::Upgrade { forget } => {
                self.store.ledger().upgrade(forget, self.now).unwrap();
                self.has_forgotten |= forget;
            }
            Step::Use { token } => self.use_handle(token),
            Step::Wait { minutes: time } => self.now = self.now.plus(minutes(time)),
        }
    }

    fn mint(&mut self, token: usize) {
        let Some(known) = self.pick(token).map(|at| &mut self.known[at]) else {
            return;
        };
        let mint = Mint {
            token: known.id.clone(),
            action_id: "gateway".into(),
            scopes: Some(vec!["run:read".into()]),
            ttl: None,
        };
        let made = self.store.ledger().mint(mint, self.now);
        assert_eq!(
            made.is_ok(),
            known.standing(self.now) == Some(Standing::Active)
        );
        known.handles.extend(made.ok().map(|new| new.handle));
    }

    fn revoke(&mut self, token: usize) {
        let Some(known) = self.pick(token).map(|at| &mut self.known[at]) else {
            return;
        };
        match self.store.ledger().revoke(&one(&known.id), self.now) {
            Ok(revoked) => {
                assert_eq!(revoked[0].was_revoked, known.is_revoked);
                known.is_revoked = true;
            }
            Err(error) => assert!(matches!(error, Error::NotFound) && known.is_pruned),
        }
    }

    fn rotate(&mut self, token: usize, grace: Duration) {
        let Some(known) = self.pick(token).map(|at| &mut self.known[at]) else {
            return;
        };
        let rotate = Rotate {
            token: known.id.clone(),
            grace,
            ttl: None,
            max_ttl: 24 * HOUR,
            format: StoreFormat::Hashed,
            is_revealed: false,
        };
        let rotated = self.store.ledger().rotate(&rotate, self.now);
        assert_eq!(
            rotated.is_ok(),
            known.standing(self.now) == Some(Standing::Active)
        );
        if let Ok(rotated) = rotated {
            known.end = rotated.old_expires_at;
            self.known.push(Known::of(&rotated.issued));
        }
    }

    fn use_handle(&mut self, token: usize) {
        let Some(known) = self.pick(token).map(|at| &self.known[at]) else {
            return;
        };
        for handle in &known.handles {
            let used = try_use(&self.store, handle, &["run:read"], self.now);
            let is_active = known.standing(self.now) == Some(Standing::Active);
            assert!(used.is_err() || is_active, "{known:?}");
            assert!(
                used.is_ok() || !is_active || self.has_forgotten,
                "{used:?} {known:?}"
            );
        }
    }

    /// What must hold after every step.
    fn check(&self) {
        for known in &self.known {
            let seen = self.store.standing(&known.bearer, self.now);
            assert_eq!(seen, known.standing(self.now), "{known:?}");
        }
        let trail = self.store.trail();
        assert_eq!((trail.broken_at, trail.damaged.len()), (None, 0));
        let audit = self.store.text("tokens.json.audit.jsonl");
        assert!(!self.known.iter().any(|known| audit.contains(&known.bearer)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_gateway_sees_exactly_what_the_commands_did(steps in prop::collection::vec(step(), 1..25)) {
        let mut world = World::new();
        world.take(&Step::Issue { format: true, minutes: 60 });
        for step in &steps {
            world.take(step);
            world.check();
        }
    }

    #[test]
    fn after_an_upgrade_no_bearer_is_in_the_store(steps in prop::collection::vec(step(), 1..15)) {
        let mut world = World::new();
        world.take(&Step::Issue { format: false, minutes: 60 });
        steps.iter().for_each(|step| world.take(step));
        world.take(&Step::Upgrade { forget: false });
        world.check();
        let text = world.store.text("tokens.json");
        for known in &world.known {
            prop_assert!(!text.contains(&known.bearer));
            prop_assert!(!known.handles.iter().any(|handle| text.contains(handle.as_str())));
        }
    }
}
