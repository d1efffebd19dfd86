//! The process that becomes the command: it reads the bearer and is replaced by the command in the same breath.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use secrecy::ExposeSecret;
use smithers_tokens::Fingerprint;

use super::{FAILED, harden};
use crate::cli::error::CliError;
use crate::cli::token::store;

/// What `exec` gives its stage. Nothing of it is secret.
#[derive(Debug, Args)]
pub(crate) struct StageArgs {
    /// Place of the store.
    #[arg(long)]
    store: PathBuf,
    /// Hash of the token.
    #[arg(long)]
    grant: String,
    /// Name of the variable that gets the bearer.
    #[arg(long)]
    env: String,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<String>,
}

/// Returns the command line of the stage.
pub(super) fn command(
    path: &Path,
    token: Fingerprint,
    env: &str,
    words: &[String],
) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["token", "exec-stage", "--store"])
        .arg(path)
        .args(["--grant", &token.store_key(), "--env", env, "--"])
        .args(words);
    Ok(command)
}

/// Becomes the command.
pub(crate) fn run(args: &StageArgs) -> anyhow::Result<()> {
    harden::process()?;
    let unusable = |error| store::told_for(FAILED, error);
    let token = Fingerprint::of_store_key(&args.grant)
        .ok_or_else(|| CliError::usage("--grant is no hash"))?;
    let ledger = store::at(&args.store).map_err(unusable)?;
    let bearer = ledger.bearer(token, store::now()).map_err(unusable)?;
    let (program, arguments) = args
        .program
        .split_first()
        .ok_or_else(|| CliError::usage("no program"))?;
    // Returns only when it fails.
    let error = Command::new(program)
        .args(arguments)
        .env(&args.env, bearer.expose_secret())
        .exec();
    Err(CliError::new(FAILED, format!("failed to start `{program}`: {error}")).into())
}
