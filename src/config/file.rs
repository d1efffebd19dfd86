//! `smithers.toml`: which file it is, and its values with the places where they stand.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::Kind;
use super::problem::Problem;

/// Name of the file in the working directory.
const NAME: &str = "smithers.toml";
/// The file of the machine, when the working directory has none.
const OF_THE_MACHINE: &str = "/etc/smithers/smithers.toml";
/// Largest file in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Longest name that a message repeats, in characters.
const MAX_NAME_CHARS: usize = 64;

/// A file of settings, read but not understood yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it says, or why that is not known.
    pub text: Result<String, String>,
}

impl ConfigFile {
    /// Reads the file at `path`, which somebody has named: its absence is a problem.
    pub fn named(path: &Path) -> ConfigFile {
        ConfigFile {
            path: path.to_owned(),
            text: read_bounded(path),
        }
    }

    /// Reads `smithers.toml` of the working directory, else that of the machine, if there is one.
    pub fn found() -> Option<ConfigFile> {
        [NAME, OF_THE_MACHINE]
            .map(Path::new)
            .into_iter()
            .find(|path| path.exists())
            .map(ConfigFile::named)
    }
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let text = File::open(path).and_then(|file| {
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        Ok(text)
    });
    match text {
        Ok(text) if text.len() as u64 > MAX_BYTES => {
            Err(format!("is larger than {MAX_BYTES} bytes"))
        }
        Ok(text) => Ok(text),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => "does not exist".to_owned(),
            io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
            _ => format!("cannot be read ({error})"),
        }),
    }
}

/// A place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A value as the file gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// Digits of a whole number, decimal.
    Number(String),
    Flag(bool),
    Text(String),
    List(Vec<String>),
    /// Nothing that a setting can be; what it is.
    Other(&'static str),
}

impl Given {
    /// Returns the value as the environment would write it.
    pub(super) fn as_text(&self, kind: Kind) -> Result<String, String> {
        match (self, kind) {
            (Given::Number(digits), Kind::Number) => Ok(digits.clone()),
            (Given::Flag(flag), Kind::Flag) => Ok(flag.to_string()),
            (Given::Text(text), Kind::Text | Kind::List) => Ok(text.trim().to_owned()),
            (Given::List(items), Kind::List) => Ok(items.join(",")),
            _ => Err(format!("is {}, and must be {kind}", self.what())),
        }
    }

    fn what(&self) -> &'static str {
        match self {
            Given::Number(_) => "a number",
            Given::Flag(_) => "true or false",
            Given::Text(_) => "text in quotes",
            Given::List(_) => "a list",
            Given::Other(what) => what,
        }
    }
}

/// A value of the file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub value: Given,
    /// Place of the value.
    pub place: Place,
    /// Place of its name.
    pub name_place: Place,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// By section and name, such as `listen.port`.
    pub values: BTreeMap<String, Setting>,
    /// Places of sections, by name.
    pub sections: BTreeMap<String, Place>,
    /// Why the text cannot be used.
    pub problems: Vec<Problem>,
}

impl Settings {
    /// Understands the text of a file. After a fault of its syntax nothing else of it is looked at.
    pub(super) fn of(file: &ConfigFile) -> Settings {
        let text = match &file.text {
            Ok(text) => text,
            Err(problem) => return Settings::unusable(&file.path, problem),
        };
        let places = Places {
            file: &file.path,
            text,
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut settings = Settings::default();
        if errors.is_empty() {
            settings.collect(&places, table.get_ref());
        }
        settings.problems.extend(errors.iter().map(|error| Problem {
            name: "the text".into(),
            problem: format!("is not TOML: {}", error.message().replace('\n', ", ")),
            accepted: "sections such as [listen], with lines such as port = 7331".into(),
            place: Some(places.of(error.span().unwrap_or_default())),
        }));
        settings
    }

    fn unusable(path: &Path, problem: &str) -> Settings {
        Settings {
            problems: vec![Problem {
                name: path.display().to_string(),
                problem: problem.to_owned(),
                accepted: "a file of settings that can be read".into(),
                place: None,
            }],
            ..Settings::default()
        }
    }

    fn collect(&mut self, places: &Places<'_>, table: &DeTable<'_>) {
        for (section, inner) in table {
            let name = section.get_ref().to_string();
            let place = places.of(section.span());
            let Some(inner) = inner.get_ref().as_table() else {
                self.problems.push(Problem {
                    name: quoted(&name),
                    problem: "stands outside of any section".into(),
                    accepted: "lines such as port = 7331 below a section such as [listen]".into(),
                    place: Some(place),
                });
                continue;
            };
            for (key, value) in inner {
                let setting = Setting {
                    value: given(value),
                    place: places.of(value.span()),
                    name_place: places.of(key.span()),
                };
                self.values
                    .insert(format!("{name}.{}", key.get_ref()), setting);
            }
            self.sections.insert(name, place);
        }
    }
}

/// Returns a name of the file as messages repeat it: on one line, and not without end.
pub(super) fn quoted(name: &str) -> String {
    let shown: String = name.escape_debug().take(MAX_NAME_CHARS).collect();
    format!("`{shown}`")
}

fn given(value: &Spanned<DeValue<'_>>) -> Given {
    match value.get_ref() {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Given::Number(number.to_string()),
            Err(_) => Given::Other("a number without bounds"),
        },
        DeValue::Array(items) => {
            let texts = items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned));
            match texts.collect::<Option<Vec<String>>>() {
                Some(texts) => Given::List(texts),
                None => Given::Other("a list of something else than texts"),
            }
        }
        DeValue::Float(_) => Given::Other("a number with a point"),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Table(_) => Given::Other("a table"),
    }
}

/// From offsets to lines and columns.
struct Places<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Places<'_> {
    fn of(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}
