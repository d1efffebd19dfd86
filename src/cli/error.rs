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
    message: String,
    /// What led to it, the nearest first.
    causes: Box<[String]>,
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
            message: message.into(),
            causes: Box::default(),
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
        let mut text = format!("error: {} [{}]", self.message, self.code);
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
        let mut told = match error.downcast_ref::<ClientError>() {
            Some(error) => CliError::from(error),
            None => CliError::new(UNKNOWN, error.to_string()),
        };
        told.causes = error.chain().skip(1).map(ToString::to_string).collect();
        told
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
