//! `cargo xtask sim`: builds the simulation and hands it what was typed.

use anyhow::Result;
use clap::Args;

use crate::process;
use crate::project::Project;

/// What was typed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Options of the simulation: `--seeds N`, `--from N`, `--seed S`, `--mutations`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Plays until the seeds are played.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut cargo = project.cargo(&["run", "--locked", "--package", "smithers-sim", "--"]);
    cargo.args(&options.options);
    process::run(cargo)
}
