//! How commands print their data: one place for formats, the envelope, the filter and the destination.
//!
//! ```text
//! command -> serde value -> filter -> envelope -> format -> standard output
//! ```
//!
//! A command knows none of this: it hands a value to [`Output::print`] and names the format that people get by default.

mod filter;
mod format;
mod markdown;
pub(super) mod schema;
mod sheet;
mod table;
mod toon;
mod yaml;

use std::io::Write;
use std::time::Instant;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use smithers_model::redact::Place;

pub(crate) use format::Format;
pub(crate) use table::{Cell, Paint, Table};

/// The flags about output, the same for every command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OutputArgs {
    /// Form of the data: toon, json, yaml, md, jsonl, or table for people.
    #[arg(
        long,
        global = true,
        value_enum,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    format: Option<Format>,
    /// The same as --format json.
    #[arg(
        long,
        global = true,
        conflicts_with = "format",
        help_heading = "Output"
    )]
    json: bool,
    /// Wrap the data: {ok, data, meta: {command, duration}}.
    #[arg(long, global = true, help_heading = "Output")]
    full_output: bool,
    /// Print only these members, such as `id,grant.scopes`; one single value is printed bare.
    #[arg(
        long,
        global = true,
        value_name = "PATHS",
        value_delimiter = ',',
        help_heading = "Output"
    )]
    filter_output: Vec<String>,
    /// Print the JSON Schema of the command's arguments instead of running it.
    #[arg(long, global = true, help_heading = "Output")]
    schema: bool,
}

impl OutputArgs {
    /// Guesses the flags of a command line that the parser refused, for the format of its error.
    pub(crate) fn guessed(words: &[String]) -> OutputArgs {
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .take_while(|word| *word != "--")
            .collect();
        let joined = words.iter().find_map(|word| word.strip_prefix("--format="));
        let apart = words
            .windows(2)
            .find(|pair| pair[0] == "--format")
            .map(|pair| pair[1]);
        OutputArgs {
            format: joined
                .or(apart)
                .and_then(|name| Format::from_str(name, false).ok()),
            json: words.contains(&"--json"),
            ..OutputArgs::default()
        }
    }

    /// Returns the format that was asked for.
    pub(crate) fn chosen(&self) -> Option<Format> {
        self.format.or(self.json.then_some(Format::Json))
    }
}

/// Prints the data of one command.
#[derive(Debug)]
pub(crate) struct Output {
    args: OutputArgs,
    command: String,
    started: Instant,
}

impl Output {
    /// Begins the output of `command`, such as `token issue`.
    pub(crate) fn new(args: OutputArgs, command: impl Into<String>) -> Output {
        Output {
            args,
            command: command.into(),
            started: Instant::now(),
        }
    }

    /// Prints `data` to standard output, in `default` unless another format was asked for.
    ///
    /// # Errors
    /// The data has no JSON form.
    pub(crate) fn print(&self, data: &impl Serialize, default: Format) -> anyhow::Result<()> {
        put(&self.render(data, default)?);
        Ok(())
    }

    /// Prints `data`, for people as the table that `table` makes of it, nothing when that has no rows.
    ///
    /// # Errors
    /// The data has no JSON form.
    pub(crate) fn print_table(
        &self,
        data: &impl Serialize,
        table: impl FnOnce() -> Table,
    ) -> anyhow::Result<()> {
        if self.is_for_people() {
            let table = table();
            if !table.is_empty() {
                put(&table.render(table::has_colours()));
            }
            return Ok(());
        }
        self.print(data, Format::Table)
    }

    /// Prints `data`, for people as the tables that `tables` makes of it, an empty line between two.
    ///
    /// # Errors
    /// The data has no JSON form.
    pub(crate) fn print_tables(
        &self,
        data: &impl Serialize,
        tables: impl FnOnce() -> Vec<Table>,
    ) -> anyhow::Result<()> {
        self.print_text(data, || {
            let has_colours = table::has_colours();
            let tables = tables();
            let texts: Vec<String> = tables
                .iter()
                .map(|table| table.render(has_colours))
                .collect();
            texts.join("\n")
        })
    }

