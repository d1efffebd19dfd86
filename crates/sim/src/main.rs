//! `cargo xtask sim`: plays seeds, or shows how many of them find each planted bug.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use smithers_model::planted::{Bug, plant};
use smithers_sim::{Failure, Kind, Report, simulate_on};

/// Plays random histories on the real actors, with seeded time, faults and crashes.
#[derive(Debug, Parser)]
struct Options {
    /// How many seeds to play.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Play this seed alone and show its history.
    #[arg(long)]
    seed: Option<u64>,
    /// Play all of them on this store, not every eighth on SQLite.
    #[arg(long, value_enum)]
    store: Option<Store>,
    /// Plant each known bug in turn and count the seeds that find it.
    #[arg(long)]
    mutations: bool,
    /// Of these, plant only those whose name contains this.
    #[arg(long, requires = "mutations")]
    bug: Option<String>,
}

/// A store to play on.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    /// In memory.
    Memory,
    /// A file.
    Sqlite,
}

impl Options {
    fn simulate(&self, seed: u64) -> Result<Report, Box<Failure>> {
        let kind = match self.store {
            None => Kind::of(seed),
            Some(Store::Memory) => Kind::Memory,
            Some(Store::Sqlite) => Kind::Sqlite,
        };
        simulate_on(kind, seed)
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let is_fine = match (options.seed, options.mutations) {
        (Some(seed), _) => play(&options, seed, true),
        (None, true) => mutations(&options),
        (None, false) => seeds(&options),
    };
    if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stdout, reason = "a tool for people")]
fn play(options: &Options, seed: u64, is_shown: bool) -> bool {
    match options.simulate(seed) {
        Ok(report) => {
            if is_shown {
                report.history.iter().for_each(|line| println!("{line}"));
                println!("seed {seed}: fine, {} lives", report.lives);
            }
            true
        }
        Err(failure) => {
            println!(
                "seed {seed}: {}\nreplay with: cargo xtask sim --seed {seed}",
                failure.broken
            );
            if is_shown {
                println!("{:#?}", failure.plan);
                failure
                    .report
                    .history
                    .iter()
                    .for_each(|line| println!("{line}"));
            }
            false
        }
    }
}

#[expect(clippy::print_stdout, reason = "a tool for people")]
fn seeds(options: &Options) -> bool {
    let begin = Instant::now();
    let seeds = options.from..options.from + options.seeds;
    println!("seeds {} to {}", seeds.start, seeds.end - 1);
    let failed = seeds.filter(|seed| !play(options, *seed, false)).count();
    let rate = options.seeds as f64 / begin.elapsed().as_secs_f64();
    println!(
        "{} seeds, {failed} failed, {rate:.0} seeds/s",
        options.seeds
    );
    failed == 0
}

#[expect(clippy::print_stdout, reason = "a tool for people")]
fn mutations(options: &Options) -> bool {
    let mut missed = 0;
    let wanted = options.bug.as_deref().unwrap_or_default();
    let is_wanted = |bug: &Bug| format!("{bug:?}").contains(wanted);
    for bug in Bug::ALL.into_iter().filter(is_wanted) {
        plant(Some(bug));
        let seeds = options.from..options.from + options.seeds;
        let found = seeds
            .filter(|seed| options.simulate(*seed).is_err())
            .count();
        println!("{bug:?}: found by {found} of {} seeds", options.seeds);
        missed += usize::from(found == 0);
    }
    plant(None);
    missed == 0
}
