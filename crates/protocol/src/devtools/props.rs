//! Properties of an element: stored as texts, shown as what they say.

use serde_json::{Map, Value};

use super::{MAX_DEPTH_NAME, MAX_ENTRIES_NAME};

/// Deepest value that is shown inside a property.
const DEEPEST: u32 = 64;
/// Values that the properties of one element may hold.
const MOST: usize = 100_000;

/// Reads the properties of one element.
pub(super) fn read(stored: Vec<(String, String)>) -> Map<String, Value> {
    let mut left = MOST;
    let shown = stored.into_iter();
    shown
        .map(|(name, text)| (name, bounded(meant(text), 0, &mut left)))
        .collect()
}

/// What a text says, where it is clear: booleans, null, decimal numbers, JSON objects and arrays.
fn meant(text: String) -> Value {
    let is_json = matches!(text.as_str(), "true" | "false" | "null")
        || text.starts_with(['{', '['])
        || is_decimal(&text);
    let read = is_json.then(|| serde_json::from_str(&text).ok()).flatten();
    read.unwrap_or(Value::String(text))
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    are_digits(whole) && are_digits(part)
}

/// The value with sorted keys and nothing too deep or too much.
fn bounded(value: Value, depth: u32, left: &mut usize) -> Value {
    if *left == 0 {
        return MAX_ENTRIES_NAME.into();
    }
    *left -= 1;
    match value {
        Value::Array(_) | Value::Object(_) if depth >= DEEPEST => MAX_DEPTH_NAME.into(),
        Value::Array(items) => {
            let items = items.into_iter();
            items.map(|item| bounded(item, depth + 1, left)).collect()
        }
        Value::Object(mut fields) => {
            fields.sort_keys();
            let fields = fields.into_iter();
            let bounded = fields.map(|(name, field)| (name, bounded(field, depth + 1, left)));
            Value::Object(bounded.collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(text: &str) -> Value {
        let read = read(vec![("p".to_owned(), text.to_owned())]);
        read["p"].clone()
    }

    #[test]
    fn texts_are_shown_as_what_they_say() {
        assert_eq!(shown("false"), json!(false));
        assert_eq!(shown("-12.50"), json!(-12.5));
        assert_eq!(shown("1e3"), json!("1e3"));
        assert_eq!(shown("-"), json!("-"));
        assert_eq!(shown(""), json!(""));
        assert_eq!(shown("{broken"), json!("{broken"));
        assert_eq!(
            shown(r#"{"b":1,"a":[{"d":2,"c":3}]}"#).to_string(),
            r#"{"a":[{"c":3,"d":2}],"b":1}"#
        );
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_named() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(shown(&deep).to_string().contains(MAX_DEPTH_NAME));
        let wide = serde_json::to_string(&vec![0; MOST + 10]).unwrap();
        assert!(shown(&wide).to_string().contains(MAX_ENTRIES_NAME));
    }
}
