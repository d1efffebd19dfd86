//! The scanner: checks a JSON text against its grammar and its bounds, and finds a few members of the outermost object.
//!
//! Memory is one small record per open container, at most as many as the depth bound; time is linear in the bytes.

use std::ops::Range;

use super::text::{BadToken, number_end, string_end};
use super::violation::Violation;

/// Longest path that a violation names, in bytes; keys of a hostile text may be long.
const MAX_PATH_BYTES: usize = 200;

/// What a JSON text may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Name of the text in paths, e.g. `gateway frame`.
    pub label: &'static str,
    /// Deepest nesting; every value counts, the outermost as 1.
    pub depth: usize,
    /// Most items of an array.
    pub items: usize,
    /// Longest text or key in UTF-16 units.
    pub text_units: usize,
    /// The path of keys of one text that may be longer, because its reader clips it.
    pub clipped: &'static [&'static str],
}

/// The kind of the outermost value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Object,
    /// Anything else.
    Other,
}

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError;

impl From<BadToken> for SyntaxError {
    fn from(BadToken: BadToken) -> SyntaxError {
        SyntaxError
    }
}

/// What the scan of a well-formed text found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan<const N: usize> {
    /// The kind of the outermost value.
    pub kind: Kind,
    /// The first bound that is exceeded, if any. A text that is too deep is not read further.
    pub violation: Option<Violation>,
    /// The byte ranges of the wanted members' values; of members that occur twice, the last.
    pub members: [Option<Range<usize>>; N],
}

/// Scans `text` and finds the values of the members named `wanted` in the outermost object.
pub fn scan<const N: usize>(
    text: &str,
    bounds: &Bounds,
    wanted: [&str; N],
) -> Result<Scan<N>, SyntaxError> {
    let scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        bounds,
        wanted,
        open: Vec::new(),
        member: None,
        found: Scan {
            kind: Kind::Other,
            violation: None,
            members: [const { None }; N],
        },
    };
    scanner.run()
}

/// A container whose end has not been read.
enum Open {
    /// An object, and where the key of its current member is (with quotes).
    Object { key: Range<usize> },
    /// An array, and the index of its current item.
    Array { index: usize },
}

/// What was read at the place of a value.
enum Value {
    /// A whole value.
    Complete,
    /// The beginning of a container that is not empty.
    Opened,
    /// A value beyond the depth bound; the scan ends.
    TooDeep,
}

/// What follows a complete value.
enum After {
    /// Another value of the same container.
    Next,
    /// The end of the container, which is a complete value itself.
    Closed,
    /// The end of the text.
    End,
}

struct Scanner<'a, const N: usize> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    bounds: &'a Bounds,
    wanted: [&'a str; N],
    open: Vec<Open>,
    /// The wanted member of the outermost object that is being read, and where its value begins.
    member: Option<(usize, usize)>,
    found: Scan<N>,
}

