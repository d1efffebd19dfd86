//! Markdown: one table, or one plain value.

use serde_json::Value;

use super::sheet::{self, Sheet};

/// Renders a value.
pub(super) fn render(value: &Value) -> String {
    let Sheet { head, rows } = match value {
        Value::Object(_) | Value::Array(_) => sheet::of(value),
        plain => return sheet::cell(plain),
    };
    let width = rows.first().map_or(0, Vec::len);
    let head = head.unwrap_or_else(|| match width {
        2 => vec!["key".into(), "value".into()],
        _ => vec!["value".into(); width],
    });
    if head.is_empty() {
        return String::new();
    }
    let rule = vec!["---".to_owned(); head.len()];
    let mut out = row(&head) + &row(&rule);
    out.extend(rows.iter().map(|cells| row(cells)));
    out
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
