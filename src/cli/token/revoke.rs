//! `smithers token revoke`.

use std::io::Read;

use clap::Args;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use smithers_model::Timestamp;
use smithers_tokens::{Ledger, Revocation, Revoked, Target};

use super::store;
use crate::cli::error::CliError;
use crate::cli::output::{Format, Output, note};

/// Longest text that is read from standard input in bytes; a bearer has at most 512.
const MAX_INPUT: u64 = 4_096;
/// Longest reason in bytes.
const MAX_REASON_BYTES: usize = 1_024;
/// How bearers and handles begin.
const SECRET_PREFIX: &str = "smithers_";

const EXAMPLES: &str = "\
Examples:
  smithers token revoke 54014a2e7e38c8fd --reason \"laptop lost\"
  pass show smithers/token | smithers token revoke -
  smithers token revoke --user-id user:ana

A running gateway that reads this store refuses the token within a second and closes its connections.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RevokeArgs {
    /// Id of the token, the token itself, or a handle; `-` reads it from standard input. Prefer ids: arguments show in the
    /// list of processes.
    #[arg(
        value_name = "TOKEN",
        required_unless_present_any = ["user_id", "all"],
        conflicts_with_all = ["user_id", "all"]
    )]
    token: Option<String>,
    /// Revoke every token of this user.
    #[arg(long, value_name = "USER", conflicts_with = "all")]
    user_id: Option<String>,
    /// Revoke every token of the store.
    #[arg(long)]
    all: bool,
    /// Why, for the store and the audit trail.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// The answer about one token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    revoked: bool,
    token_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle_id: Option<&'a str>,
    already_revoked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at_ms: Option<Timestamp>,
    handles: usize,
    store_path: String,
}

/// The answer about many tokens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answers<'a> {
    revoked: bool,
    count: usize,
    token_ids: Vec<&'a str>,
    store_path: String,
}

pub(super) fn run(args: RevokeArgs, output: &Output) -> anyhow::Result<()> {
    if args
        .reason
        .as_ref()
        .is_some_and(|reason| reason.len() > MAX_REASON_BYTES)
    {
        return Err(CliError::usage("--reason is too long").into());
    }
    let target = match (args.token, args.user_id) {
        (Some(token), _) if token == "-" => Target::One(from_input()?),
        (Some(token), _) => {
            mention_process_list(&token);
            Target::One(token)
        }
        (None, Some(user)) => Target::User(user),
        (None, None) => Target::All,
    };
    let is_one = matches!(target, Target::One(_));
    let revocation = Revocation {
        target,
        reason: args.reason,
    };
    let ledger = store::ledger()?;
    let revoked = ledger
        .revoke(&revocation, store::now())
        .map_err(store::told)?;
    print(&revoked, is_one, &ledger, output)
}

fn print(
    revoked: &[Revoked],
    is_one: bool,
    ledger: &Ledger,
    output: &Output,
) -> anyhow::Result<()> {
    let store_path = ledger.path().display().to_string();
    match revoked {
        [one] if is_one => {
            let answer = Answer {
                revoked: true,
                token_id: &one.token_id,
                handle_id: one.handle_id.as_deref(),
                already_revoked: one.was_revoked,
                revoked_at_ms: one.revoked_at,
                handles: one.handles,
                store_path,
            };
            output.print(&answer, Format::Toon)
        }
        many => {
            let answer = Answers {
                revoked: true,
                count: many.len(),
                token_ids: many.iter().map(|one| one.token_id.as_str()).collect(),
                store_path,
            };
            output.print(&answer, Format::Toon)
        }
    }
}

/// Reads a token from standard input.
fn from_input() -> anyhow::Result<String> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_INPUT as usize));
    std::io::stdin()
        .take(MAX_INPUT)
        .read_to_string(&mut text)
        .map_err(|_| CliError::usage("standard input holds no token"))?;
    match text.trim() {
        "" => Err(CliError::usage("standard input holds no token").into()),
        token => Ok(token.to_owned()),
    }
}

/// Mentions that others could have seen the argument. It is being revoked, so this is about the next one.
fn mention_process_list(token: &str) {
    if token.starts_with(SECRET_PREFIX) {
        note(
            "note: an argument shows in the list of processes; prefer the id, or `-` and standard input",
        );
    }
}
