//! The formats, by name.

use clap::ValueEnum;
use serde_json::Value;

use super::{markdown, sheet, table, toon, yaml};

/// A form of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Indented lines with tables for lists; short, and easy for scripts and models.
    Toon,
    /// JSON with two spaces.
    Json,
    /// YAML.
    Yaml,
    /// Markdown tables.
    Md,
    /// One JSON value a line.
    Jsonl,
    /// Aligned columns for people.
    Table,
}

impl Format {
    /// Tells whether programs read it, so that errors come in it too.
    pub(crate) fn is_for_programs(self) -> bool {
        !matches!(self, Format::Md | Format::Table)
    }

    /// Renders a value.
    pub(crate) fn render(self, value: &Value) -> String {
        match self {
            Format::Toon => toon::render(value),
            Format::Json => format!("{value:#}"),
            Format::Yaml => yaml::render(value),
            Format::Md => markdown::render(value),
            Format::Jsonl => lines(value),
            Format::Table => match value {
                Value::Object(_) | Value::Array(_) => {
                    table::of_sheet(sheet::of(value)).render(table::has_colours())
                }
                single => sheet::cell(single),
            },
        }
    }
}

/// Renders the items of a list one a line, anything else as one line.
fn lines(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(|item| format!("{item}\n")).collect(),
        other => other.to_string(),
    }
}
