//! `cargo xtask crash`: SIGKILL at random moments, again and again, on the same database.
//!
//! ```text
//! round: start -> verify -> launch, decide, follow streams -> SIGKILL at a random moment
//! end:   start -> everything ends -> verify
//! ```

mod ledger;
mod rng;
mod schedule;
mod traffic;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use smithers_testkit::{Gateway, Scratch, wait};

use self::ledger::Ledger;
use self::rng::Rng;
use self::traffic::{TOKEN, Traffic};
use self::verify::Verified;
use crate::conformance::{Report, binary_or_build};
use crate::console;
use crate::project::Project;

/// Shortest and longest life of the gateway in a round, from its listening line.
const LIFE_MS: (u64, u64) = (20, 900);
/// Every so many rounds, on average, the gateway dies while it starts before it lives.
const DIES_EARLY_EVERY: u64 = 5;
/// Longest life of a gateway that dies while it starts.
const EARLY_LIFE_MS: u64 = 250;
/// Rounds from which on everything that is tested must have happened at least once.
const ENOUGH_ROUNDS: u64 = 20;
/// Time for everything to end after the last round.
const END_DEADLINE: Duration = Duration::from_secs(120);

/// What to do.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often the process is killed.
    #[arg(long, default_value_t = 50)]
    pub(crate) rounds: u64,
    /// Seed of all random choices; printed, so that a failure can be replayed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Gateway binary to test; built from this workspace when absent.
    #[arg(long)]
    pub(crate) binary: Option<PathBuf>,
}

/// Runs the crash test as one case.
pub(crate) async fn run(project: &Project, options: Options) -> Result<Report> {
    let binary = binary_or_build(options.binary, project)?;
    let seed = options.seed.unwrap_or_else(clock_seed);
    let mut report = Report::new("crash");
    console::line(&format!("  seed {seed} ({} rounds)", options.rounds));
    let name = format!("{} rounds, replay with --seed {seed}", options.rounds);
    report
        .case(&name, survive(project, &binary, options.rounds, seed))
        .await;
    report.print();
    Ok(report)
}

async fn survive(project: &Project, binary: &Path, rounds: u64, seed: u64) -> Result<()> {
    let grant = json!({ "role": "operator", "scopes": ["*"], "userId": "user:crash" });
    let mut scratch = Scratch::new(&json!({ TOKEN: grant }))?;
    scratch.set("SMITHERS_GATEWAY_MODULE", traffic::module(project.root()));
    let outcome = play(binary, &scratch, rounds, seed).await;
    outcome.map_err(|error| {
        let kept = scratch.keep();
        error.context(format!("database and log are kept in {}", kept.display()))
    })
}

async fn play(binary: &Path, scratch: &Scratch, rounds: u64, seed: u64) -> Result<()> {
    let mut trial = Trial {
        binary,
        scratch,
        rng: Rng::new(seed),
        ledger: Arc::default(),
        verified: Verified::default(),
    };
    for round in 0..rounds {
        let stored = trial
            .live_and_die(round)
            .await
            .with_context(|| format!("round {round}"))?;
        if (round + 1) % 10 == 0 {
            let told = trial.ledger.summary();
            console::line(&format!("  {} kills, {stored} events, {told}", round + 1));
        }
    }
    trial
        .come_to_an_end()
        .await
        .context("after the last round")?;
    if rounds >= ENOUGH_ROUNDS {
        trial.ledger.check_coverage()?;
    }
    Ok(())
}

/// One database over many lives of the gateway.
struct Trial<'a> {
    binary: &'a Path,
    scratch: &'a Scratch,
    rng: Rng,
    ledger: Arc<Ledger>,
    verified: Verified,
}

impl Trial<'_> {
    /// One round; returns how many events were stored at its start.
    async fn live_and_die(&mut self, round: u64) -> Result<usize> {
        if self.rng.below(DIES_EARLY_EVERY) == 0 {
            let life = Duration::from_millis(self.rng.below(EARLY_LIFE_MS));
            Gateway::die_while_starting(self.binary, self.scratch, life).await?;
        }
        let gateway = Gateway::start(self.binary, self.scratch).await?;
        let stored = self.verify()?;
        if round == 0 {
            schedule::begin(gateway.address()).await?;
        }
        let traffic = Traffic::new(gateway.address(), Arc::clone(&self.ledger));
        let mut clients = traffic.start(Some(round), &mut self.rng);
        let life = LIFE_MS.0 + self.rng.below(LIFE_MS.1 - LIFE_MS.0);
        tokio::time::sleep(Duration::from_millis(life)).await;
        gateway.kill9().await?;
        traffic.end();
        while clients.join_next().await.is_some() {}
        Ok(stored)
    }

    /// Starts once more, without launches and kills: every run ends, and every client sees it.
    async fn come_to_an_end(&mut self) -> Result<()> {
        let gateway = Gateway::start(self.binary, self.scratch).await?;
        self.verify()?;
        schedule::end(gateway.address()).await?;
        let traffic = Traffic::new(gateway.address(), Arc::clone(&self.ledger));
        let mut clients = traffic.start(None, &mut self.rng);
        let ended = self.everything_ended().await;
        traffic.end();
        gateway.kill9().await?;
        while clients.join_next().await.is_some() {}
        self.ledger.check()?;
        ended?;
        self.ledger.check_ends()?;
        let gateway = Gateway::start(self.binary, self.scratch).await?;
        self.verify()?;
        gateway.kill9().await
    }

    fn verify(&mut self) -> Result<usize> {
        verify::check(&self.scratch.database(), &self.ledger, &mut self.verified)
    }

    async fn everything_ended(&self) -> Result<()> {
        let database = self.scratch.database();
        let what = "every run to end and every client to see it";
        let ended = wait::until(what, END_DEADLINE, || {
            let open = verify::open_runs(&database);
            let is_over = open.map(|runs| runs.is_empty() && self.ledger.check_ends().is_ok());
            async move { Ok(is_over?.then_some(())) }
        });
        ended.await.with_context(|| still_open(&database))
    }
}

fn still_open(database: &Path) -> String {
    format!(
        "runs that have not ended: {:?}",
        verify::open_runs(database).unwrap_or_default()
    )
}

fn clock_seed() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos().into())
}
