//! Comparing what was received with what was recorded: masks, placeholders, bound stream ids.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Expected text for a stack that must be gone, or a single line without a path.
pub(crate) const WITHHELD: &str = "<withheld>";

/// Expected text for a SHA-256 in lower-case hexadecimal digits.
pub(crate) const SHA256: &str = "<sha256>";

/// Volatile sentences that speak of the numbers of frames, which are checked by counting instead.
const COUNTED: [&str; 2] = ["outer seq", "number of"];

/// The field whose values are listed under [`RUN_IDS`].
const RUN_ID: &str = "runId";

/// A list of ids of runs: as volatile as each of them.
const RUN_IDS: &str = "matchedRunIds";

/// How the values of one recording are compared.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    volatile: BTreeSet<String>,
    placeholders: Vec<&'static str>,
    streams: BTreeMap<String, String>,
}

/// One difference: where, what was expected, what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{}: expected {}, got {}",
            self.path, self.expected, self.actual
        )
    }
}

impl Comparison {
    /// Makes a comparison that masks the fields named in `volatile`; sentences about counted frames are left out.
    pub(crate) fn new(volatile: &[String]) -> Self {
        let names = volatile
            .iter()
            .filter_map(|entry| field_name(entry))
            .map(str::to_owned);
        Self {
            // A stream id is not masked but bound: it tells the streams of one connection apart.
            volatile: names.filter(|name| name != "streamId").collect(),
            placeholders: vec!["<workspace>", "<stack>", "<home>"],
            streams: BTreeMap::new(),
        }
    }

    /// Masks one more field name.
    pub(crate) fn mask(&mut self, name: &str) {
        self.volatile.insert(name.to_owned());
    }

    /// Returns the received stream id that stands for the recorded one.
    pub(crate) fn stream(&self, recorded: &str) -> Option<&str> {
        self.streams.get(recorded).map(String::as_str)
    }

    /// Returns the differences between `expected` and `actual`, and binds stream ids seen for the first time.
    pub(crate) fn differences(&mut self, expected: &Value, actual: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        self.walk("", "", Some(expected), Some(actual), &mut found);
        found
    }

    fn walk(
        &mut self,
        path: &str,
        key: &str,
        expected: Option<&Value>,
        actual: Option<&Value>,
        found: &mut Vec<Difference>,
    ) {
        if self.is_accepted(key, expected, actual) {
            return;
        }
        match (expected, actual) {
            (Some(Value::Object(wanted)), Some(Value::Object(got))) => {
                let keys: BTreeSet<&String> = wanted.keys().chain(got.keys()).collect();
                for key in keys {
                    self.walk(
                        &format!("{path}.{key}"),
                        key,
                        wanted.get(key),
                        got.get(key),
                        found,
                    );
                }
            }
            (Some(Value::Array(wanted)), Some(Value::Array(got))) => {
                let key = if key == RUN_IDS { RUN_ID } else { key };
                for position in 0..wanted.len().max(got.len()) {
                    let here = format!("{path}[{position}]");
                    self.walk(&here, key, wanted.get(position), got.get(position), found);
                }
            }
            _ => found.push(Difference {
                path: path.to_owned(),
                expected: shown(expected),
                actual: shown(actual),
            }),
        }
    }

    /// True for equal leaves, masked fields of the same type, matching placeholders and bound stream ids.
    fn is_accepted(&mut self, key: &str, expected: Option<&Value>, actual: Option<&Value>) -> bool {
        let (wanted, got) = match (expected, actual) {
            (Some(wanted), Some(got)) => (wanted, got),
            (Some(Value::String(text)), None) => return text == WITHHELD,
            _ => return false,
        };
        if self.volatile.contains(key) {
            return same_type(wanted, got);
        }
        match (wanted, got) {
            (Value::String(wanted), Value::String(got)) if key == "streamId" => {
                self.bind(wanted, got)
            }
            (Value::String(wanted), Value::String(got)) if wanted == WITHHELD => {
                !got.contains(['\n', '/', '\\'])
            }
            (Value::String(wanted), Value::String(got)) if wanted == SHA256 => is_sha256(got),
            (Value::String(wanted), Value::String(got)) => {
                matches_text(wanted, got, &self.placeholders)
            }
            (Value::Object(_), Value::Object(_)) | (Value::Array(_), Value::Array(_)) => false,
            (Value::Number(wanted), Value::Number(got)) => wanted.as_f64() == got.as_f64(),
            _ => wanted == got,
        }
    }

    fn bind(&mut self, recorded: &str, received: &str) -> bool {
        match self.streams.get(recorded) {
            Some(known) => known == received,
            None if self.streams.values().any(|taken| taken == received) => false,
            None => self
                .streams
                .insert(recorded.to_owned(), received.to_owned())
                .is_none(),
        }
    }
}

/// Returns the field that a volatile entry names: `runId (of started runs)` names `runId`, `auth.token` names `token`.
fn field_name(entry: &str) -> Option<&str> {
    if COUNTED.iter().any(|start| entry.starts_with(start)) {
        return None;
    }
    let name = entry.split(" (").next().unwrap_or(entry);
    let is_word = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '.');
    is_word.then(|| name.rsplit('.').next().unwrap_or(name))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// True when `actual` is `expected` with any text in the place of each placeholder.
