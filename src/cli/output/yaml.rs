//! YAML in block style; every text that is not an ordinary word is quoted as in JSON, which YAML includes.

use serde_json::Value;

/// Renders a value.
pub(super) fn render(value: &Value) -> String {
    let mut out = String::new();
    block(&mut out, value, 0);
    out
}

/// Writes a value on lines of its own.
fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (position, (name, member)) in members.iter().enumerate() {
                // The first member may stand behind a hyphen.
                if position > 0 || out.ends_with('\n') {
                    indent(out, depth);
                }
                out.push_str(&text(name));
                out.push(':');
                behind(out, member, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (position, item) in items.iter().enumerate() {
                if position > 0 || out.ends_with('\n') {
                    indent(out, depth);
                }
                out.push_str("- ");
                block(out, item, depth + 1);
            }
        }
        plain => {
            out.push_str(&scalar(plain));
            out.push('\n');
        }
    }
}

/// Writes the value of a member: plain ones behind the colon, others below it.
fn behind(out: &mut String, value: &Value, depth: usize) {
    let is_nested = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    out.push(if is_nested { '\n' } else { ' ' });
    block(out, value, depth + 1);
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(word) => text(word),
        other => other.to_string(),
    }
}

/// Writes a text plainly only when no reader of any version of YAML could take it for something else.
fn text(word: &str) -> String {
    const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let begins_as_word = word.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_word = begins_as_word
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'.'))
        && !RESERVED.contains(&word.to_ascii_lowercase().as_str())
        && word.parse::<f64>().is_err();
    if is_word {
        word.to_owned()
    } else {
        Value::from(word).to_string()
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}
