//! Parameters that have been checked against the bounds but not parsed.

use serde_json::{Map, Value};

/// The parameters of a request as JSON text.
///
/// They stay text until the caller is known to be allowed to call the method, so that a request that is refused costs no
/// tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawParams(Option<Box<str>>);

impl RawParams {
    /// Takes text that the scanner has accepted.
    pub(super) fn checked(text: Option<&str>) -> RawParams {
        RawParams(text.map(Box::from))
    }

    /// Parses the parameters if they are an object.
    pub fn object(&self) -> Option<Map<String, Value>> {
        self.0
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
    }

    /// Parses the parameters; anything but an object counts as an empty one.
    pub fn object_or_empty(&self) -> Map<String, Value> {
        self.object().unwrap_or_default()
    }
}
