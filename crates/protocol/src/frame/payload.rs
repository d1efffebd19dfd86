//! JSON that is serialised already.

use bytes::Bytes;
use serde::Serialize;

/// One JSON value as text, cheap to clone and to share between frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Bytes);

impl Payload {
    /// Serialises `value`.
    ///
    /// Fails only when a map has keys that are not text or when `value` refuses to be serialised; the views of this
    /// crate do neither.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Payload, serde_json::Error> {
        serde_json::to_vec(value).map(|text| Payload(text.into()))
    }

    /// Takes text that the caller knows to be exactly one JSON value, for example because it was stored as such.
    pub fn from_json(text: impl Into<Bytes>) -> Payload {
        let text = text.into();
        debug_assert!(
            serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok(),
            "one JSON value"
        );
        Payload(text)
    }

    /// Returns the text as shared bytes, without copying.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Returns the text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
