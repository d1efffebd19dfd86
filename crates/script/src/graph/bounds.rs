//! Bounds that hold before a parser sees a file: parser and transforms recurse, and absurd nesting ends the process.
//!
//! The scan knows no grammar. It counts what may nest: brackets, tags, and in between the words and
//! operators that no end of a statement, comma or line interrupts, since `!!!a`, `a + b + c` and
//! `if (a) if (b)` nest without brackets. Regular expressions are read as code.

/// Most words and operators without a break, over all open brackets. Some checks of the parser take the square of it.
const LONGEST_CHAIN: usize = 5_000;

/// Deepest nesting of tags. An apostrophe in a text hides the rest of its line, so the count drifts.
const DEEPEST_TAGS: isize = 2_000;

/// Says why `source` must not be parsed, if so.
pub(crate) fn problem(source: &str, deepest_brackets: usize) -> Option<String> {
    let bytes = source.as_bytes();
    let mut scan = Scan::default();
    let mut at = 0;
    while at < bytes.len() {
        at += scan.step(&bytes[at..]);
        if scan.levels.len() > deepest_brackets {
            return Some(format!(
                "brackets are nested deeper than {deepest_brackets}"
            ));
        }
        if scan.chain > LONGEST_CHAIN {
            return Some(format!(
                "an expression or statement has more than {LONGEST_CHAIN} parts"
            ));
        }
        if scan.tags > DEEPEST_TAGS {
            return Some(format!("tags are nested deeper than {DEEPEST_TAGS}"));
        }
    }
    None
}

#[derive(Default)]
struct Scan {
    /// For each open bracket the length of the chain that it interrupts.
    levels: Vec<usize>,
    /// Length of the chain under way, with those it is nested in.
    chain: usize,
    /// The part of `chain` that belongs to outer brackets.
    outer: usize,
    tags: isize,
    /// Bracket depths at which a `}` leads back into a template text.
    templates: Vec<usize>,
    end: End,
    /// The last byte that was no space; `+` for a word that is an operator.
    last: u8,
    /// Bracket depth of an `if (…)` or its like that is being read.
    head: Option<usize>,
    /// Whether the head of a statement was the last unit: the statement follows.
    after_head: bool,
    at_line_start: bool,
}

/// Whether the chain has come to an end, unless what follows shows that it goes on.
#[derive(Clone, Copy, Default, PartialEq)]
enum End {
    #[default]
    No,
    /// At a line end or a `}`: an operator goes on.
    Maybe,
    /// At a `;` or `,`: only `else` goes on.
    Yes,
}

impl Scan {
    /// Takes one lexical unit from the front of `rest` and returns its length in bytes.
    fn step(&mut self, rest: &[u8]) -> usize {
        match rest {
            [b'\n', ..] => self.line_end(),
            [byte, ..] if byte.is_ascii_whitespace() => 1,
            [b'/', b'/', ..] => until(rest, 2, b"\n") - 1,
            [b'/', b'*', ..] => until(rest, 2, b"*/"),
            _ => {
                self.after_head = false;
                let length = self.unit(rest).min(rest.len());
                self.last = match &rest[..length] {
                    word if is_operator(word) => b'+',
                    unit => unit[length - 1],
                };
                self.at_line_start = false;
                length
            }
        }
    }

    fn unit(&mut self, rest: &[u8]) -> usize {
        match rest {
            [b'\\', ..] => 2,
            [quote @ (b'"' | b'\''), ..] => {
                self.count(false);
                string_length(rest, *quote)
            }
            [b'`', ..] => {
                self.count(true);
                self.template_text(rest)
            }
            [b'(' | b'[' | b'{', ..] => {
                self.count(rest[0] != b'{');
                self.open();
                1
            }
            [b'}', ..] => self.close_brace(rest),
            [b')' | b']', ..] => {
                self.close();
                1
            }
            [b';' | b',', ..] => {
                self.end = End::Yes;
                1
            }
            [b'<', ..] => self.tag_or_less(rest),
            [b'/', b'>', ..] => {
                self.tags = (self.tags - 1).max(0);
                self.count(true);
                2
            }
            [byte, ..] if is_word(*byte) => self.word(rest),
            _ => {
                self.count(true);
                1
            }
        }
    }

    /// Counts a unit; an operator goes on with the chain before it.
    fn count(&mut self, goes_on: bool) {
        match self.end {
            End::Yes => self.chain = self.outer,
            End::Maybe if !goes_on => self.chain = self.outer,
            End::Maybe | End::No => {}
        }
        self.end = End::No;
        self.chain += 1;
    }

    fn word(&mut self, rest: &[u8]) -> usize {
        let length = rest.iter().take_while(|byte| is_word(**byte)).count();
        let word = &rest[..length];
        match word {
            b"if" | b"for" | b"while" | b"with" => self.head = Some(self.levels.len()),
            b"else" => self.end = End::No,
            _ => {}
        }
        self.count(is_infix(word));
        length
    }

