//! `cargo xtask load`: drives the real release binary over loopback, counts every frame, and says how fast it was.
//!
//! ```text
//! scenario -> gateway in a process and a folder of its own <- client of our own (wire, http)
//!     '-----> figures: rates and times by our clock, CPU and memory by the kernel's
//! ```

mod client;
mod drive;
mod follow;
mod frame;
mod http;
mod meter;
mod samples;
mod scenarios;
mod stage;
mod table;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use self::samples::Samples;
use self::scenarios::Scenario;
use self::stage::{Load, Sync};
use crate::console;
use crate::process;
use crate::project::Project;

/// What to do.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Scenarios to run, separated by commas; all when absent.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How the gateway commits.
    #[arg(long, value_enum, default_value = "normal")]
    sync: Sync,
    /// Gateway binary to drive; the release build of this workspace when absent.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// How often each scenario runs; the medians are shown.
    #[arg(long, default_value_t = 1)]
    repeat: usize,
    /// How long each rate is measured.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
    /// Measure in both modes and print the table of docs/performance.md.
    #[arg(long, conflicts_with_all = ["sync", "json"])]
    table: bool,
}

/// Runs the load and prints its figures.
///
/// A client that was built without optimisation would measure itself, so it is built again and started instead.
pub(crate) async fn run(project: &Project, options: Options) -> Result<()> {
    if cfg!(debug_assertions) {
        let mut optimised = project.cargo(&["run", "--quiet", "--release", "--package", "xtask"]);
        optimised.arg("--").args(std::env::args_os().skip(1));
        return process::run(optimised);
    }
    let binary = match &options.binary {
        Some(binary) => std::path::absolute(binary)?,
        None => project.build_release()?,
    };
    let scenarios = chosen(&options.only)?;
    let load = Load {
        binary,
        root: project.root().to_owned(),
        sync: options.sync,
        time: Duration::from_secs_f64(options.seconds),
    };
    if options.table {
        let normal = measure(&load.with(Sync::Normal), &scenarios, options.repeat).await?;
        let durable: Vec<Scenario> = scenarios.into_iter().filter(|one| one.commits()).collect();
        let full = measure(&load.with(Sync::Full), &durable, options.repeat).await?;
        console::line(&table::markdown(&normal, &full, &project.target()?));
        return Ok(());
    }
    let samples = measure(&load, &scenarios, options.repeat).await?;
    if options.json {
        console::line(&serde_json::to_string_pretty(&samples)?);
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<Scenario>> {
    if names.is_empty() {
        return Ok(Scenario::ALL.to_vec());
    }
    let find = |name: &String| {
        let found = Scenario::ALL.into_iter().find(|one| one.name() == name);
        found.with_context(|| format!("there is no scenario `{name}`"))
    };
    names.iter().map(find).collect()
}

/// Runs the scenarios one after the other; one that fails is told of and does not stop the others.
async fn measure(load: &Load, scenarios: &[Scenario], repeat: usize) -> Result<Samples> {
    let mut samples = Samples::default();
    let mut failed = Vec::new();
    for scenario in scenarios {
        let heading = format!("{} ({})", scenario.name(), load.sync.as_str());
        eprint_line(&format!("\n== {heading}"));
        match rounds(load, *scenario, repeat).await {
            Ok(medians) => {
                table::show(&medians, eprint_line);
                samples.extend(medians);
            }
            Err(error) => {
                eprint_line(&format!("  FAIL  {error:#}"));
                failed.push(scenario.name());
            }
        }
    }
    if samples.iter().next().is_none() {
        bail!("nothing was measured: {failed:?} failed");
    }
    Ok(samples)
}

async fn rounds(load: &Load, scenario: Scenario, repeat: usize) -> Result<Samples> {
    let mut rounds = Vec::new();
    for _ in 0..repeat.max(1) {
        rounds.push(scenario.run(load).await?);
    }
    Ok(Samples::median(&rounds))
}

/// Progress goes to standard error, so that what is printed can be kept.
#[expect(
    clippy::print_stderr,
    reason = "progress of a tool whose output is a table"
)]
fn eprint_line(text: &str) {
    eprintln!("{text}");
}