    /// Prints `data`, for people as the text that `text` makes of it.
    ///
    /// # Errors
    /// The data has no JSON form.
    pub(crate) fn print_text(
        &self,
        data: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if self.is_for_people() {
            put(&text());
            return Ok(());
        }
        self.print(data, Format::Table)
    }

    /// Prints one item of a stream as it comes: a line of JSON for programs, `lines` for people, in which nothing can
    /// command the terminal.
    ///
    /// # Errors
    /// The item has no JSON form.
    pub(crate) fn print_item(
        &self,
        item: &impl Serialize,
        lines: impl FnOnce() -> Vec<String>,
    ) -> anyhow::Result<()> {
        let text = if self.is_for_people() {
            let lines: Vec<String> = lines().iter().map(|line| sheet::clean(line)).collect();
            lines.join("\n")
        } else {
            let item = serde_json::to_value(item).context("failed to form the output")?;
            filter::apply(item, &self.args.filter_output).to_string()
        };
        put(&text);
        Ok(())
    }

    /// Renders `data` as [`Output::print`] prints it, for a command that prints it elsewhere.
    ///
    /// # Errors
    /// The data has no JSON form.
    pub(crate) fn render(&self, data: &impl Serialize, default: Format) -> anyhow::Result<String> {
        let data = serde_json::to_value(data).context("failed to form the output")?;
        let mut data = filter::apply(data, &self.args.filter_output);
        if self.args.full_output {
            let duration = format!("{}ms", self.started.elapsed().as_millis());
            let meta = json!({"command": self.command, "duration": duration});
            data = json!({"ok": true, "data": data, "meta": meta});
        }
        Ok(self.args.chosen().unwrap_or(default).render(&data))
    }

    /// Tells whether a person reads a table of the whole: nobody asked for a format or for parts.
    pub(crate) fn is_for_people(&self) -> bool {
        let format = self.args.chosen().unwrap_or(Format::Table);
        format == Format::Table && !self.args.full_output && self.args.filter_output.is_empty()
    }
}

/// Prints an error on standard error, in the format that was asked for when that is one for programs.
pub(crate) fn print_error(args: &OutputArgs, error: &Value, text: &str) {
    match args.chosen() {
        Some(format) if format.is_for_programs() => {
            tell(&format.render(&without_secrets(&json!({"ok": false, "error": error}))));
        }
        _ => note(&clean_lines(text)),
    }
}

/// Replaces secrets in the texts of a value; as text of a whole it might lose what belongs to its form.
fn without_secrets(value: &Value) -> Value {
    let clean = smithers_redact::shared().json_line(Place::Message, &value.to_string());
    clean
        .and_then(|clean| serde_json::from_str(&clean).ok())
        .unwrap_or_else(|| value.clone())
}

/// Keeps the lines of a text, and replaces what could command a terminal: an error can repeat what others wrote.
fn clean_lines(text: &str) -> String {
    let lines = text
        .split('\n')
        .map(|line| sheet::clean(&line.replace('\t', "    ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// Says something beside the data, on standard error. A bearer that was typed or came back in an error is not said.
pub(crate) fn note(text: &str) {
    let clean = smithers_redact::shared().line(Place::Message, text);
    tell(clean.as_deref().unwrap_or(text));
}

/// Writes to standard error.
fn tell(text: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end_matches('\n'));
}

/// Warns on standard error.
pub(crate) fn warn(text: &str) {
    note(&format!("warning: {text}"));
}

/// Prints to standard output. A reader that has gone, such as `head`, ends the program quietly.
pub(crate) fn put(text: &str) {
    if writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n')).is_err() {
        std::process::exit(0);
    }
}

#[cfg(test)]
mod tests;
