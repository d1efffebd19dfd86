//! What was typed cannot be understood: the parser's finding as an error of ours.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::{CliError, WRONG_USAGE};

/// Turns a finding of the parser into an error with exit code 4; `None` when help or version was asked for.
pub(super) fn error(found: &clap::Error) -> Option<CliError> {
    let code = match found.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return None,
        ErrorKind::InvalidSubcommand => "COMMAND_NOT_FOUND",
        _ => "VALIDATION_ERROR",
    };
    let text = found.render().to_string();
    let paragraphs: Vec<&str> = text.split("\n\n").map(str::trim).collect();
    let message = paragraphs
        .first()
        .map_or("", |first| first.strip_prefix("error: ").unwrap_or(first));
    let message = match found.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a command is missing".to_owned()
        }
        _ => message.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let error = CliError::new(code, message.clone()).exit(WRONG_USAGE);
    let error = error.hint(hint(&paragraphs));
    Some(arguments(found).into_iter().fold(error, |error, argument| {
        error.field(argument, message.clone())
    }))
}

/// Takes the parser's tip and its line of usage.
fn hint(paragraphs: &[&str]) -> String {
    let begins = |start: &'static str| {
        let found = paragraphs
            .iter()
            .find_map(|paragraph| paragraph.strip_prefix(start));
        found.map(|found| found.lines().next().unwrap_or_default().trim().to_owned())
    };
    match (begins("tip:"), begins("Usage:")) {
        (Some(tip), _) => tip,
        (None, Some(usage)) => format!("usage: {usage}"),
        (None, None) => "see --help".to_owned(),
    }
}

/// Returns the arguments that the finding is about, without dashes and placeholders.
fn arguments(found: &clap::Error) -> Vec<String> {
    let bare = |argument: &str| {
        let name = argument.split([' ', '=']).next().unwrap_or_default();
        name.trim_start_matches('-')
            .trim_matches(['<', '>', '[', ']'])
            .to_owned()
    };
    match found.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => vec![bare(argument)],
        Some(ContextValue::Strings(arguments)) => {
            arguments.iter().map(|argument| bare(argument)).collect()
        }
        _ => Vec::new(),
    }
}
