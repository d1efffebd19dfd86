//! TOON: indented lines, lists with their length, lists of equal objects as rows below one head.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Renders a value; two spaces an indent, a comma between the values of a row.
pub(super) fn render(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) => object(&mut out, members, 0),
        Value::Array(items) => array(&mut out, "", items, 0),
        plain => out.push_str(&scalar(plain)),
    }
    out
}

fn object(out: &mut String, members: &Map<String, Value>, depth: usize) {
    for (name, value) in members {
        indent(out, depth);
        member(out, name, value, depth);
    }
}

/// Writes `name: value` from where the line stands; what goes below it is indented once more than `depth`.
fn member(out: &mut String, name: &str, value: &Value, depth: usize) {
    match value {
        Value::Object(members) => {
            line(out, &format!("{}:", key(name)));
            object(out, members, depth + 1);
        }
        Value::Array(items) => array(out, &key(name), items, depth),
        plain => line(out, &format!("{}: {}", key(name), scalar(plain))),
    }
}

fn array(out: &mut String, name: &str, items: &[Value], depth: usize) {
    let head = format!("{name}[{}]", items.len());
    if items.is_empty() {
        line(out, &format!("{head}:"));
    } else if items.iter().all(is_plain) {
        line(out, &format!("{head}: {}", row(items.iter())));
    } else if let Some(columns) = columns(items) {
        let names: Vec<String> = columns.iter().map(|column| key(column)).collect();
        line(out, &format!("{head}{{{}}}:", names.join(",")));
        for item in items {
            indent(out, depth + 1);
            line(
                out,
                &row(columns.iter().map(|column| &item[column.as_str()])),
            );
        }
    } else {
        line(out, &format!("{head}:"));
        items
            .iter()
            .for_each(|item| list_item(out, item, depth + 1));
    }
}

/// Writes an item after a hyphen; the first member of an object stands on the line of the hyphen.
fn list_item(out: &mut String, item: &Value, depth: usize) {
    indent(out, depth);
    match item {
        Value::Object(members) => {
            let mut members = members.iter();
            let Some((name, value)) = members.next() else {
                return line(out, "-");
            };
            out.push_str("- ");
            member(out, name, value, depth + 1);
            for (name, value) in members {
                indent(out, depth + 1);
                member(out, name, value, depth + 1);
            }
        }
        Value::Array(items) => {
            out.push_str("- ");
            array(out, "", items, depth);
        }
        plain => line(out, &format!("- {}", scalar(plain))),
    }
}

/// Returns the names of the columns when all items are objects with the same members, all plain.
fn columns(items: &[Value]) -> Option<Vec<&String>> {
    let first = items.first()?.as_object()?;
    let is_like_first = |item: &Value| {
        item.as_object().is_some_and(|members| {
            members.len() == first.len()
                && members
                    .iter()
                    .all(|(name, value)| first.contains_key(name) && is_plain(value))
        })
    };
    (!first.is_empty() && items.iter().all(is_like_first)).then(|| first.keys().collect())
}

fn is_plain(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn row<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    values.map(scalar).collect::<Vec<_>>().join(",")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if needs_quotes(text) => quoted(text),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    let mut letters = name.chars();
    let is_word = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
    if is_word {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Tells whether a text would read as something else, or end too early, without quotes.
fn needs_quotes(text: &str) -> bool {
    let reads_as_other = matches!(text, "" | "true" | "false" | "null")
        || text.starts_with('-')
        || (text.starts_with(|first: char| first.is_ascii_digit()) && text.parse::<f64>().is_ok());
    let has_special = text.contains([':', '"', '\\', '[', ']', '{', '}', ',']);
    reads_as_other || has_special || text.trim() != text || text.contains(char::is_control)
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // The format has no escape for these, and a terminal must not obey them.
            control if control.is_control() => {
                let _ = write!(out, "\\\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
