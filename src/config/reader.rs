//! Reads single values and keeps the books: every value read becomes an entry, every bad one a problem.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::entry::{Entry, Origin};
use super::file::{Place, Settings};
use super::key::{Key, Kind, Section};
use super::problem::{ConfigError, Problem};
use super::sources::{Sources, Surroundings};
use super::span::{self, Span};
use super::unknown;

/// Names with our prefix that other parts of the product read.
const READ_ELSEWHERE: [&str; 6] = [
    "SMITHERS_API_KEY",
    // Of the build; `cargo run` hands it on.
    "SMITHERS_BUILD_COMMIT",
    "SMITHERS_CONFIG",
    "SMITHERS_GATEWAY_URL",
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

/// What was read, and what an operator should know about it.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    pub entries: Vec<Entry>,
    pub sections: Vec<Section>,
    pub warnings: Vec<String>,
}

pub(super) struct Reader<'a> {
    sources: &'a Sources,
    file: Settings,
    sections: Vec<Section>,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Reader<'a> {
        let mut file = sources.file.as_ref().map(Settings::of).unwrap_or_default();
        Reader {
            sources,
            sections: Vec::new(),
            entries: Vec::new(),
            problems: std::mem::take(&mut file.problems),
            file,
        }
    }

    pub(super) fn surroundings(&self) -> &'a Surroundings {
        &self.sources.surroundings
    }

    /// Begins a section of the file; the keys that are read next belong to it.
    pub(super) fn section(&mut self, name: &'static str, help: &'static str) {
        self.sections.push(Section { name, help });
    }

    /// Returns what was read, or all problems. What the file says and nobody has read is one.
    pub(super) fn finish(mut self) -> Result<Books, ConfigError> {
        let left = unknown::of_file(&self.file, &self.sections, &self.entries);
        self.problems.extend(left);
        if !self.problems.is_empty() {
            return Err(ConfigError {
                problems: self.problems,
            });
        }
        Ok(Books {
            warnings: self.unknown_variables(),
            entries: self.entries,
            sections: self.sections,
        })
    }

    /// Ends after a part of the settings, whatever the others say. A value of the environment does not even depend on a
    /// file that can be read.
    pub(super) fn finish_part(self) -> Result<(), ConfigError> {
        let from_environment = |entry: &Entry| entry.origin == Origin::Environment;
        if self.problems.is_empty() || self.entries.iter().all(from_environment) {
            return Ok(());
        }
        Err(ConfigError {
            problems: self.problems,
        })
    }

    fn unknown_variables(&self) -> Vec<String> {
        let is_known = |name: &str| {
            let mut entries = self.entries.iter();
            READ_ELSEWHERE.contains(&name) || entries.any(|entry| entry.key.variable == name)
        };
        let names = self.sources.environment.keys();
        names
            .filter(|name| name.starts_with("SMITHERS_") && !is_known(name))
            .map(|name| format!("{name} is set but not known, so it has no effect"))
            .collect()
    }

    /// Reads a number within a range.
    pub(super) fn number<T>(&mut self, key: Key, default: T, range: RangeInclusive<T>) -> T
    where
        T: Copy + Display + PartialOrd + std::str::FromStr,
    {
        let accepted = format!("{} to {}", range.start(), range.end());
        let parse = |text: &str| match text.parse::<T>() {
            Ok(number) if range.contains(&number) => Ok(number),
            Ok(number) => Err(format!("is {number}, which is out of range")),
            // Digits alone are a number that its type cannot hold.
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err("is out of range".into())
            }
            Err(_) => Err("is not a number".into()),
        };
        self.value(key, Kind::Number, default, accepted, parse)
    }

    /// Reads 0, 1, true or false.
    pub(super) fn flag(&mut self, key: Key, default: bool) -> bool {
        let accepted = "0, 1, true or false".to_owned();
        self.value(key, Kind::Flag, default, accepted, |text| match text {
            "0" | "false" => Ok(false),
            "1" | "true" => Ok(true),
            _ => Err("is neither true nor false".into()),
        })
    }

    /// Reads one of several words.
    pub(super) fn word<T: Copy + Display>(
        &mut self,
        key: Key,
        default: T,
        words: &[(&str, T)],
    ) -> T {
        let accepted = words
            .iter()
            .map(|(word, _)| *word)
            .collect::<Vec<_>>()
            .join(", ");
        self.parsed(key, default, accepted, |text| {
            let known = words.iter().find(|(word, _)| *word == text);
            known
                .map(|(_, value)| *value)
                .ok_or_else(|| "is none of the accepted words".into())
        })
    }

    /// Reads a text that `parse` understands.
    pub(super) fn parsed<T: Display>(
        &mut self,
        key: Key,
        default: T,
        accepted: String,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.value(key, Kind::Text, default, accepted, parse)
    }

    /// Reads a span of time.
    pub(super) fn span(&mut self, key: Key, default: Duration) -> Duration {
        let accepted = span::ACCEPTED.to_owned();
        self.parsed(key, Span(default), accepted, Span::parse).0
    }

    /// Reads a text that may be left out.
    pub(super) fn optional(&mut self, key: Key, accepted: &str) -> Option<String> {
        let none = Fallback {
            value: String::new(),
            reason: None,
        };
        let text = self.text_or(key, accepted, "", none);
        (!text.is_empty()).then_some(text)
    }

    /// Reads a list; `parse` gets its items with commas between them.
    pub(super) fn list<T: Display>(
        &mut self,
        key: Key,
        default: T,
        accepted: String,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.value(key, Kind::List, default, accepted, parse)
    }

    /// Reads a text whose default depends on the machine.
    pub(super) fn text_or(
        &mut self,
        key: Key,
        accepted: &str,
        usual: &str,
        fallback: Fallback,
    ) -> String {
        let (value, origin) = match self.given(key, Kind::Text, accepted, |text| Ok(text.into())) {
            Some(given) => given,
            None => (
                fallback.value,
                fallback.reason.map_or(Origin::Default, Origin::Fallback),
            ),
        };
        self.entries.push(Entry {
            key,
            kind: Kind::Text,
            value: value.clone(),
            default: usual.to_owned(),
            accepted: accepted.to_owned(),
            origin,
        });
        value
    }

    fn value<T: Display>(
        &mut self,
        key: Key,
        kind: Kind,
        default: T,
        accepted: String,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let default_text = default.to_string();
        let given = self.given(key, kind, &accepted, parse);
        let (value, origin) = given.unwrap_or((default, Origin::Default));
        self.entries.push(Entry {
            key,
            kind,
            value: value.to_string(),
            default: default_text,
            accepted,
            origin,
        });
        value
    }

    /// Returns what was set, by a flag before the environment before the file. The file's value is looked at even
    /// when it does not count, so that it holds no surprise for the day on which it does.
    fn given<T>(
        &mut self,
        key: Key,
        kind: Kind,
        accepted: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<(T, Origin)> {
        let in_file = self.in_file(key, kind, accepted, &parse);
        let Some((text, origin)) = self.raw(key, accepted) else {
            return in_file;
        };
        match parse(&text) {
            Ok(value) => Some((value, origin)),
            Err(problem) => {
                self.refuse(key.variable, problem, accepted, None);
                None
            }
        }
    }

    /// Returns what the environment or a flag sets; a value that is empty or only space counts as not set.
    fn raw(&mut self, key: Key, accepted: &str) -> Option<(String, Origin)> {
        let name = key.variable;
        if let Some(text) = self.sources.flags.get(name) {
            return Some((text.trim().to_owned(), Origin::Flag));
        }
        if self.sources.unreadable.iter().any(|other| other == name) {
            self.refuse(name, "is not UTF-8".into(), accepted, None);
        }
        let text = self.sources.environment.get(name)?.trim();
        (!text.is_empty()).then(|| (text.to_owned(), Origin::Environment))
    }

    /// Returns what the file sets; a value that is empty counts as not set.
    fn in_file<T>(
        &mut self,
        key: Key,
        kind: Kind,
        accepted: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<(T, Origin)> {
        let setting = self.file.values.remove(key.path)?;
        let text = setting.value.as_text(kind);
        if text.as_ref().is_ok_and(String::is_empty) {
            return None;
        }
        match text.and_then(|text| parse(&text)) {
            Ok(value) => Some((value, Origin::File(setting.place))),
            Err(problem) => {
                self.refuse(key.path, problem, accepted, Some(setting.place));
                None
            }
        }
    }

    fn refuse(&mut self, name: &str, problem: String, accepted: &str, place: Option<Place>) {
        self.problems.push(Problem {
            name: name.to_owned(),
            problem,
            accepted: accepted.to_owned(),
            place,
        });
    }
}
