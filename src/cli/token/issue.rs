//! `smithers token issue`.

use clap::{Args, ValueEnum};
use secrecy::ExposeSecret;
use serde::Serialize;
use smithers_protocol::limits::MAX_USER_ID_BYTES;
use smithers_tokens::{Issue, Issued, Ledger, NewGrant, NewHandle, StoreFormat};

use super::scopes::{self, Profile};
use super::{store, time};
use crate::cli::error::CliError;
use crate::cli::output::{Format, Output, note};

/// Longest name of a role or of an action in bytes.
const MAX_NAME_BYTES: usize = 128;

const EXAMPLES: &str = "\
Examples:
  smithers token issue --profile dashboard --user-id user:ana
  smithers token issue --scopes run:read,run:write,approval:submit --ttl 1h --action-id gateway

The answer holds a handle for `smithers token exec`. The bearer is printed with --reveal-token only.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct IssueArgs {
    /// What the token may do, separated by commas or spaces.
    #[arg(long, value_name = "SCOPES", default_value = "run:read")]
    scopes: String,
    /// The recommended scopes and lifetime of a kind of client.
    #[arg(long, value_enum, value_name = "PROFILE", conflicts_with = "scopes")]
    profile: Option<Profile>,
    /// Role that is recorded.
    #[arg(long, value_name = "ROLE", default_value = "operator")]
    role: String,
    /// User that acts with the token, in approvals and in the audit trail.
    #[arg(long, value_name = "USER")]
    user_id: Option<String>,
    /// How long it lives: a number with ms, s, m, h or d; without unit milliseconds. [default: 1h]
    #[arg(long, value_name = "DURATION")]
    ttl: Option<String>,
    /// The action that the handle is bound to.
    #[arg(long, value_name = "ACTION", default_value = "gateway")]
    action_id: String,
    /// Print the bearer too. Whoever sees it can use it.
    #[arg(long)]
    reveal_token: bool,
    /// Take scopes that this version does not know.
    #[arg(long)]
    allow_unknown_scope: bool,
    /// Take an empty list of scopes.
    #[arg(long)]
    allow_empty: bool,
    /// Shape of the entry in the store: 3 keeps a hash of the bearer, 2 the bearer itself, for older tools.
    #[arg(long, value_enum, value_name = "VERSION", default_value = "3")]
    store_format: FormatArg,
}

/// The shapes of an entry by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// Keyed by the bearer.
    #[value(name = "2")]
    Plain,
    /// Keyed by the hash of the bearer.
    #[value(name = "3")]
    Hashed,
}

impl From<FormatArg> for StoreFormat {
    fn from(format: FormatArg) -> StoreFormat {
        match format {
            FormatArg::Plain => StoreFormat::Plain,
            FormatArg::Hashed => StoreFormat::Hashed,
        }
    }
}

/// The answer; the bearer is in it only when it was asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    grant: GrantAnswer<'a>,
    action_token: Option<&'a NewHandle>,
    store_path: String,
}

/// A grant of the answer.
#[derive(Serialize)]
pub(super) struct GrantAnswer<'a> {
    #[serde(flatten)]
    grant: &'a NewGrant,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl<'a> GrantAnswer<'a> {
    /// Shows what was issued; with its bearer when `reveal`.
    pub(super) fn of(issued: &'a Issued, reveal: bool) -> GrantAnswer<'a> {
        GrantAnswer {
            grant: &issued.grant,
            secret: reveal.then(|| issued.bearer.expose_secret()),
        }
    }
}

pub(super) fn run(args: IssueArgs, output: &Output) -> anyhow::Result<()> {
    let issue = wanted(&args)?;
    let ledger = store::ledger()?;
    let failed = |error| store::told_for("TOKEN_ISSUE_FAILED", error);
    let issued = ledger.issue(issue, store::now()).map_err(failed)?;
    hint_at_plain_bearers(&ledger, args.store_format);
    let answer = Answer {
        token: args.reveal_token.then(|| issued.bearer.expose_secret()),
        grant: GrantAnswer::of(&issued, args.reveal_token),
        action_token: issued.handles.first(),
        store_path: ledger.path().display().to_string(),
    };
    output.print(&answer, Format::Toon)
}

/// Checks what was typed.
fn wanted(args: &IssueArgs) -> Result<Issue, CliError> {
    let scopes = match args.profile {
        Some(profile) => profile.scopes(),
        None => scopes::split(&args.scopes),
    };
    if scopes.is_empty() && !args.allow_empty {
        return Err(
            CliError::new("EMPTY_SCOPES", "a token without scopes can do nothing")
                .hint("name scopes, or give --scopes \"\" together with --allow-empty"),
        );
    }
    scopes::check(&scopes, args.allow_unknown_scope)?;
    let usual = args.profile.map_or("1h", Profile::ttl);
    let ttl = time::lifetime(args.ttl.as_deref().unwrap_or(usual))?;
    time::check(ttl, &scopes)?;
    name("role", &args.role, MAX_NAME_BYTES)?;
    name("action-id", &args.action_id, MAX_NAME_BYTES)?;
    if let Some(user) = &args.user_id {
        name("user-id", user, MAX_USER_ID_BYTES)?;
        person(user)?;
    }
    scopes::warn_if_split_is_missing(&scopes);
    Ok(Issue {
        role: args.role.clone(),
        scopes,
        user_id: args.user_id.clone(),
        ttl,
        action_ids: vec![args.action_id.clone()],
        format: args.store_format.into(),
        is_revealed: args.reveal_token,
    })
}

/// Refuses a name that is empty, too long, or holds characters that no name has.
pub(super) fn name(argument: &'static str, value: &str, longest: usize) -> Result<(), CliError> {
    let problem = match value {
        "" => "must not be empty",
        long if long.len() > longest => "is too long",
        odd if odd.contains(char::is_control) => "holds control characters",
        _ => return Ok(()),
    };
    Err(CliError::usage(format!("--{argument} {problem}")).field(argument, problem))
}

/// Refuses a user id that means something else where people are named: a group, or the gateway itself.
fn person(user: &str) -> Result<(), CliError> {
    let reserved = ["team:", "role:", "system:", "smithers:"];
    match reserved.iter().find(|prefix| user.starts_with(*prefix)) {
        Some(prefix) => Err(CliError::usage(format!(
            "--user-id begins with {prefix}, which names no user"
        ))
        .field("user-id", "reserved")),
        None => Ok(()),
    }
}

/// As [`name`] for the id of an action.
pub(super) fn action_name(value: &str) -> Result<(), CliError> {
    name("action-id", value, MAX_NAME_BYTES)
}

/// Mentions that the store holds bearers although new ones are hashed.
fn hint_at_plain_bearers(ledger: &Ledger, format: FormatArg) {
    if format == FormatArg::Hashed
        && let Ok(plain @ 1..) = ledger.plain_bearers()
    {
        note(&format!(
            "note: {plain} older entries hold their bearer in plain text; `smithers token upgrade` hashes them"
        ));
    }
}
