//! Errors as clients see them: a code with its HTTP status, a sentence, and a few extra fields.

mod code;
mod common;

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

pub use code::ErrorCode;
pub use common::{RateScope, StreamCap};

use crate::API_VERSION;

/// The error of one request, as it is written into an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    code: ErrorCode,
    message: String,
    extras: Vec<(&'static str, Value)>,
}

impl RpcError {
    /// Creates an error without extra fields.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> RpcError {
        RpcError {
            code,
            message: message.into(),
            extras: Vec::new(),
        }
    }

    /// Adds a field beside `code` and `message`, such as `requiredScope`.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> RpcError {
        self.extras.push((key, value.into()));
        self
    }

    /// Replaces the message and the texts of the extra fields for which `replace` gives another one.
    #[must_use]
    pub fn with_texts(mut self, replace: impl Fn(&str) -> Option<String>) -> RpcError {
        if let Some(message) = replace(&self.message) {
            self.message = message;
        }
        for (_, value) in &mut self.extras {
            if let Some(text) = value.as_str().and_then(&replace) {
                *value = text.into();
            }
        }
        self
    }

    /// Returns the code that clients compare.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns the sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the extra field `key`, if the error has it.
    pub fn extra(&self, key: &str) -> Option<&Value> {
        self.extras
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// Returns the HTTP status of the answer.
    pub fn status(&self) -> u16 {
        self.code.status()
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for RpcError {}

impl Serialize for RpcError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3 + self.extras.len()))?;
        map.serialize_entry("version", API_VERSION)?;
        map.serialize_entry("code", self.code.as_str())?;
        map.serialize_entry("message", &self.message)?;
        for (key, value) in &self.extras {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