impl<const N: usize> Scanner<'_, N> {
    fn run(mut self) -> Result<Scan<N>, SyntaxError> {
        self.skip_space();
        if self.bytes.get(self.at) == Some(&b'{') {
            self.found.kind = Kind::Object;
        }
        loop {
            match self.value()? {
                Value::Opened => continue,
                Value::TooDeep => return Ok(self.found),
                Value::Complete => {}
            }
            loop {
                match self.after_value()? {
                    After::Closed => {}
                    After::Next => break,
                    After::End => return Ok(self.found),
                }
            }
        }
    }

    /// Reads a scalar, an empty container, or the beginning of a container up to its first value.
    fn value(&mut self) -> Result<Value, SyntaxError> {
        self.skip_space();
        let start = self.at;
        if self.open.len() == 1
            && let Some((_, begin)) = &mut self.member
        {
            *begin = start;
        }
        if self.open.len() >= self.bounds.depth {
            self.note(Violation::Depth {
                max: self.bounds.depth,
            });
            return Ok(Value::TooDeep);
        }
        match *self.bytes.get(start).ok_or(SyntaxError)? {
            b'{' => self.begin_object(),
            b'[' => self.begin_array(),
            b'"' => {
                let (end, units) = string_end(self.bytes, start)?;
                self.at = end;
                self.check_text(units);
                Ok(Value::Complete)
            }
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => Err(SyntaxError),
        }
    }

    fn begin_object(&mut self) -> Result<Value, SyntaxError> {
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Complete);
        }
        self.open.push(Open::Object { key: 0..0 });
        self.key()?;
        Ok(Value::Opened)
    }

    fn begin_array(&mut self) -> Result<Value, SyntaxError> {
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Complete);
        }
        self.open.push(Open::Array { index: 0 });
        Ok(Value::Opened)
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(SyntaxError);
        }
        let start = self.at;
        let (end, units) = string_end(self.bytes, start)?;
        self.at = end;
        if let Some(Open::Object { key }) = self.open.last_mut() {
            *key = start..end;
        }
        self.check_text(units);
        if self.open.len() == 1 {
            let name = key_text(&self.text[start..end]);
            self.member = self
                .wanted
                .iter()
                .position(|wanted| *wanted == name)
                .map(|index| (index, end));
        }
        self.skip_space();
        if self.take(b':') {
            Ok(())
        } else {
            Err(SyntaxError)
        }
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        self.at = number_end(self.bytes, start)?;
        // The grammar of JSON numbers is a part of what `f64` parses; too large ones become infinite.
        if !self.text[start..self.at]
            .parse::<f64>()
            .is_ok_and(f64::is_finite)
        {
            self.note(Violation::Number);
        }
        Ok(Value::Complete)
    }

    fn literal(&mut self, word: &str) -> Result<Value, SyntaxError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(SyntaxError);
        }
        self.at += word.len();
        Ok(Value::Complete)
    }

    /// Reads what follows a complete value: a comma, the end of its container, or the end of the text.
    fn after_value(&mut self) -> Result<After, SyntaxError> {
        if self.open.len() == 1
            && let Some((index, start)) = self.member.take()
        {
            self.found.members[index] = Some(start..self.at);
        }
        self.skip_space();
        let byte = self.bytes.get(self.at).copied();
        match (self.open.last_mut(), byte) {
            (None, None) => Ok(After::End),
            (Some(Open::Array { index }), Some(b',')) => {
                *index += 1;
                let too_long = *index >= self.bounds.items;
                self.at += 1;
                if too_long {
                    self.note(Violation::Items {
                        max: self.bounds.items,
                    });
                }
                Ok(After::Next)
            }
            (Some(Open::Object { .. }), Some(b',')) => {
                self.at += 1;
                self.key()?;
                Ok(After::Next)
            }
            (Some(Open::Array { .. }), Some(b']')) | (Some(Open::Object { .. }), Some(b'}')) => {
                self.at += 1;
                self.open.pop();
                Ok(After::Closed)
            }
            _ => Err(SyntaxError),
        }
    }

    fn check_text(&mut self, units: usize) {
        if units <= self.bounds.text_units || self.found.violation.is_some() || self.is_clipped() {
            return;
        }
        let path = self.path();
        self.note(Violation::Text {
            max: self.bounds.text_units,
            path,
            units,
        });
    }

    /// Tells whether the current value is the text that its reader clips.
    fn is_clipped(&self) -> bool {
        !self.bounds.clipped.is_empty()
            && self.open.len() == self.bounds.clipped.len()
            && self
                .open
                .iter()
                .zip(self.bounds.clipped)
                .all(|(open, name)| match open {
                    Open::Object { key } => key_text(&self.text[key.clone()]) == *name,
                    Open::Array { .. } => false,
                })
    }

    fn path(&self) -> String {
        let mut path = self.bounds.label.to_owned();
        for open in &self.open {
            match open {
                Open::Object { key } => {
                    path.push('.');
                    path.extend(
                        key_text(&self.text[key.clone()])
                            .chars()
                            .take(MAX_PATH_BYTES / 4),
                    );
                }
                Open::Array { index } => path.push_str(&format!("[{index}]")),
            }
            if path.len() > MAX_PATH_BYTES {
                path.push('…');
                break;
            }
        }
        path
    }

    /// Keeps the first violation only.
    fn note(&mut self, violation: Violation) {
        self.found.violation.get_or_insert(violation);
    }

    fn take(&mut self, byte: u8) -> bool {
        let matches = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(matches);
        matches
    }

    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

/// Returns the text of a key token; only keys with escapes need to be decoded.
fn key_text(token: &str) -> std::borrow::Cow<'_, str> {
    if token.contains('\\') {
        serde_json::from_str::<String>(token)
            .unwrap_or_default()
            .into()
    } else {
        token[1..token.len() - 1].into()
    }
}
