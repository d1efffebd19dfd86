//! JSON texts inside JSON: fields like `configJson` are taken apart so that rules and masks reach into them.

use serde_json::{Value, json};

/// Key that marks a value which was JSON text.
const MARK: &str = "$json";

/// Returns `value` with every text under a key ending in `Json` parsed, where it is an object or array.
pub(crate) fn json_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(json_texts).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| (key.clone(), unpacked(key, field)))
            .collect(),
        other => other.clone(),
    }
}

fn unpacked(key: &str, field: &Value) -> Value {
    let parsed = match field {
        Value::String(text) if key.ends_with("Json") => serde_json::from_str::<Value>(text).ok(),
        _ => None,
    };
    match parsed {
        Some(inner) if inner.is_object() || inner.is_array() => json!({ MARK: json_texts(&inner) }),
        _ => json_texts(field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_texts_under_such_keys_are_taken_apart() {
        let value = json!({ "errorJson": "{\"a\":{\"bJson\":\"[1]\"}}", "note": "{}", "configJson": null, "xJson": "5" });
        let expected = json!({
            "errorJson": { "$json": { "a": { "bJson": { "$json": [1] } } } },
            "note": "{}", "configJson": null, "xJson": "5",
        });
        assert_eq!(json_texts(&value), expected);
    }
}
