//! The error of a run or task as it is stored and shown: data, not a Rust error type.

use serde::{Deserialize, Serialize};

use crate::json::RawJson;

/// Error JSON of workflow-model 8.2: what user code threw or what the engine decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorInfo {
    /// Class name: `Error`, `TypeError`, `SmithersError`…
    pub name: String,
    /// Text for people.
    pub message: String,
    /// One of the codes of workflow-model appendix A; plain thrown errors have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// Where it happened in the user's own source. Stored; readers of the wire do not get it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stack: Option<String>,
    /// Machine-readable particulars.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<RawJson>,
    /// What led to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Box<ErrorInfo>>,
}

impl ErrorInfo {
    /// An error of the product itself, with one of its codes.
    pub fn coded(code: &str, message: impl Into<String>) -> Self {
        Self {
            name: "SmithersError".into(),
            message: message.into(),
            code: Some(code.into()),
            stack: None,
            details: None,
            cause: None,
        }
    }

    /// An error thrown by user code: a class name and a text, no code.
    pub fn thrown(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: message.into(),
            code: None,
            stack: None,
            details: None,
            cause: None,
        }
    }

    /// Adds what led to this error.
    #[must_use]
    pub fn caused_by(mut self, cause: ErrorInfo) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Returns true when the error carries `code`.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}