    fn line_end(&mut self) -> usize {
        let complete =
            is_word(self.last) || matches!(self.last, b'"' | b'\'' | b'`' | b')' | b']' | b'>');
        if complete && !self.after_head && self.end == End::No {
            self.end = End::Maybe;
        }
        self.at_line_start = true;
        1
    }

    fn open(&mut self) {
        self.levels.push(self.outer);
        self.outer = self.chain;
    }

    fn close(&mut self) {
        if let Some(outer) = self.levels.pop() {
            self.chain = self.outer;
            self.outer = outer;
        }
        self.end = End::No;
        self.after_head = self.head == Some(self.levels.len());
        self.head = self.head.filter(|_| !self.after_head);
    }

    fn close_brace(&mut self, rest: &[u8]) -> usize {
        self.close();
        if self.templates.last() == Some(&self.levels.len()) {
            self.templates.pop();
            return self.template_text(rest);
        }
        self.end = End::Maybe;
        1
    }

    /// A tag opens where no value stands before it.
    fn tag_or_less(&mut self, rest: &[u8]) -> usize {
        let next = rest.get(1).copied().unwrap_or(b' ');
        let names = is_word(next) || next == b'>';
        let opens = names && (self.at_line_start || !is_word(self.last));
        if next == b'/' {
            self.tags = (self.tags - 1).max(0);
        } else if opens {
            self.tags += 1;
        }
        self.count(!self.at_line_start || !(names || next == b'/'));
        1
    }

    /// Passes over a template text up to its end or its next `${`.
    fn template_text(&mut self, rest: &[u8]) -> usize {
        let mut at = 1;
        while at < rest.len() {
            match &rest[at..] {
                [b'\\', ..] => at += 2,
                [b'`', ..] => return at + 1,
                [b'$', b'{', ..] => {
                    self.templates.push(self.levels.len());
                    self.open();
                    return at + 2;
                }
                _ => at += 1,
            }
        }
        rest.len()
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'@' | 0x80..)
}

/// Words that go on with what stands before them.
fn is_infix(word: &[u8]) -> bool {
    matches!(
        word,
        b"in" | b"instanceof" | b"as" | b"satisfies" | b"extends"
    )
}

/// Words after which something must follow.
fn is_operator(word: &[u8]) -> bool {
    is_infix(word)
        || matches!(
            word,
            b"typeof"
                | b"void"
                | b"delete"
                | b"new"
                | b"await"
                | b"yield"
                | b"keyof"
                | b"return"
                | b"default"
                | b"case"
                | b"else"
                | b"do"
        )
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
    rest.len()
}

/// Length up to and including `end`, searched from `from`.
fn until(rest: &[u8], from: usize, end: &[u8]) -> usize {
    rest[from..]
        .windows(end.len())
        .position(|window| window == end)
        .map_or(rest.len() + usize::from(end == b"\n"), |found| {
            from + found + end.len()
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn brackets(source: &str, limit: usize) -> bool {
        problem(source, limit).is_some()
    }

    #[test]
    fn nesting_is_counted_and_siblings_are_not() {
        let source = "f([{a: (1)}]); g(); h()";
        assert!(brackets(source, 3) && !brackets(source, 4));
    }

    #[test]
    fn strings_and_comments_do_not_count() {
        let source = "'(((' + \"[[[\" // {{{\n /* ((( */ + `((${ (1) }((`";
        assert!(brackets(source, 1) && !brackets(source, 2));
    }

    #[test]
    fn an_apostrophe_in_jsx_text_ends_with_its_line() {
        assert!(brackets("<a>don't</a>\n((1))", 1));
    }

    #[test]
    fn what_nests_without_brackets_is_refused() {
        let many = |part: &str| part.repeat(LONGEST_CHAIN + 1);
        for part in [
            "!",
            "a+",
            "a=>",
            "a?b:",
            "if(a)",
            "if(a)\n",
            "if(a);else ",
            "if(a){}else ",
            "a:",
            "new ",
            "a.",
            "()",
            "[0]",
            "``",
            "A<",
            "else\n",
            "{}+",
            "a +\n",
            "a\n.b",
            "x instanceof\n",
            "(!",
            "for(;;)",
            "for(;;)\n",
            "while(1)",
            "typeof ",
            "await ",
            "T extends U?",
            "<a>,",
        ] {
            assert!(problem(&many(part), usize::MAX).is_some(), "{part}");
        }
    }

    #[test]
    fn long_programs_are_accepted() {
        for line in [
            "f(a)\n",
            "a = 1;",
            "f(a, b),",
            "if (a) { b } \n",
            "const a = b\n",
            "x\n",
            "function f() {}\n",
            "<a>text it is</a>\n",
            "<a b={1}/>\n",
            "let a: Array<Map<string, T<U>>> = f<A>(1);\n",
            "\"text\",",
            "if (a) b()\n",
            "/* c */",
            "a.b.c()\n",
        ] {
            let source = line.repeat(LONGEST_CHAIN + 1);
            assert_eq!(problem(&source, 512), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "\\PC*") {
            prop_assert!(problem(&text, text.len()).is_none() || text.len() > DEEPEST_TAGS as usize);
        }
    }
}
