//! Values that are refused.

use std::fmt;

/// A variable whose value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable.
    pub name: String,
    /// What is wrong with its value.
    pub problem: String,
    /// What is accepted.
    pub accepted: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    /// At least one problem, in the order of the reference.
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
