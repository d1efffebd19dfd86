//! What every error code of the product means, why it usually happens, and what to do: one table.
//!
//! `smithers explain` prints it, and the reference is made of it. Tests hold it against the codes that the sources can
//! tell, in both directions.

mod command;
mod gateway;
mod run;
mod start;
mod token;

use serde::Serialize;
use smithers_protocol::error::ErrorCode;

/// An error code and what to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The code as errors carry it.
    pub code: &'static str,
    /// Where it comes from.
    pub area: Area,
    /// What it says.
    pub meaning: &'static str,
    /// Why it usually happens.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Who tells a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The gateway, in the answer to a request.
    Gateway,
    /// A run or one of its tasks, in its error.
    Run,
    /// A command, on standard error.
    Command,
    /// A gateway that does not start, or a command on the database file.
    Start,
}

impl Area {
    /// The area as people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Area::Gateway => "answer of a gateway",
            Area::Run => "error of a run",
            Area::Command => "error of a command",
            Area::Start => "start and database",
        }
    }
}

impl Explanation {
    /// The HTTP status of an answer with this code; `None` for codes that no answer carries.
    pub fn status(&self) -> Option<u16> {
        self.protocol_code().map(ErrorCode::status)
    }

    /// Whether the same request can succeed later without a change; `None` for codes that no answer carries.
    pub fn retryable(&self) -> Option<bool> {
        self.protocol_code().map(ErrorCode::retryable)
    }

    fn protocol_code(&self) -> Option<ErrorCode> {
        let mut codes = ErrorCode::ALL.iter().copied();
        codes.find(|code| self.area == Area::Gateway && code.as_str() == self.code)
    }
}

/// Every explanation: answers of a gateway, then errors of runs, of commands and of the start.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    [
        gateway::TABLE,
        run::TABLE,
        command::TABLE,
        token::TABLE,
        start::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// The explanations of `code`: those that are written exactly so, else those with the same letters.
///
/// Several codes differ in case and underscores only, and one code can come from two areas.
pub fn find(code: &str) -> Vec<&'static Explanation> {
    let exact: Vec<_> = all().filter(|known| known.code == code).collect();
    match exact.is_empty() {
        true => all()
            .filter(|known| letters(known.code) == letters(code))
            .collect(),
        false => exact,
    }
}

/// Whether somebody can look `code` up.
pub fn is_known(code: &str) -> bool {
    all().any(|known| known.code == code)
}

fn letters(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests;
