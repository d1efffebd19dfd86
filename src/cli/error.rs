//! How a command fails: a code for programs, a sentence and a hint for people, and the exit code.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

/// Exit code of a command that failed.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a command that was used wrongly.
pub(crate) const WRONG_USAGE: u8 = 4;
/// Code of a failure that nobody gave a code.
const UNKNOWN: &str = "UNKNOWN";

/// A failure as the command line tells it. Travels in `anyhow::Error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CliError {
    code: &'static str,
    message: String,
    hint: Option<String>,
    fields: Vec<FieldError>,
    exit: u8,
}

/// What is wrong with one argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// The argument.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl CliError {
    /// Makes a failure with exit code 1. `code` is a constant such as `TOKEN_NOT_FOUND`, `message` one sentence without
    /// a full stop.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> CliError {
        CliError {
            code,
            message: message.into(),
            hint: None,
            fields: Vec::new(),
            exit: FAILED,
        }
    }

    /// Makes a failure of wrong usage, with exit code 4.
    pub(crate) fn usage(message: impl Into<String>) -> CliError {
        CliError::new("VALIDATION_ERROR", message).exit(WRONG_USAGE)
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what is wrong with one argument.
    #[must_use]
    pub(crate) fn field(mut self, path: impl Into<String>, message: impl Into<String>) -> CliError {
        self.fields.push(FieldError {
            path: path.into(),
            message: message.into(),
        });
        self
    }

    /// Replaces the exit code.
    #[must_use]
    pub(crate) fn exit(mut self, exit: u8) -> CliError {
        self.exit = exit;
        self
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit
    }

    /// Returns `{code, message, hint?, fieldErrors?}`.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(hint) = &self.hint {
            error["hint"] = hint.as_str().into();
        }
        if !self.fields.is_empty() {
            error["fieldErrors"] = json!(self.fields);
        }
        error
    }

    /// Returns the lines for people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("error: {} [{}]", self.message, self.code);
        if let Some(hint) = &self.hint {
            text.push_str("\n  hint: ");
            text.push_str(hint);
        }
        text
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for CliError {}

impl From<anyhow::Error> for CliError {
    /// Takes the failure that travels in `error`; another error keeps its text and what led to it, each once.
    fn from(error: anyhow::Error) -> CliError {
        match error.downcast::<CliError>() {
            Ok(error) => error,
            Err(error) => {
                let causes = error
                    .chain()
                    .skip(1)
                    .map(|cause| format!("\n  because: {cause}"));
                CliError::new(UNKNOWN, format!("{error}{}", causes.collect::<String>()))
            }
        }
    }
}
