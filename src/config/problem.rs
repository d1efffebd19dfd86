//! Values that are refused.

use std::fmt;

use super::file::Place;

/// A value that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable, or the key of the file.
    pub name: String,
    /// What is wrong with its value.
    pub problem: String,
    /// What is accepted.
    pub accepted: String,
    /// Where in the file it stands, if it stands there.
    pub place: Option<Place>,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(out, "{place}: ")?;
        }
        write!(
            out,
            "{} {}; accepted: {}",
            self.name, self.problem, self.accepted
        )
    }
}

/// The configuration is refused, for all of these reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one problem: those of the file as such, then values in the order of the reference, then unknown keys.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the configuration is refused:")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(out, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}
