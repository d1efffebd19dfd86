//! How a command fails: a code for programs, a sentence and a hint for people, and the exit code.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::client::ClientError;

/// Exit code of a command that failed.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a command that was used wrongly.
pub(crate) const WRONG_USAGE: u8 = 4;
/// Code of a failure that nobody gave a code.
const UNKNOWN: &str = "UNKNOWN";

/// A failure as the command line tells it. Travels in `anyhow::Error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CliError {
    code: Cow<'static, str>,
    message: Box<str>,
    /// What led to it, the nearest first.
    causes: Vec<String>,
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
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> CliError {
        CliError {
            code: code.into(),
            message: message.into().into(),
            causes: Vec::new(),
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

    /// Adds what led to the failure, or to the cause that was added last.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Into<String>) -> CliError {
        self.causes.push(cause.into());
        self
    }

    /// Adds where to read about the code, unless there is a hint already.
    #[must_use]
    pub(super) fn or_explained(mut self) -> CliError {
        if self.hint.is_none() && crate::explain::is_known(&self.code) {
            self.hint = Some(format!("smithers explain {}", self.code));
        }
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

    /// Returns `{code, message, causes?, hint?, fieldErrors?}`.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if !self.causes.is_empty() {
            error["causes"] = json!(self.causes);
        }
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
        // A long message, such as one with a piece of source, keeps the code on its first line.
        let (first, rest) = self
            .message
            .split_at(self.message.find('\n').unwrap_or(self.message.len()));
        let mut text = format!("error: {first} [{}]{rest}", self.code);
        for cause in &self.causes {
            text.push_str("\n  because: ");
            text.push_str(cause);
        }
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
        let error = match error.downcast::<CliError>() {
            Ok(error) => return error,
            Err(error) => error,
        };
        let told = match error.downcast_ref::<ClientError>() {
            Some(error) => CliError::from(error),
            None => CliError::new(UNKNOWN, error.to_string()),
        };
        error
            .chain()
            .skip(1)
            .fold(told, |told, cause| told.because(cause.to_string()))
    }
}

impl From<&ClientError> for CliError {
    fn from(error: &ClientError) -> CliError {
        let told = CliError::new(error.code().to_owned(), error.to_string());
        match error.hint() {
            Some(hint) => told.hint(hint),
            None => told,
        }
    }
}
