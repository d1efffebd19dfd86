//! Parsing of MDX, bounded, with JavaScript read by the parser that later transforms it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use markdown::mdast::Node;
use markdown::{MdxExpressionKind, MdxSignal, ParseOptions, message, to_mdast};
use oxc::allocator::Allocator;
use oxc::diagnostics::Severity;
use oxc::parser::Parser;
use oxc::span::SourceType;

use super::error_at;
use crate::error::LoadError;
use crate::graph::bounds;

/// Largest MDX file, bytes: a prompt, not a book.
const LARGEST: usize = 512 << 10;

/// Deepest nesting of quotes and lists, as the beginning of a line tells.
const DEEPEST_CONTAINERS: usize = 32;

/// Code may be tried again with each line that follows; all tries together read so many bytes.
const MOST_TRIED: usize = 4 << 20;

/// Parses `source` and checks the JavaScript in it.
pub(super) fn parse(file: &str, source: &str, bracket_depth: usize) -> Result<Node, LoadError> {
    refuse_absurd(file, source)?;
    let checker = Rc::new(Checker {
        bracket_depth,
        budget: Cell::new(MOST_TRIED),
        problem: RefCell::default(),
    });
    let (for_esm, for_expressions) = (Rc::clone(&checker), Rc::clone(&checker));
    let options = ParseOptions {
        mdx_esm_parse: Some(Box::new(move |code| for_esm.check(code, "", ""))),
        mdx_expression_parse: Some(Box::new(move |code, kind| match kind {
            MdxExpressionKind::Expression if is_blank(code) => MdxSignal::Ok,
            MdxExpressionKind::AttributeExpression => for_expressions.check(code, "({", "\n})"),
            _ => for_expressions.check(code, "(", "\n)"),
        })),
        ..ParseOptions::mdx()
    };
    to_mdast(source, &options).map_err(|error| checker.explain(file, source, &error))
}

/// Refuses what would keep the parser busy without end or exhaust its stack.
fn refuse_absurd(file: &str, source: &str) -> Result<(), LoadError> {
    if source.len() > LARGEST {
        let message = format!(
            "the file has {} bytes, more than the {LARGEST} allowed for MDX",
            source.len()
        );
        return Err(LoadError::new(file, message));
    }
    let mut offset = 0;
    for line in source.split_inclusive('\n') {
        if container_depth(line) > DEEPEST_CONTAINERS {
            let message = format!("quotes and lists are nested deeper than {DEEPEST_CONTAINERS}");
            return Err(error_at(file, source, offset, message));
        }
        offset += line.len();
    }
    Ok(())
}

/// Upper bound of the quotes and lists that a line begins.
fn container_depth(line: &str) -> usize {
    line.bytes()
        .take_while(|byte| {
            byte.is_ascii_digit()
                || matches!(byte, b' ' | b'\t' | b'>' | b'-' | b'+' | b'*' | b'.' | b')')
        })
        .filter(|byte| matches!(byte, b'>' | b'-' | b'+' | b'*' | b'.' | b')'))
        .count()
        // A rule is a long row of the same marks.
        .min(if is_rule(line) { 1 } else { usize::MAX })
}

fn is_rule(line: &str) -> bool {
    let mut marks = line.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let first = marks.next();
    matches!(first, Some(b'-' | b'*')) && marks.all(|mark| Some(mark) == first)
}

/// Judges the JavaScript of a file.
struct Checker {
    bracket_depth: usize,
    /// Bytes that may still be tried.
    budget: Cell<usize>,
    /// What was wrong with the code that was tried last.
    problem: RefCell<Option<Problem>>,
}

struct Problem {
    code: String,
    /// Where in `code`.
    offset: usize,
    message: String,
}

impl Checker {
    /// Whether `code` is complete between `before` and `after`.
    fn check(&self, code: &str, before: &str, after: &str) -> MdxSignal {
        let whole = format!("{before}{code}{after}");
        let verdict = match self.budget.get().checked_sub(whole.len()) {
            None => Err((0, "the code of the file takes too long to read".to_owned())),
            Some(left) => {
                self.budget.set(left);
                self.verdict(&whole)
            }
        };
        match verdict {
            Ok(()) => {
                self.problem.take();
                MdxSignal::Ok
            }
            Err((offset, message)) => {
                let problem = Problem {
                    code: code.to_owned(),
                    offset: offset.saturating_sub(before.len()).min(code.len()),
                    message: message.clone(),
                };
                self.problem.replace(Some(problem));
                MdxSignal::Eof(message, Box::new("mdx".into()), Box::new("syntax".into()))
            }
        }
    }

    fn verdict(&self, code: &str) -> Result<(), (usize, String)> {
        if let Some(problem) = bounds::problem(code, self.bracket_depth) {
            return Err((0, problem));
        }
        let allocator = Allocator::default();
        let source_type = SourceType::mjs().with_jsx(true);
        let parsed = Parser::new(&allocator, code, source_type).parse();
        let error = parsed
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error);
        match error {
            None => Ok(()),
            Some(error) => {
                let offset = error.labels.first().map_or(0, |label| label.offset());
                Err((offset as usize, error.message.to_string()))
            }
        }
    }

    /// The error of the parser, at the code that is at fault where that is known.
    fn explain(&self, file: &str, source: &str, error: &message::Message) -> LoadError {
        if let Some(problem) = self.problem.take()
            && error.reason == problem.message
            && let Some(at) = source.find(&problem.code)
        {
            return error_at(file, source, at + problem.offset, problem.message);
        }
        let point = match error.place.as_deref() {
            Some(message::Place::Position(position)) => position.start.offset,
            Some(message::Place::Point(point)) => point.offset,
            None => 0,
        };
        error_at(file, source, point, error.reason.clone())
    }
}

/// Whether an expression holds nothing but space and comments: these stand for nothing.
fn is_blank(code: &str) -> bool {
    let code = code.trim();
    code.is_empty()
        || (code.starts_with("/*") && code.find("*/").is_some_and(|end| end + 2 == code.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_no_containers_and_quotes_are() {
        assert_eq!(container_depth("- - - - - - - -\n"), 1);
        assert_eq!(container_depth("> > - 1. text > > >"), 4);
        assert_eq!(container_depth("plain - > text"), 0);
    }
}
