//! A bounded number of histories with every test run, and the proof that they would find bugs.

use smithers_model::planted::{Bug, plant};
use smithers_sim::simulate;

/// Histories of every test run; `cargo xtask sim --seeds N` plays more.
const SEEDS: u64 = 100;
/// Histories that may be needed to find a planted bug.
const SEEDS_FOR_A_BUG: u64 = 200;

/// One test, because a bug is planted in the whole process.
#[test]
fn histories_keep_the_rules_are_the_same_each_time_and_find_every_planted_bug() {
    for seed in 0..SEEDS {
        if let Err(failure) = simulate(seed) {
            panic!("replay with `cargo xtask sim --seed {seed}`: {failure:#?}");
        }
    }
    for seed in 0..5 {
        let (one, other) = (simulate(seed).unwrap(), simulate(seed).unwrap());
        assert_eq!(one, other, "seed {seed}");
    }
    for bug in Bug::ALL {
        plant(Some(bug));
        let is_found = (0..SEEDS_FOR_A_BUG).any(|seed| simulate(seed).is_err());
        plant(None);
        assert!(is_found, "{bug:?} is not found");
    }
}
