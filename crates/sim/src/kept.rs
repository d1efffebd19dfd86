//! Leaves whose result may be one that was kept: by another run, another pass, or the same task before it was undone.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use smithers_model::cache::{CacheRequest, CacheScope};
use smithers_model::event::StoredEvent;

use crate::plan::{Leaf, Part, RunPlan};
use crate::workflow::leaf_of;

/// Results that there are.
const KEYS: u32 = 2;
/// Numbers of tasks that no plan has.
const TWINS: [u32; 2] = [901, 902];

/// A result that may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which one: tasks with the same key give the same.
    pub key: u32,
    /// How long it is good, milliseconds; for ever without.
    pub ttl_ms: Option<u64>,
}

impl Kept {
    fn random(dice: &mut StdRng) -> Self {
        Self {
            key: dice.random_range(0..KEYS),
            ttl_ms: [None, Some(60)][dice.random_range(0..2)],
        }
    }

    /// What it is.
    pub(crate) fn output(self) -> i64 {
        i64::from(self.key)
    }

    /// What the result depends on.
    pub(crate) fn request(self) -> CacheRequest {
        CacheRequest {
            scope: CacheScope::Global,
            task_key: self.name(),
            iteration: None,
            version: None,
            ttl_ms: self.ttl_ms,
            output_schema_sig: String::new(),
            agent_sig: None,
            tools_sig: None,
            model: None,
            prompt_sig: None,
            by: serde_json::Value::Null,
        }
    }

    /// Results that are good for another time are others.
    pub(crate) fn name(self) -> String {
        format!("k{}-{:?}", self.key, self.ttl_ms)
    }
}

/// Has some tasks take results that were kept; the dice are not those of the plan, whose histories stay what they are.
pub(crate) fn add(seed: u64, runs: &mut [RunPlan]) {
    let mut dice = StdRng::seed_from_u64(seed.rotate_left(32));
    if dice.random_bool(0.6) {
        return;
    }
    for run in runs {
        run.root.replace(&mut |leaf| {
            if *leaf == Leaf::Compute && dice.random_bool(0.5) {
                *leaf = Leaf::Kept(Kept::random(&mut dice));
            }
        });
        // Two that need the same at once.
        let twin = Leaf::Kept(Kept::random(&mut dice));
        let twins = TWINS.map(|number| Part::Leaf(number, twin));
        run.root = Part::Seq(vec![Part::Par(0, twins.to_vec()), run.root.clone()]);
    }
}

/// What the world knows of results that may be kept.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Bodies under way in this life, by what they make.
    making: BTreeMap<String, (String, String)>,
    /// What was made and is good for ever.
    made: BTreeSet<String>,
}

impl Shelf {
    /// A body begins; the error says why it must not. With `is_steady`, the clock was never set.
    pub(crate) fn begin(
        &mut self,
        kept: Kept,
        body: (String, String),
        is_steady: bool,
    ) -> Result<(), String> {
        let name = kept.name();
        if is_steady && self.made.contains(&name) {
            return Err(format!("{name} is made again by {body:?}"));
        }
        match self.making.insert(name.clone(), body.clone()) {
            Some(other) => Err(format!("{name} is made by {other:?} and by {body:?}")),
            None => Ok(()),
        }
    }

    /// Bodies of a run, or of one of its nodes, are over.
    pub(crate) fn end(&mut self, is_over: impl Fn(&(String, String)) -> bool) {
        self.making.retain(|_, body| !is_over(body));
    }

    /// An event of a run with `plan` was shown: what it made can be found.
    pub(crate) fn see(&mut self, plan: &RunPlan, event: &StoredEvent) {
        let payload = event.payload.value();
        let (Some(id), "NodeFinished") = (payload["nodeId"].as_str(), event.type_name.as_str())
        else {
            return;
        };
        if let Some(Leaf::Kept(kept @ Kept { ttl_ms: None, .. })) = leaf_of(&plan.root, id) {
            self.made.insert(kept.name());
        }
    }
}

/// No result is used longer than it is good.
pub(crate) fn check_ages(
    index: usize,
    plan: &RunPlan,
    events: &[StoredEvent],
) -> Result<(), String> {
    for event in events.iter().filter(|event| event.type_name == "CacheHit") {
        let payload = event.payload.value();
        let node = payload["nodeId"].as_str().unwrap_or_default();
        let age = payload["ageMs"].as_u64();
        let Some(Leaf::Kept(kept)) = leaf_of(&plan.root, node) else {
            return Err(format!("run {index}: {node} has a result that was kept"));
        };
        let is_good = |age: u64| kept.ttl_ms.is_none_or(|ttl| age < ttl);
        if !age.is_some_and(is_good) {
            return Err(format!("run {index}: {node} has {kept:?} of {age:?} ms"));
        }
    }
    Ok(())
}
