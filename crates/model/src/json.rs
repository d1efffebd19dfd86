//! JSON as text that is parsed only where somebody looks inside.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A well-formed JSON text; cheap to clone and share.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

impl RawJson {
    /// Checks `text` and keeps it. Fails when it is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let checked: &RawValue = serde_json::from_str(text)?;
        Ok(Self(checked.get().into()))
    }

    /// Keeps a text that this program has just serialised or that was checked when it was stored.
    pub fn trusted(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Serialises `value`; every type of this program serialises to JSON.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(
            serde_json::to_string(value)
                .expect("maps have text keys and no type refuses")
                .into(),
        )
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses into a value tree; a damaged text (only possible in stored data) reads as null.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or(serde_json::Value::Null)
    }

    /// The empty object `{}`.
    pub fn empty_object() -> Self {
        Self::trusted("{}")
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_json_embeds_without_being_quoted() {
        let raw = RawJson::parse(r#"{"a": [1, null]}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&[raw]).unwrap(),
            r#"[{"a": [1, null]}]"#
        );
    }

    #[test]
    fn text_that_is_not_json_is_refused() {
        assert!(RawJson::parse("{").is_err());
        assert!(RawJson::parse("1 2").is_err());
    }
}
