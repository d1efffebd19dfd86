//! Stack traces in the author's terms: positions mapped, frames of the host left out.

use smithers_model::error::ErrorInfo;
use smithers_model::workflow::ModuleRevision;

use super::ModuleGraph;
use crate::error::Place;

/// A line of an engine's stack trace: `    at name (file:line:column)`.
struct Frame<'a> {
    function: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
}

impl ModuleGraph {
    /// Rewrites `stack` to positions of the sources. Lines that name no file of the graph go.
    pub(crate) fn map_stack(&self, stack: &str) -> String {
        let frames = self.user_frames(stack).map(|(function, place)| {
            let Place {
                file, line, column, ..
            } = place;
            if function.is_empty() {
                format!("    at {file}:{line}:{column}")
            } else {
                format!("    at {function} ({file}:{line}:{column})")
            }
        });
        frames.collect::<Vec<_>>().join("\n")
    }

    /// Returns the innermost place of `stack` in a file of the graph.
    pub(crate) fn first_place(&self, stack: &str) -> Option<Place> {
        self.user_frames(stack).next().map(|(_, place)| place)
    }

    fn user_frames<'a>(&'a self, stack: &'a str) -> impl Iterator<Item = (&'a str, Place)> {
        stack.lines().filter_map(|line| {
            let frame = parse(line)?;
            Some((
                frame.function,
                self.place(frame.file, frame.line, frame.column)?,
            ))
        })
    }
}

/// Returns the innermost place in the sources of `revision` that `error` or what led to it came from.
/// Stacks are those of errors as sessions return them.
pub fn place_of(error: &ErrorInfo, revision: &ModuleRevision) -> Option<Place> {
    let deeper = error.cause.as_deref();
    if let Some(place) = deeper.and_then(|cause| place_of(cause, revision)) {
        return Some(place);
    }
    error.stack.as_deref()?.lines().find_map(|line| {
        let frame = parse(line)?;
        let (name, source) = revision.files.iter().find(|(name, _)| name == frame.file)?;
        Some(Place::new(name, source, frame.line, frame.column))
    })
}

fn parse(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim().strip_prefix("at ")?;
    let (function, position) = match rest
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
    {
        Some((function, position)) => (function, position),
        None => ("", rest),
    };
    let (rest, column) = position.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let function = if function == "<anonymous>" {
        ""
    } else {
        function
    };
    Some(Frame {
        function,
        file,
        line: line.parse().ok()?,
        column: column.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_stack_line_are_read() {
        let named = parse("    at f (a b.tsx:3:4)").unwrap();
        assert_eq!(
            (named.function, named.file, named.line, named.column),
            ("f", "a b.tsx", 3, 4)
        );
        let bare = parse("    at a.tsx:3:4").unwrap();
        assert_eq!((bare.function, bare.file), ("", "a.tsx"));
        assert!(parse("    at map (native)").is_none());
    }
}
