//! `smithers reference`: the whole product as data, for the documentation that is generated from it.

use clap::{Arg, Command, CommandFactory};
use serde::Serialize;
use serde_json::{Value, json};

use super::output::{Format, Output};
use super::{Cli, explain};
use crate::config::{Config, Sources};
use crate::metrics;

/// A command that does something.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CommandPage {
    /// Its words, such as `smithers runs list`.
    command: String,
    about: String,
    /// The line of usage.
    usage: String,
    arguments: Vec<ArgumentRow>,
    /// What follows the help: the examples.
    examples: String,
}

/// An argument or flag.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArgumentRow {
    /// As it is typed, such as `--limit <LIMIT>`.
    name: String,
    help: String,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

pub(super) fn run(output: &Output) -> anyhow::Result<()> {
    output.print(&data()?, Format::Json)
}

fn data() -> anyhow::Result<Value> {
    let mut root = Cli::command();
    root.build();
    let global = root.get_arguments().filter(|arg| arg.is_global_set());
    let general: Vec<ArgumentRow> = global.map(row).collect();
    let mut commands = Vec::new();
    collect(&root, "smithers", &mut commands);
    let configuration = Config::read(&Sources::default())?;
    let errors: Vec<Value> = crate::explain::all().map(explain::data).collect();
    let alerts: Vec<Value> = crate::alerts::RULES
        .iter()
        .map(|rule| json!({"name": rule.name, "meaning": rule.meaning}))
        .collect();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commands": commands,
        "options": general,
        "configuration": configuration.to_json(),
        "errors": errors,
        "metrics": metrics::table::ALL,
        "alerts": alerts,
    }))
}

/// Adds the commands below `command` that do something, in the order of the help.
fn collect(command: &Command, path: &str, pages: &mut Vec<CommandPage>) {
    for below in command.get_subcommands() {
        if below.is_hide_set() || below.get_name() == "help" {
            continue;
        }
        let path = format!("{path} {}", below.get_name());
        if below.has_subcommands() {
            collect(below, &path, pages);
        } else {
            pages.push(page(below, path));
        }
    }
}

fn page(command: &Command, path: String) -> CommandPage {
    let own = command.get_arguments().filter(|arg| is_own(arg));
    let usage = command.clone().render_usage().to_string();
    CommandPage {
        command: path,
        about: text(command.get_about()),
        usage: usage.trim_start_matches("Usage: ").to_owned(),
        arguments: own.map(row).collect(),
        examples: text(command.get_after_help()),
    }
}

/// Whether an argument belongs to the command alone.
fn is_own(arg: &Arg) -> bool {
    !arg.is_global_set()
        && !arg.is_hide_set()
        && !matches!(arg.get_id().as_str(), "help" | "version")
}

fn row(arg: &Arg) -> ArgumentRow {
    let takes_values = arg.get_action().takes_values();
    let defaults = arg.get_default_values().first().filter(|_| takes_values);
    let values = arg.get_possible_values();
    ArgumentRow {
        name: arg.to_string(),
        help: text(arg.get_help()),
        required: arg.is_required_set(),
        default: defaults.map(|value| value.to_string_lossy().into_owned()),
        env: arg
            .get_env()
            .map(|name| name.to_string_lossy().into_owned()),
        values: match takes_values {
            true => values
                .iter()
                .map(|value| value.get_name().to_owned())
                .collect(),
            false => Vec::new(),
        },
    }
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
