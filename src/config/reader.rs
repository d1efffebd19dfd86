//! Reads single values and keeps the books: every value read becomes an entry, every bad one a problem.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::entry::{Entry, Origin};
use super::problem::{ConfigError, Problem};
use super::sources::{Sources, Surroundings};

/// Names with our prefix that other parts of the product read.
const READ_ELSEWHERE: [&str; 3] = [
    "SMITHERS_API_KEY",
    "SMITHERS_TOKEN_MAX_TTL",
    "SMITHERS_HOME",
];

/// A default and, when the usual one does not fit this machine, the reason.
pub(super) struct Fallback {
    /// The default in force.
    pub value: String,
    /// Why it is not the usual one.
    pub reason: Option<String>,
}

pub(super) struct Reader<'a> {
    sources: &'a Sources,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Reader<'a> {
        Reader {
            sources,
            entries: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn surroundings(&self) -> &'a Surroundings {
        &self.sources.surroundings
    }

    /// Returns the entries and the warnings, or all problems.
    pub(super) fn finish(self) -> Result<(Vec<Entry>, Vec<String>), ConfigError> {
        if !self.problems.is_empty() {
            return Err(ConfigError {
                problems: self.problems,
            });
        }
        let is_known = |name: &str| {
            READ_ELSEWHERE.contains(&name) || self.entries.iter().any(|entry| entry.name == name)
        };
        let unknown = self
            .sources
            .environment
            .keys()
            .filter(|name| name.starts_with("SMITHERS_") && !is_known(name));
        let warnings = unknown
            .map(|name| format!("{name} is set but not known, so it has no effect"))
            .collect();
        Ok((self.entries, warnings))
    }

    /// Reads a number within a range.
    pub(super) fn number<T>(
        &mut self,
        name: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T
    where
        T: Copy + Display + PartialOrd + std::str::FromStr,
    {
        let accepted = format!("{} to {}", range.start(), range.end());
        self.parsed(name, default, accepted, |text| match text.parse::<T>() {
            Ok(number) if range.contains(&number) => Ok(number),
            Ok(number) => Err(format!("is {number}, which is out of range")),
            // Digits alone are a number that its type cannot hold.
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err("is out of range".into())
            }
            Err(_) => Err("is not a number".into()),
        })
    }

    /// Reads 0, 1, true or false.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.parsed(
            name,
            default,
            "0, 1, true or false".into(),
            |text| match text {
                "0" | "false" => Ok(false),
                "1" | "true" => Ok(true),
                _ => Err("is neither true nor false".into()),
            },
        )
    }

    /// Reads one of several words.
    pub(super) fn word<T: Copy + Display>(
        &mut self,
        name: &'static str,
        default: T,
        words: &[(&str, T)],
    ) -> T {
        let accepted = words
            .iter()
            .map(|(word, _)| *word)
            .collect::<Vec<_>>()
            .join(", ");
        self.parsed(name, default, accepted, |text| {
            let known = words.iter().find(|(word, _)| *word == text);
            known
                .map(|(_, value)| *value)
                .ok_or_else(|| "is none of the accepted words".into())
        })
    }

    /// Reads a value that `parse` understands.
    pub(super) fn parsed<T: Display>(
        &mut self,
        name: &'static str,
        default: T,
        accepted: String,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let default_text = default.to_string();
        let (value, origin) = match self.raw(name, &accepted) {
            None => (default, Origin::Default),
            Some((text, origin)) => match parse(&text) {
                Ok(value) => (value, origin),
                Err(problem) => {
                    self.refuse(name, problem, accepted.clone());
                    (default, Origin::Default)
                }
            },
        };
        let value_text = value.to_string();
        self.entries.push(Entry {
            name,
            value: value_text,
            default: default_text,
            accepted,
            origin,
        });
        value
    }

    /// Reads a text whose default depends on the machine.
    pub(super) fn text_or(
        &mut self,
        name: &'static str,
        accepted: &str,
        usual: &str,
        fallback: Fallback,
    ) -> String {
        let (value, origin) = match self.raw(name, accepted) {
            Some((text, origin)) => (text, origin),
            None => (
                fallback.value,
                fallback.reason.map_or(Origin::Default, Origin::Fallback),
            ),
        };
        self.entries.push(Entry {
            name,
            value: value.clone(),
            default: usual.to_owned(),
            accepted: accepted.to_owned(),
            origin,
        });
        value
    }

    /// Returns what was set; a value that is empty or only space counts as not set.
    fn raw(&mut self, name: &'static str, accepted: &str) -> Option<(String, Origin)> {
        if let Some(text) = self.sources.flags.get(name) {
            return Some((text.trim().to_owned(), Origin::Flag));
        }
        if self
            .sources
            .unreadable
            .iter()
            .any(|unreadable| unreadable == name)
        {
            self.refuse(name, "is not UTF-8".into(), accepted.to_owned());
        }
        let text = self.sources.environment.get(name)?.trim();
        (!text.is_empty()).then(|| (text.to_owned(), Origin::Environment))
    }

    fn refuse(&mut self, name: &str, problem: String, accepted: String) {
        self.problems.push(Problem {
            name: name.to_owned(),
            problem,
            accepted,
        });
    }
}
