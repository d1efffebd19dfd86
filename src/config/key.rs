//! How one value is named: in `smithers.toml`, in the environment, and in the reference.

use std::fmt;

/// The names of one value, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Section and name in the file, such as `listen.port`.
    pub path: &'static str,
    /// The one variable of the environment.
    pub variable: &'static str,
    /// What it is for, in one sentence.
    pub help: &'static str,
}

/// Names a value.
pub(super) const fn key(path: &'static str, variable: &'static str, help: &'static str) -> Key {
    Key {
        path,
        variable,
        help,
    }
}

impl Key {
    /// Returns the section in the file, and the name in that section.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.path
            .split_once('.')
            .expect("the path of a key has a section and a name")
    }
}

/// How a value is written in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Text in quotes.
    Text,
    /// Texts in brackets, or one text with commas.
    List,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::Number => "a number without quotes",
            Kind::Flag => "true or false without quotes",
            Kind::Text => "text in quotes",
            Kind::List => "a list of texts",
        })
    }
}

/// A section of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about, in one sentence.
    pub help: &'static str,
}
