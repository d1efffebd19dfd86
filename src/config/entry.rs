//! One value as it is shown to people.

use std::fmt;

use serde_json::{Value, json};

use super::file::Place;
use super::key::{Key, Kind};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// Nobody set it, and the usual default does not fit this machine, for the reason given.
    Fallback(String),
    /// The file, at this place.
    File(Place),
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => out.write_str("default"),
            Origin::Fallback(reason) => write!(out, "default ({reason})"),
            Origin::File(place) => write!(out, "file ({}:{})", place.file.display(), place.line),
            Origin::Environment => out.write_str("environment"),
            Origin::Flag => out.write_str("flag"),
        }
    }
}

/// One value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How it is named.
    pub key: Key,
    /// How it is written in the file.
    pub kind: Kind,
    /// The value in force.
    pub value: String,
    /// The value when nobody sets it.
    pub default: String,
    /// What is accepted.
    pub accepted: String,
    /// Where the value came from.
    pub origin: Origin,
}

impl Entry {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.key.variable,
            "key": self.key.path,
            "value": self.value,
            "default": self.default,
            "accepted": self.accepted,
            "origin": self.origin.to_string(),
            "help": self.key.help,
        })
    }
}

/// Renders variable, value and origin in aligned columns, one line each.
pub(super) fn table(entries: &[Entry]) -> String {
    let width = |column: fn(&Entry) -> &str| {
        let widths = entries.iter().map(|entry| column(entry).chars().count());
        widths.max().unwrap_or(0)
    };
    let name_width = width(|entry| entry.key.variable);
    let value_width = width(|entry| &entry.value);
    let line = |entry: &Entry| {
        let Entry {
            key, value, origin, ..
        } = entry;
        let name = key.variable;
        format!("{name:name_width$}  {value:value_width$}  {origin}\n")
    };
    entries.iter().map(line).collect()
}
