//! One value as it is shown to people.

use std::fmt;

use serde_json::{Value, json};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// Nobody set it, and the usual default does not fit this machine, for the reason given.
    Fallback(String),
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
            Origin::Environment => out.write_str("environment"),
            Origin::Flag => out.write_str("flag"),
        }
    }
}

/// One value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The variable that sets it.
    pub name: &'static str,
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
            "name": self.name,
            "value": self.value,
            "default": self.default,
            "accepted": self.accepted,
            "origin": self.origin.to_string(),
        })
    }
}

/// Renders name, value and origin in aligned columns, one line each.
pub(super) fn table(entries: &[Entry]) -> String {
    let width = |column: fn(&Entry) -> &str| {
        entries
            .iter()
            .map(|entry| column(entry).chars().count())
            .max()
    };
    let name_width = width(|entry| entry.name).unwrap_or(0);
    let value_width = width(|entry| &entry.value).unwrap_or(0);
    entries
        .iter()
        .map(
            |Entry {
                 name,
                 value,
                 origin,
                 ..
             }| format!("{name:name_width$}  {value:value_width$}  {origin}\n"),
        )
        .collect()
}
