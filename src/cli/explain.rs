//! `smithers explain`: what an error code means and what to do about it.

use clap::Args;
use serde_json::{Value, json};

use super::error::CliError;
use super::output::{Cell, Output, Paint, Table};
use crate::explain::{self, Explanation};

/// Widest line of a paragraph, in characters.
const WIDTH: usize = 80;
/// Most codes that are named when none is right.
const MAX_NEAR: usize = 3;
/// Least likeness of a code that is named when none is right, from 0 to 1.
const LIKENESS: f64 = 0.7;

const EXAMPLES: &str = "\
Examples:
  smithers explain RUN_NOT_ACTIVE
  smithers explain --list";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    /// The code, such as FORBIDDEN.
    #[arg(required_unless_present = "list")]
    code: Option<String>,
    /// List all codes.
    #[arg(long, conflicts_with = "code")]
    list: bool,
}

pub(super) fn run(args: &ExplainArgs, output: &Output) -> anyhow::Result<()> {
    let Some(code) = &args.code else {
        let data: Vec<Value> = explain::all().map(data).collect();
        return output.print_table(&data, table);
    };
    let found = explain::find(code);
    if found.is_empty() {
        return Err(unknown(code).into());
    }
    let data: Vec<Value> = found.iter().map(|explanation| data(explanation)).collect();
    output.print_text(&data, || {
        let pages: Vec<String> = found.iter().map(|explanation| page(explanation)).collect();
        pages.join("\n")
    })
}

/// An explanation for programs.
pub(super) fn data(explanation: &Explanation) -> Value {
    let mut data = json!(explanation);
    if let (Some(status), Some(retryable)) = (explanation.status(), explanation.retryable()) {
        data["status"] = status.into();
        data["retryable"] = retryable.into();
    }
    data
}

fn table() -> Table {
    let mut table = Table::new(["code", "from", "meaning"]);
    for explanation in explain::all() {
        table.row([
            explanation.code.into(),
            Cell::new(explanation.area.as_str(), Paint::Dim),
            explanation.meaning.into(),
        ]);
    }
    table
}

fn page(explanation: &Explanation) -> String {
    let mut head = format!("{} ({}", explanation.code, explanation.area.as_str());
    if let Some(status) = explanation.status() {
        head.push_str(&format!(", HTTP {status}"));
    }
    if explanation.retryable() == Some(true) {
        head.push_str(", may pass by itself");
    }
    format!(
        "{head})\n\n{}\n\nWhy it happens:\n{}\n\nWhat to do:\n{}\n",
        paragraph(explanation.meaning, ""),
        paragraph(explanation.cause, "  "),
        paragraph(explanation.remedy, "  "),
    )
}

/// Breaks a text into lines.
fn paragraph(text: &str, indent: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.chars().count() + word.chars().count() >= WIDTH {
            lines.push(format!("{indent}{word}"));
        } else {
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn unknown(code: &str) -> CliError {
    let wanted = code.to_ascii_lowercase();
    let mut near: Vec<(f64, &str)> = explain::all()
        .map(|known| {
            let likeness = strsim::jaro_winkler(&wanted, &known.code.to_ascii_lowercase());
            (likeness, known.code)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .collect();
    near.sort_by(|left, right| right.0.total_cmp(&left.0));
    near.dedup_by_key(|(_, code)| *code);
    let near: Vec<&str> = near.iter().take(MAX_NEAR).map(|(_, code)| *code).collect();
    let error = CliError::new("UNKNOWN_CODE", "no error has this code");
    match near.is_empty() {
        true => error.hint("see all codes: smithers explain --list"),
        false => error.hint(format!("do you mean {}?", near.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_broken_between_words() {
        let text = "word ".repeat(40);
        let broken = paragraph(text.trim(), "  ");
        assert!(broken.lines().count() > 1);
        for line in broken.lines() {
            assert!(line.len() <= WIDTH && line.starts_with("  word"), "{line}");
        }
    }

    #[test]
    fn a_misspelt_code_is_answered_with_what_is_near() {
        let near = unknown("RUN_NOT_ACTVE").to_text();
        assert!(near.contains("do you mean RUN_NOT_ACTIVE"), "{near}");
        let far = unknown("xyz").to_text();
        assert!(far.contains("smithers explain --list"), "{far}");
    }
}
