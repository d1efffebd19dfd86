//! Bounds that hold before a parser sees a file: the parser recurses, and absurd nesting ends the process.

/// Returns the deepest nesting of brackets in `source`, counting no further than `limit + 1`.
///
/// Strings, template texts and comments are left out. Regular expressions are read as code, so the
/// count is a bound for real programs, not a parse.
pub(crate) fn bracket_depth(source: &str, limit: usize) -> usize {
    let bytes = source.as_bytes();
    let mut scan = Scan::default();
    let mut at = 0;
    while at < bytes.len() && scan.deepest <= limit {
        at += scan.step(&bytes[at..]);
    }
    scan.deepest
}

#[derive(Default)]
struct Scan {
    depth: usize,
    deepest: usize,
    /// Bracket depths at which a `}` leads back into a template text.
    templates: Vec<usize>,
}

impl Scan {
    /// Takes one lexical unit from the front of `rest` and returns its length in bytes.
    fn step(&mut self, rest: &[u8]) -> usize {
        match rest {
            [b'\\', ..] => 2,
            [b'/', b'/', ..] => until(rest, 2, b"\n"),
            [b'/', b'*', ..] => until(rest, 2, b"*/"),
            [quote @ (b'"' | b'\''), ..] => string_length(rest, *quote),
            [b'`', ..] => self.template_text(rest),
            [b'(' | b'[' | b'{', ..] => {
                self.open();
                1
            }
            [b'}', ..] => {
                self.depth = self.depth.saturating_sub(1);
                if self.templates.last() == Some(&self.depth) {
                    self.templates.pop();
                    return self.template_text(rest);
                }
                1
            }
            [b')' | b']', ..] => {
                self.depth = self.depth.saturating_sub(1);
                1
            }
            _ => 1,
        }
    }

    fn open(&mut self) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Passes over a template text up to its end or its next `${`.
    fn template_text(&mut self, rest: &[u8]) -> usize {
        let mut at = 1;
        while at < rest.len() {
            match &rest[at..] {
                [b'\\', ..] => at += 2,
                [b'`', ..] => return at + 1,
                [b'$', b'{', ..] => {
                    self.templates.push(self.depth);
                    self.open();
                    return at + 2;
                }
                _ => at += 1,
            }
        }
        at
    }
}

/// Length of a string literal; an unclosed one ends with its line.
fn string_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Length up to and including `end`, searched from `from`.
fn until(rest: &[u8], from: usize, end: &[u8]) -> usize {
    rest[from..]
        .windows(end.len())
        .position(|window| window == end)
        .map_or(rest.len(), |found| from + found + end.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn depth(source: &str) -> usize {
        bracket_depth(source, 1_000)
    }

    #[test]
    fn nesting_is_counted_and_siblings_are_not() {
        assert_eq!(depth("f([{a: (1)}]); g(); h()"), 4);
    }

    #[test]
    fn strings_and_comments_do_not_count() {
        assert_eq!(
            depth("'(((' + \"[[[\" // {{{\n /* ((( */ + `((${ (1) }((`"),
            2
        );
    }

    #[test]
    fn an_apostrophe_in_jsx_text_ends_with_its_line() {
        assert_eq!(depth("<a>don't</a>\n((1))"), 2);
    }

    #[test]
    fn counting_stops_behind_the_limit() {
        assert_eq!(bracket_depth(&"(".repeat(100_000), 10), 11);
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "\\PC*") {
            prop_assert!(depth(&text) <= text.len());
        }
    }
}
