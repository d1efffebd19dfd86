//! `--schema`: what a command takes, as JSON Schema, read from the definition of the command line itself.

use clap::builder::ValueRange;
use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

/// Returns the schema of the command that `words` name, when they ask for one.
///
/// This comes before parsing, since nobody who asks for a schema gives the required arguments.
pub(crate) fn asked_for(command: &Command, words: &[String]) -> Option<Value> {
    let words = words.split(|word| word == "--").next()?;
    if !words.iter().any(|word| word == "--schema") {
        return None;
    }
    let mut path = vec![command.get_name()];
    let mut found = command;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        if let Some(below) = found.find_subcommand(word) {
            path.push(below.get_name());
            found = below;
        }
    }
    Some(describe(&path.join(" "), found))
}

fn describe(name: &str, command: &Command) -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "type": "object",
    });
    if let Some(about) = command.get_about() {
        schema["description"] = about.to_string().into();
    }
    let own = || command.get_arguments().filter(|arg| !is_general(arg));
    let properties: Map<String, Value> = own().map(|arg| (name_of(arg), property(arg))).collect();
    let required: Vec<String> = own()
        .filter(|arg| arg.is_required_set())
        .map(name_of)
        .collect();
    schema["properties"] = properties.into();
    schema["required"] = required.into();
    schema["additionalProperties"] = false.into();
    let below: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    if !below.is_empty() {
        schema["x-commands"] = below.into();
    }
    schema
}

/// Tells whether an argument is one that every command has.
fn is_general(arg: &Arg) -> bool {
    arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version")
}

fn name_of(arg: &Arg) -> String {
    arg.get_long().unwrap_or(arg.get_id().as_str()).to_owned()
}

fn property(arg: &Arg) -> Value {
    let mut property = match arg.get_action() {
        ArgAction::SetTrue | ArgAction::SetFalse => json!({"type": "boolean"}),
        ArgAction::Count => json!({"type": "integer"}),
        _ if takes_many(arg) => json!({"type": "array", "items": value(arg)}),
        _ => value(arg),
    };
    if let Some(help) = arg.get_help() {
        property["description"] = help.to_string().into();
    }
    let takes_value = arg.get_action().takes_values();
    let defaults = arg.get_default_values().first().filter(|_| takes_value);
    if let Some(default) = defaults {
        property["default"] = default.to_string_lossy().into();
    }
    if let Some(variable) = arg.get_env() {
        property["x-env"] = variable.to_string_lossy().into();
    }
    property
}

fn value(arg: &Arg) -> Value {
    let words: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    if words.is_empty() {
        json!({"type": "string"})
    } else {
        json!({"enum": words})
    }
}

fn takes_many(arg: &Arg) -> bool {
    let is_list = arg
        .get_num_args()
        .is_some_and(|range: ValueRange| range.max_values() > 1);
    is_list || matches!(arg.get_action(), ArgAction::Append)
}
