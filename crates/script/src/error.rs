//! Why a module could not be loaded, with the place in the author's own source.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A module that could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file that is at fault, as the author names it.
    pub module: String,
    /// What is wrong.
    pub message: String,
    /// Where it is wrong.
    pub place: Option<Place>,
    /// The paths that were looked at until then, those that are missing included: when one of them changes, it may
    /// load. Empty when the entry file itself could not be found.
    pub looked_at: Arc<[PathBuf]>,
}

/// A position in a source file with the lines around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path relative to the folder of the entry file.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in UTF-16 units.
    pub column: u32,
    /// The line and its neighbours, ready to print.
    pub frame: String,
}

impl LoadError {
    pub(crate) fn new(module: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            message: message.into(),
            place: None,
            looked_at: Arc::default(),
        }
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The same after `paths` were looked at.
    pub(crate) fn after(mut self, paths: Arc<[PathBuf]>) -> Self {
        self.looked_at = paths;
        self
    }
}

impl std::error::Error for LoadError {}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failed to load module `{}`: {}",
            self.module, self.message
        )?;
        if let Some(place) = &self.place {
            write!(
                f,
                "\n  at {}:{}:{}\n{}",
                place.file, place.line, place.column, place.frame
            )?;
        }
        Ok(())
    }
}

/// Lines shown before and after the line at fault.
const CONTEXT_LINES: usize = 2;

/// Longest line that is shown whole, in characters.
const WIDEST_LINE: usize = 160;

impl Place {
    /// Describes `line` and `column` (both from 1) of `source`.
    pub(crate) fn new(file: &str, source: &str, line: u32, column: u32) -> Self {
        Self {
            file: file.to_owned(),
            line,
            column,
            frame: code_frame(source, line as usize, column as usize),
        }
    }

    /// Describes byte `offset` of `source`.
    pub(crate) fn at_offset(file: &str, source: &str, offset: usize) -> Self {
        let before = &source[..source.floor_char_boundary(offset)];
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[line_start..].encode_utf16().count() + 1;
        Self::new(file, source, line as u32, column as u32)
    }
}

/// Prints the line at fault between its neighbours, with a mark under the column.
fn code_frame(source: &str, line: usize, column: usize) -> String {
    let first = line.saturating_sub(CONTEXT_LINES).max(1);
    let width = (line + CONTEXT_LINES).to_string().len();
    let mut out = String::new();
    for (index, text) in source
        .lines()
        .enumerate()
        .skip(first - 1)
        .take(CONTEXT_LINES * 2 + 1)
    {
        let number = index + 1;
        if number > line + CONTEXT_LINES {
            break;
        }
        let marker = if number == line { '>' } else { ' ' };
        let shown: String = text.chars().take(WIDEST_LINE).collect();
        out.push_str(&format!("{marker} {number:>width$} | {shown}\n"));
        if number == line && column <= WIDEST_LINE {
            let pad: String = text
                .chars()
                .take(column - 1)
                .map(|letter| if letter == '\t' { '\t' } else { ' ' })
                .collect();
            out.push_str(&format!("  {:>width$} | {pad}^\n", ""));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_shows_the_line_with_a_mark_under_the_column() {
        let place = Place::at_offset("a.ts", "let a = 1;\nlet é = ;\nlet c = 3;\n", 20);
        assert_eq!((place.line, place.column), (2, 9));
        assert_eq!(
            place.frame,
            "  1 | let a = 1;\n> 2 | let é = ;\n    |         ^\n  3 | let c = 3;"
        );
    }

    #[test]
    fn a_place_past_the_end_of_the_source_is_shown_without_lines() {
        assert_eq!(Place::new("a.ts", "one line", 40, 1).frame, "");
    }

    #[test]
    fn the_text_names_module_message_and_place() {
        let error = LoadError::new("a.ts", "unexpected token").at(Some(Place::new(
            "a.ts",
            "let a = ;",
            1,
            9,
        )));
        assert_eq!(
            error.to_string(),
            "failed to load module `a.ts`: unexpected token\n  at a.ts:1:9\n\
             > 1 | let a = ;\n    |         ^"
        );
    }
}
