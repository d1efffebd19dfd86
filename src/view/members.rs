//! JSON objects rewritten member by member: what is kept is copied as it is written, without being parsed.
//!
//! Lists show stored configurations by the hundred; taking each apart whole would be most of their cost.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in their order.
struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Writes the object `json` again with what `shown` makes of each member's text, which drops it by `None`.
/// Returns `None` when `json` is no object.
pub(super) fn rewrite<'a>(
    json: &'a str,
    mut shown: impl FnMut(&str, &'a str) -> Option<Cow<'a, str>>,
) -> Option<String> {
    let Members(members) = serde_json::from_str(json).ok()?;
    let mut out = String::with_capacity(json.len());
    out.push('{');
    for (Name(name), value) in &members {
        let Some(value) = shown(name, value.get()) else {
            continue;
        };
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&serde_json::to_string(name).ok()?);
        out.push(':');
        out.push_str(&value);
    }
    out.push('}');
    Some(out)
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_b(json: &str) -> Option<String> {
        rewrite(json, |name, value| (name != "b").then_some(value.into()))
    }

    #[test]
    fn members_are_copied_dropped_and_replaced_in_their_order() {
        assert_eq!(
            without_b(r#"{"z":{"b":[1, 2]},"b":1,"a\n":"\u0041"}"#).as_deref(),
            Some(r#"{"z":{"b":[1, 2]},"a\n":"\u0041"}"#)
        );
        assert_eq!(without_b(r#"{"b":1}"#).as_deref(), Some("{}"));
        let replaced = rewrite(r#"{"a":1,"b":2}"#, |_, _| Some("0".into()));
        assert_eq!(replaced.as_deref(), Some(r#"{"a":0,"b":0}"#));
    }

    #[test]
    fn a_name_is_known_however_it_is_written() {
        assert_eq!(without_b(r#"{"\u0062":1}"#).as_deref(), Some("{}"));
    }

    #[test]
    fn what_is_no_object_is_not_rewritten() {
        for json in ["null", "[]", "7", "{", "\"text\"", ""] {
            assert_eq!(without_b(json), None, "{json}");
        }
    }
}