fn matches_text(expected: &str, actual: &str, placeholders: &[&str]) -> bool {
    let first = placeholders
        .iter()
        .filter_map(|name| Some((expected.find(name)?, name.len())))
        .min();
    let Some((start, length)) = first else {
        return expected == actual;
    };
    let Some(rest) = actual.strip_prefix(&expected[..start]) else {
        return false;
    };
    let tail = &expected[start + length..];
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.into_iter()
        .any(|end| matches_text(tail, &rest[end..], placeholders))
}

fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    if text.chars().count() <= 240 {
        text
    } else {
        text.chars().take(240).chain("…".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn comparison(volatile: &[&str]) -> Comparison {
        Comparison::new(
            &volatile
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    fn paths(volatile: &[&str], expected: Value, actual: Value) -> Vec<String> {
        comparison(volatile)
            .differences(&expected, &actual)
            .into_iter()
            .map(|difference| difference.path)
            .collect()
    }

    #[test]
    fn volatile_fields_are_masked_wherever_they_occur_but_not_their_type() {
        let expected = json!({ "ts": 1, "inner": [{ "ts": 2 }], "at": null });
        assert!(
            paths(
                &["ts"],
                expected.clone(),
                json!({ "ts": 9, "inner": [{ "ts": 8 }], "at": null })
            )
            .is_empty()
        );
        assert_eq!(
            paths(
                &["ts"],
                expected,
                json!({ "ts": null, "inner": [{ "ts": 8 }], "at": null })
            ),
            [".ts"]
        );
    }

    #[test]
    fn a_list_of_run_ids_is_as_volatile_as_they_are_but_not_as_long_as_it_likes() {
        let listed = json!({ "matchedRunIds": ["r1"] });
        let (another, more) = (
            json!({ "matchedRunIds": ["r2"] }),
            json!({ "matchedRunIds": ["r1", "r2"] }),
        );
        let masked = ["runId (of started runs)"];
        assert!(paths(&masked, listed.clone(), another).is_empty());
        assert_eq!(paths(&masked, listed, more), [".matchedRunIds[1]"]);
    }

    #[test]
    fn missing_and_additional_fields_are_differences() {
        assert_eq!(
            paths(&[], json!({ "a": 1, "b": 2 }), json!({ "b": 2, "c": 3 })),
            [".a", ".c"]
        );
        assert_eq!(paths(&[], json!([1, 2]), json!([1])), ["[1]"]);
    }

    #[test]
    fn sentences_name_their_field_and_counted_frames_name_none() {
        assert_eq!(field_name("runId (of started runs)"), Some("runId"));
        assert_eq!(field_name("auth.token"), Some("token"));
        assert_eq!(field_name("outer seq (heartbeats are left out)"), None);
        assert_eq!(field_name("order of parallel node.finished events"), None);
    }

    #[test]
    fn placeholders_stand_for_any_text() {
        let names = ["<workspace>", "<stack>"];
        assert!(matches_text("root <workspace>/a", "root /srv/x/a", &names));
        assert!(!matches_text("root <workspace>/a", "root /srv/x/b", &names));
        assert!(matches_text("<stack>", "", &names));
        assert!(!matches_text("plain", "plain ", &names));
    }

    #[test]
    fn a_stream_id_is_bound_to_one_recorded_id() {
        let mut comparison = comparison(&["streamId"]);
        let frame = |id: &str| json!({ "streamId": id });
        assert!(
            comparison
                .differences(&frame("rec-1"), &frame("a"))
                .is_empty()
        );
        assert!(
            comparison
                .differences(&frame("rec-2"), &frame("b"))
                .is_empty()
        );
        assert_eq!(
            comparison.differences(&frame("rec-1"), &frame("b")).len(),
            1
        );
        assert_eq!(
            comparison.differences(&frame("rec-3"), &frame("a")).len(),
            1
        );
    }

    #[test]
    fn a_withheld_stack_may_be_absent_or_short_but_never_a_trace() {
        let expected = json!({ "stack": WITHHELD });
        assert!(paths(&[], expected.clone(), json!({})).is_empty());
        assert!(paths(&[], expected.clone(), json!({ "stack": "Error: boom" })).is_empty());
        assert_eq!(
            paths(
                &[],
                expected,
                json!({ "stack": "Error: boom\n    at /srv/gateway.tsx:3" })
            ),
            [".stack"]
        );
    }

    #[test]
    fn a_hash_has_sixty_four_lower_case_digits() {
        let expected = json!({ "hash": SHA256 });
        assert!(paths(&[], expected.clone(), json!({ "hash": "0a".repeat(32) })).is_empty());
        for other in [json!("0A".repeat(32)), json!("0a".repeat(31)), json!(null)] {
            assert_eq!(
                paths(&[], expected.clone(), json!({ "hash": other })),
                [".hash"]
            );
        }
    }

    #[test]
    fn whole_numbers_equal_their_fractional_spelling() {
        assert!(paths(&[], json!({ "n": 10 }), json!({ "n": 10.0 })).is_empty());
    }
}
