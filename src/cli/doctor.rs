//! `smithers doctor`.

use std::collections::BTreeMap;

use clap::Args;
use smithers_actors::clock::SystemClock;
use smithers_model::time::Clock as _;

use super::config::FileArg;
use super::error::CliError;
use super::output::{Cell, Output, Paint, Table, note};
use crate::doctor::{self, CHECKS, Profile, Report, Site, Status};

/// Exit code for warnings that are not accepted.
const WARNED: u8 = 2;

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smithers doctor
  smithers doctor --profile production --strict
  smithers doctor --only db,audit.chain

Run it with the configuration of the gateway: the same environment and the same smithers.toml.
Exit codes: 0 nothing failed, 1 a check failed, 2 a check warned and --strict was given.")]
pub(super) struct DoctorArgs {
    /// How strict to be: in production every check is asked, and one that could not run fails.
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    profile: Profile,
    /// Ask only these checks: ids such as `db.pragmas`, or families such as `db`.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Read everything that is stored instead of a sample.
    #[arg(long)]
    full: bool,
    /// Do not accept warnings.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    file: FileArg,
}

pub(super) fn run(args: &DoctorArgs, output: &Output) -> anyhow::Result<()> {
    if let Some(unknown) = args.only.iter().find(|wanted| !is_known(wanted)) {
        let ids: Vec<&str> = CHECKS.iter().map(|check| check.id).collect();
        return Err(CliError::usage(format!("there is no check `{unknown}`"))
            .hint(format!("the checks are {}", ids.join(", ")))
            .into());
    }
    let config = args.file.read(BTreeMap::new())?;
    let site = Site::new(&config, SystemClock.now(), args.full);
    let report = doctor::examine(&site, args.profile, &args.only);
    output.print_table(&report, || table(&report))?;
    verdict(&report, args.strict)
}

fn is_known(wanted: &str) -> bool {
    CHECKS.iter().any(|check| doctor::names(wanted, check.id))
}

fn verdict(report: &Report, strict: bool) -> anyhow::Result<()> {
    let counts = report.counts;
    let summary = format!(
        "{} passed, {} warned, {} failed, {} skipped (profile {})",
        counts.pass,
        counts.warn,
        counts.fail,
        counts.skip,
        report.profile.name()
    );
    if counts.fail > 0 {
        return Err(CliError::new("CHECKS_FAILED", summary).into());
    }
    if strict && counts.warn > 0 {
        return Err(CliError::new("CHECKS_WARNED", summary).exit(WARNED).into());
    }
    note(&summary);
    Ok(())
}

fn table(report: &Report) -> Table {
    let mut table = Table::new(["check", "status", "evidence"]);
    for row in &report.checks {
        let (word, paint) = shown(row.finding.status);
        let finding = &row.finding;
        table.row([
            Cell::new(row.id, Paint::Plain),
            Cell::new(word, paint),
            Cell::new(&finding.evidence, Paint::Plain),
        ]);
        if let Some(hint) = &finding.hint {
            let hint = Cell::new(format!("hint: {hint}"), Paint::Dim);
            table.row(["".into(), "".into(), hint]);
        }
    }
    table
}

fn shown(status: Status) -> (&'static str, Paint) {
    match status {
        Status::Pass => ("pass", Paint::Green),
        Status::Skip => ("skip", Paint::Dim),
        Status::Warn => ("WARN", Paint::Yellow),
        Status::Fail => ("FAIL", Paint::Red),
    }
}
