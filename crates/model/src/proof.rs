//! Proofs: which row a decision rests on, and what was in it (workflow-model 7.6).

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{NodeId, NodeKey, RawJson};

/// Most rows that a task is bound to.
pub const MAX_PROOFS: usize = 64;
/// Whole numbers beyond are not told apart by every reader of JSON.
const MAX_SAFE: f64 = 9_007_199_254_740_992.0;

/// An output row with the digest of what was in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// Schema key of its table.
    pub table: String,
    /// Its node, with the passes of the loops around it.
    pub node_id: NodeId,
    /// Its iteration.
    pub iteration: u32,
    /// [`digest`] of its payload.
    pub digest: String,
}

/// What a task is bound to, as rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The rows; never none when it is complete.
    pub proofs: Vec<Proof>,
    /// Every row that it asks for was there when it was rendered.
    pub complete: bool,
}

impl Proof {
    /// The node of the row.
    pub fn node(&self) -> NodeKey {
        NodeKey::new(self.node_id.as_str(), self.iteration)
    }
}

/// The SHA-256 of `payload` in its canonical form, in hexadecimal.
///
/// Canonical are: names in the order of their bytes, no spaces, numbers as a double has them, and no field of the
/// outermost object that is null, because a table does not tell null from absent.
pub fn digest(payload: &RawJson) -> String {
    let text = match serde_json::from_str::<Value>(payload.as_str()) {
        Ok(value) => canonical(&value),
        // Text that is no JSON for this program stands for itself.
        Err(_) => payload.as_str().to_owned(),
    };
    hex::encode(Sha256::digest(text))
}

fn canonical(payload: &Value) -> String {
    let mut text = String::new();
    match payload {
        Value::Object(fields) => {
            let given = fields.iter().filter(|(_, value)| !value.is_null());
            write_object(given, &mut text);
        }
        other => write(other, &mut text),
    }
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => write_number(number.as_f64().unwrap_or(f64::NAN), text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => write_object(fields.iter(), text),
        // Null, booleans and texts have one form.
        other => text.push_str(&other.to_string()),
    }
}

fn write_object<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>, text: &mut String) {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (at, (name, value)) in fields.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn write_number(number: f64, text: &mut String) {
    let written = match number.fract() == 0.0 && number.abs() < MAX_SAFE {
        true => write!(text, "{}", number as i64),
        false => write!(text, "{number:e}"),
    };
    debug_assert!(written.is_ok(), "a text takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        digest(&RawJson::trusted(text.to_owned()))
    }

    #[test]
    fn the_digest_is_that_of_the_canonical_text() {
        let text = r#"{"a":[1,"x",null],"b":{"c":true}}"#;
        assert_eq!(of(text), hex::encode(Sha256::digest(text)));
    }

    #[test]
    fn spelling_makes_no_difference_and_meaning_does() {
        let one = of(r#"{"a": 1.0, "b": {"x": 1e21, "y": 0.1}, "gone": null}"#);
        let other = of(r#"{"b":{"y":1e-1,"x":1000000000000000000000},"a":1}"#);
        assert_eq!(one, other);
        assert_ne!(one, of(r#"{"b":{"y":1e-1,"x":1e21},"a":2}"#));
        assert_ne!(of(r#"{"a":{"b":null}}"#), of(r#"{"a":{}}"#));
        assert_ne!(of(r#"{"a":"1"}"#), of(r#"{"a":1}"#));
    }

    #[test]
    fn what_cannot_be_read_still_has_a_digest() {
        assert_ne!(of(r#"{"a":"\ud800"}"#), of(r#"{"a":"\ud801"}"#));
    }
}
