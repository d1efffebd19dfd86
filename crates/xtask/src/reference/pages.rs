//! The text of the pages.

use std::fmt::Write as _;

use serde_json::Value;

/// Said at the top of every page.
const MADE: &str =
    "This page is made by `cargo xtask reference` from what the binary says of itself.";

/// Commands with their arguments and examples.
pub(super) fn commands(reference: &Value) -> String {
    let mut page = format!("# Commands\n\n{MADE}\n\n## Options of every command\n");
    arguments(&mut page, &reference["options"]);
    for command in items(&reference["commands"]) {
        let (name, about) = (text(&command["command"]), sentence(&command["about"]));
        let _ = write!(
            page,
            "\n## {name}\n\n{about}\n\n```text\n{}\n```\n",
            text(&command["usage"]).trim()
        );
        arguments(&mut page, &command["arguments"]);
        let examples = text(&command["examples"]).trim();
        if !examples.is_empty() {
            let _ = write!(page, "\n```text\n{examples}\n```\n");
        }
    }
    page
}

fn arguments(page: &mut String, list: &Value) {
    if items(list).next().is_none() {
        return;
    }
    page.push_str("\n| argument | meaning | default |\n|---|---|---|\n");
    for argument in items(list) {
        let mut meaning = sentence(&argument["help"]);
        let values: Vec<&str> = items(&argument["values"]).map(text).collect();
        if !values.is_empty() {
            let _ = write!(meaning, " One of {}.", values.join(", "));
        }
        if let Some(variable) = argument["env"].as_str() {
            let _ = write!(meaning, " Environment: `{variable}`.");
        }
        let default = argument["default"].as_str().map_or_else(String::new, code);
        row(
            page,
            [code(text(&argument["name"])), cell(&meaning), default],
        );
    }
}

/// Every value of the configuration.
pub(super) fn configuration(reference: &Value) -> String {
    let mut page = format!(
        "# Configuration\n\n{MADE}\n\nFlags count before the environment, the environment before `smithers.toml`, the file before the defaults.\n`smithers config show` prints what is in force and where it came from.\n\n| variable | key in smithers.toml | default | accepted | meaning |\n|---|---|---|---|---|\n"
    );
    for entry in items(&reference["configuration"]) {
        row(
            &mut page,
            [
                code(text(&entry["name"])),
                code(text(&entry["key"])),
                code(text(&entry["default"])),
                cell(text(&entry["accepted"])),
                cell(text(&entry["help"])),
            ],
        );
    }
    page
}

/// Every error code.
pub(super) fn errors(reference: &Value) -> String {
    let mut page = format!(
        "# Error codes\n\n{MADE}\n`smithers explain CODE` prints the same.\n\n| code | area | meaning | usual cause | what to do |\n|---|---|---|---|---|\n"
    );
    for error in items(&reference["errors"]) {
        let column = |name: &str| cell(text(&error[name]));
        row(
            &mut page,
            [
                code(text(&error["code"])),
                column("area"),
                column("meaning"),
                column("cause"),
                column("remedy"),
            ],
        );
    }
    page
}

/// Every metric.
pub(super) fn metrics(reference: &Value) -> String {
    let mut page =
        format!("# Metrics\n\n{MADE}\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for metric in items(&reference["metrics"]) {
        let labels: Vec<&str> = items(&metric["labels"]).map(text).collect();
        row(
            &mut page,
            [
                code(text(&metric["name"])),
                cell(text(&metric["kind"])),
                cell(&labels.join(", ")),
                cell(text(&metric["help"])),
            ],
        );
    }
    page.push_str("\n## Alerts\n\nEach look for alerts sets `smithers_alert_firing{alert,severity}`.\n\n| alert | meaning |\n|---|---|\n");
    for alert in items(&reference["alerts"]) {
        row(
            &mut page,
            [code(text(&alert["name"])), cell(text(&alert["meaning"]))],
        );
    }
    page
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn sentence(value: &Value) -> String {
    let text = text(value).trim();
    match text.ends_with(['.', '!', '?']) || text.is_empty() {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

fn row<const N: usize>(page: &mut String, cells: [String; N]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

fn code(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("`{}`", cell(text)),
    }
}

/// Keeps a text within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_cannot_break_its_row() {
        let reference = json!({"errors": [{
            "code": "A_B", "area": "gateway", "meaning": "one | two\nthree", "cause": "", "remedy": "mend",
        }]});
        let page = errors(&reference);
        assert!(
            page.ends_with("| `A_B` | gateway | one \\| two three |  | mend |\n"),
            "{page}"
        );
    }

    #[test]
    fn a_command_shows_its_arguments_and_examples() {
        let reference = json!({"commands": [{
            "command": "smithers runs list", "about": "List runs", "usage": "smithers runs list [OPTIONS]",
            "arguments": [{"name": "--limit <N>", "help": "Most runs.", "default": "50"}],
            "examples": "Examples:\n  smithers runs list",
        }]});
        let page = commands(&reference);
        assert!(
            page.contains("## smithers runs list\n\nList runs.\n"),
            "{page}"
        );
        assert!(
            page.contains("| `--limit <N>` | Most runs. | `50` |"),
            "{page}"
        );
        assert!(page.contains("  smithers runs list\n```"), "{page}");
    }
}
