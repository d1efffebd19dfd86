//! `smithers token exec`: a command that gets the bearer in its environment, and nowhere else.
//!
//! ```text
//! exec (decides, records, waits)  ──starts──►  exec-stage (reads the bearer)  ──becomes──►  the command
//! ```
//!
//! The process that waits never holds the bearer, and the one that reads it has no memory of its own left once it has
//! become the command.

mod environment;
mod harden;
mod outcome;
mod stage;
mod supervise;

use std::io::IsTerminal;
use std::time::Instant;

use clap::Args;
use secrecy::SecretString;
use serde::Serialize;
use sha2::{Digest, Sha256};
use smithers_tokens::{Authorised, Ledger, Use};

use self::outcome::Outcome;
use super::{issue, scopes, store};
use crate::cli::error::CliError;
use crate::cli::output::{Format, Output, note, put};

pub(super) use stage::{StageArgs, run as stage};

/// Code of every failure of this command.
const FAILED: &str = "TOKEN_EXEC_FAILED";

const EXAMPLES: &str = r#"Examples:
  smithers token exec --handle "$HANDLE" --action-id gateway --scopes run:read \
    --command 'curl -H "Authorization: Bearer $SMITHERS_API_KEY" http://localhost:7331/v1/runs'
  smithers token exec --handle "$HANDLE" --scopes run:write -- ./launch.sh nightly

The exit code is that of the command, or 128 and the number of the signal that ended it. The result of this command goes
to standard output on a terminal, otherwise to standard error, so that a pipe gets the bytes of the command only."#;

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExecArgs {
    /// Handle of the token, as `token issue` printed it.
    #[arg(long, value_name = "HANDLE")]
    handle: SecretString,
    /// The action; must be the one that the handle is bound to.
    #[arg(long, value_name = "ACTION", default_value = "gateway")]
    action_id: String,
    /// Scopes that the command needs; each must be on the handle and on its token.
    #[arg(long, value_name = "SCOPES", default_value = "")]
    scopes: String,
    /// Name of the variable that gets the bearer.
    #[arg(long, value_name = "NAME", default_value = "SMITHERS_API_KEY")]
    env: String,
    /// The command, for /bin/sh -c.
    #[arg(
        long,
        value_name = "COMMAND",
        required_unless_present = "program",
        conflicts_with = "program"
    )]
    command: Option<String>,
    /// Variables that the command gets although they look like secrets, or besides the few of --clean-env.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    inherit_env: Vec<String>,
    /// Give the command only PATH, HOME, TERM, LANG, TZ and the bearer.
    #[arg(long)]
    clean_env: bool,
    /// Print the result to standard error also on a terminal.
    #[arg(long, short)]
    quiet: bool,
    /// The program and its arguments, without a shell.
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    ok: bool,
    token_id: &'a str,
    action_id: &'a str,
}

pub(super) fn run(args: ExecArgs, output: &Output) -> anyhow::Result<()> {
    issue::action_name(&args.action_id)?;
    environment::check_name(&args.env)?;
    harden::process()?;
    let words = match &args.command {
        Some(command) => ["/bin/sh", "-c", command].map(str::to_owned).to_vec(),
        None => args.program.clone(),
    };
    let ledger = store::ledger()?;
    let authorised = authorise(&ledger, &args, &words)?;
    let variables = environment::of_child(args.clean_env, &args.inherit_env, &args.env);
    let stage = stage::command(ledger.path(), authorised.fingerprint, &args.env, &words);
    let begin = Instant::now();
    let outcome = supervise::run(stage, variables);
    let duration_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = outcome
        .as_ref()
        .map_or(Outcome::NOT_STARTED, Outcome::exit_status);
    ledger
        .finished(&authorised, status, duration_ms, store::now())
        .map_err(store::told)?;
    match outcome {
        Ok(outcome) if outcome.is_success() => print(&args, &authorised, output),
        Ok(outcome) => Err(outcome.to_error().into()),
        Err(error) => {
            Err(CliError::new(FAILED, format!("failed to start the command: {error}")).into())
        }
    }
}

fn authorise(ledger: &Ledger, args: &ExecArgs, words: &[String]) -> Result<Authorised, CliError> {
    // Words are separated by what no word can hold.
    let command_sha256 = hex::encode(Sha256::digest(words.join("\0")));
    let wanted = Use {
        handle: args.handle.clone(),
        action_id: args.action_id.clone(),
        scopes: scopes::split(&args.scopes),
        command_sha256,
        env: args.env.clone(),
        pid: std::process::id(),
    };
    let authorised = ledger.authorise(&wanted, store::now());
    authorised.map_err(|error| store::told_for(FAILED, error))
}

/// Prints the result beside the command's own output.
fn print(args: &ExecArgs, authorised: &Authorised, output: &Output) -> anyhow::Result<()> {
    let answer = Answer {
        ok: true,
        token_id: &authorised.token_id,
        action_id: &args.action_id,
    };
    let text = output.render(&answer, Format::Toon)?;
    if args.quiet || !std::io::stdout().is_terminal() {
        note(&text);
    } else {
        put(&text);
    }
    Ok(())
}
