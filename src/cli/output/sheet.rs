//! Data as rows and columns, before anybody decides how they look.

use serde_json::Value;

/// Rows of texts; without head they are pairs of name and value.
pub(super) struct Sheet {
    /// Names of the columns.
    pub head: Option<Vec<String>>,
    /// The rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

/// Lays out a value: a list of objects with a column for each member, an object as pairs, anything else as one cell.
pub(super) fn of(value: &Value) -> Sheet {
    match value {
        Value::Array(items) if items.iter().all(Value::is_object) => list(items),
        Value::Array(items) => Sheet {
            head: None,
            rows: items.iter().map(|item| vec![cell(item)]).collect(),
        },
        Value::Object(_) => {
            let mut rows = Vec::new();
            pairs(&mut rows, "", value);
            Sheet { head: None, rows }
        }
        plain => Sheet {
            head: None,
            rows: vec![vec![cell(plain)]],
        },
    }
}

fn list(items: &[Value]) -> Sheet {
    let mut head: Vec<String> = Vec::new();
    for name in items
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|item| item.keys())
    {
        if !head.contains(name) {
            head.push(name.clone());
        }
    }
    let row = |item: &Value| {
        head.iter()
            .map(|name| item.get(name).map_or_else(String::new, cell))
            .collect()
    };
    let rows = items.iter().map(row).collect();
    Sheet {
        head: Some(head),
        rows,
    }
}

/// Adds the members of an object, those of inner objects with their path.
fn pairs(rows: &mut Vec<Vec<String>>, path: &str, value: &Value) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                pairs(rows, &path, member);
            }
        }
        _ if path.is_empty() => {}
        plain => rows.push(vec![path.to_owned(), cell(plain)]),
    }
}

/// Renders a value for one cell; nothing in it can move the cursor of a terminal.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text),
        Value::Array(items)
            if items
                .iter()
                .all(|item| !item.is_object() && !item.is_array()) =>
        {
            items.iter().map(cell).collect::<Vec<_>>().join(", ")
        }
        other => clean(&other.to_string()),
    }
}

/// Replaces control characters, line breaks included, by their escapes.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}
