//! One pass over a text: from triggers to the stretches that are secret.

use std::ops::Range;

use crate::class;
use crate::encoded;
use crate::entropy;
use crate::json::{self, Leaf, Strings};
use crate::marker;
use crate::name::{self, Kind};
use crate::provider::{self, FORMATS};
use crate::rule::Rule;
use crate::scope::Scope;
use crate::span::{By, Span};
use crate::trigger::{TRIGGERS, Trigger};
use crate::{assignment, auth, url};

/// Encodings around encodings that are seen through.
const DEPTH: u8 = 2;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Running text.
    Plain,
    /// A JSON document.
    Json,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In no order, and some may overlap.
    pub(crate) spans: Vec<Span>,
    /// Letters are hidden behind escapes: look again once they are written plainly.
    pub(crate) hides_letters: bool,
}

/// Finds secrets by their form and by the names next to them. `names` says whether names count.
pub(crate) fn find(text: &[u8], syntax: Syntax, names: bool) -> Found {
    Finder::new(text, syntax, names, 0).run()
}

/// Tells whether `text` holds a bearer or an action handle of this product, in whatever encoding.
pub fn holds_bearer(text: &str) -> bool {
    let found = find(text.as_bytes(), Syntax::Plain, false);
    let is_own = |span: &Span| matches!(span.rule, Rule::Bearer | Rule::ActionHandle);
    found.spans.iter().any(is_own)
}

struct Finder<'t> {
    text: &'t [u8],
    /// Present for JSON.
    strings: Option<Strings<'t>>,
    names: bool,
    /// How many encodings the text was taken out of.
    depth: u8,
    formats: [provider::Memo; FORMATS.len()],
    encoded: encoded::Memo,
    /// Names that begin before were looked at.
    names_end: usize,
    /// Members that begin before are inside one that was replaced whole.
    members_end: usize,
    /// The newest span that was found where a trigger stood.
    covered: Range<usize>,
    found: Found,
}

impl<'t> Finder<'t> {
    fn new(text: &'t [u8], syntax: Syntax, names: bool, depth: u8) -> Self {
        Self {
            text,
            strings: (syntax == Syntax::Json).then(|| Strings::new(text)),
            names,
            depth,
            formats: std::array::from_fn(|_| provider::Memo::default()),
            encoded: encoded::Memo::default(),
            names_end: 0,
            members_end: 0,
            covered: 0..0,
            found: Found::default(),
        }
    }

    fn run(mut self) -> Found {
        for hit in TRIGGERS.automaton.find_overlapping_iter(self.text) {
            let place = hit.start()..hit.end();
            let Some(trigger) = TRIGGERS.of(hit.pattern().as_usize(), &self.text[place.clone()])
            else {
                continue;
            };
            if !self.covered.contains(&place.start) {
                self.look(trigger, place);
            }
        }
        self.found
    }

    fn look(&mut self, trigger: Trigger, place: Range<usize>) {
        if trigger == Trigger::Name && !self.names {
            return;
        }
        let Some(scope) = self.scope(place.start) else {
            return;
        };
        match trigger {
            Trigger::Format(number) => {
                let format = &FORMATS[number];
                let secret = format.at(scope, place.start, &mut self.formats[number]);
                self.cover(secret, format.rule);
            }
            Trigger::Auth(scheme) => {
                self.add(auth::credentials(scope, &place, scheme), Rule::HttpAuth)
            }
            Trigger::Url(writing) => self.add(url::user(scope, place.end, writing), Rule::UrlUser),
            Trigger::Name => self.name(scope, &place),
            Trigger::Encoded(coding) => {
                let (depth, mut rule) = (self.depth + 1, None);
                let mut is_secret = |meaning: &[u8]| {
                    rule = certain(meaning, depth);
                    rule.is_some()
                };
                let word = coding.word(scope, place.start, &mut self.encoded, &mut is_secret);
                self.cover(word, rule.unwrap_or(Rule::Known));
            }
            Trigger::Escape => {
                let hides = scope.escaped && matches!(scope.get(place.end), Some(b'2'..=b'7'));
                self.found.hides_letters |= hides;
            }
        }
    }

    /// The part of the text that a secret at `place` would lie in; none between the strings of JSON.
    fn scope(&mut self, place: usize) -> Option<Scope<'t>> {
        match &mut self.strings {
            None => Some(Scope::plain(self.text)),
            Some(strings) => strings
                .around(place)
                .map(|inside| Scope::string(self.text, &inside)),
        }
    }

    /// Adds a secret that begins at or before its trigger: nothing inside is looked at again.
    fn cover(&mut self, secret: Option<Range<usize>>, rule: Rule) {
        if let Some(secret) = &secret {
            self.covered = secret.clone();
        }
        self.add(secret, rule);
    }

    fn add(&mut self, secret: Option<Range<usize>>, rule: Rule) {
        if let Some(Range { start, end }) = secret {
            self.found.spans.push(Span::new(start, end, rule));
        }
    }

    /// Looks at the name around a part of one, unless it was looked at because of another part.
    fn name(&mut self, scope: Scope<'t>, part: &Range<usize>) {
        if scope.escaped
            && let Some(value) = json::member_value(self.text, scope.end)
        {
            self.member(scope, value);
            let is_name_alone = !scope
                .from(scope.start)
                .iter()
                .any(|b| matches!(b, b'=' | b':' | b' ' | b'<'));
            if is_name_alone {
                return;
            }
        }
        if part.start < self.names_end {
            return;
        }
        let name = scope.run_start(part.start, class::name)..scope.run_end(part.end, class::name);
        self.names_end = name.end;
        let Some((name, kind)) = named(scope, name) else {
            return;
        };
        if let Some((value, by)) = assignment::value(scope, &name, kind) {
            // Names inside the value have nothing to add.
            self.names_end = value.end;
            let span = Span::new(value.start, value.end, Rule::Assignment);
            return self.found.spans.push(Span { by, ..span });
        }
        let spans = &mut self.found.spans;
        entropy::around(scope, &name, |word| {
            spans.push(Span::new(word.start, word.end, Rule::RandomWord));
        });
    }

    /// Replaces the value at `value` of the member whose name is `name`.
    fn member(&mut self, name: Scope<'t>, value: usize) {
        if value <= self.members_end {
            return;
        }
        self.members_end = value;
        let Some(kind) = name::kind_of(name.from(name.start)) else {
            return;
        };
        let text = self.text;
        let spans = &mut self.found.spans;
        let end = json::leaves(text, value, kind.is_deep, |leaf| {
            spans.extend(replaced(text, leaf, kind))
        });
        self.members_end = end.max(value);
    }
}

/// Returns how a simple value under the name of a secret is replaced; numbers only where they can be one.
fn replaced(text: &[u8], leaf: Leaf, kind: Kind) -> Option<Span> {
    match leaf {
        Leaf::Text(place) => {
            let is_marker = marker::length_at(text, place.start) == Some(place.len());
            let is_worth = !place.is_empty() && !is_marker;
            is_worth.then(|| Span::new(place.start, place.end, Rule::Member))
        }
        Leaf::Number(place) => {
            let is_worth = kind.takes_number && text[place.clone()] != *b"0";
            is_worth.then(|| Span {
                by: By::Zero,
                ..Span::new(place.start, place.end, Rule::Member)
            })
        }
    }
}

/// Returns the name of a secret at `name`, with the word next to it if it takes both: `api key`.
fn named(scope: Scope<'_>, name: Range<usize>) -> Option<(Range<usize>, Kind)> {
    let kind = |name: &Range<usize>| name::kind_of(&scope.text[name.clone()]);
    if let Some(kind) = kind(&name) {
        return Some((name, kind));
    }
    let text = &scope.text[name.clone()];
    let both = if text.eq_ignore_ascii_case(b"key") || text.eq_ignore_ascii_case(b"keys") {
        let blank = name
            .start
            .checked_sub(1)
            .filter(|at| scope.get(*at) == Some(b' '))?;
        scope.run_start(blank, class::alphanumeric)..name.end
    } else if text.eq_ignore_ascii_case(b"connection") && scope.get(name.end) == Some(b' ') {
        name.start..scope.run_end(name.end + 1, class::alphanumeric)
    } else {
        return None;
    };
    kind(&both).map(|kind| (both, kind))
}

/// Returns the first certain secret in what a word means.
fn certain(meaning: &[u8], depth: u8) -> Option<Rule> {
    if depth > DEPTH {
        return None;
    }
    let found = Finder::new(meaning, Syntax::Plain, false, depth).run();
    let mut rules = found.spans.iter().map(|span| span.rule);
    rules.find(|rule| rule.is_certain())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span;

    fn clean(text: &str, syntax: Syntax) -> String {
        let mut spans = find(text.as_bytes(), syntax, true).spans;
        if spans.is_empty() {
            return text.to_owned();
        }
        span::merge(&mut spans);
        span::replace(text, &spans)
    }

    #[test]
    fn members_are_replaced_and_the_shape_stays() {
        for (json, expected) in [
            (
                r#"{"password": "a\"b", "x": 1}"#,
                r#"{"password": "[REDACTED:member]", "x": 1}"#,
            ),
            (r#"{"pin":1234,"n":5}"#, r#"{"pin":0,"n":5}"#),
            (
                r#"{"tokens":120,"token":true,"secret":null}"#,
                r#"{"tokens":120,"token":true,"secret":null}"#,
            ),
            (
                r#"{"cookies":["a",{"b":"c"}]}"#,
                r#"{"cookies":["[REDACTED:member]",{"b":"[REDACTED:member]"}]}"#,
            ),
            (r#"{"session":{"id":"a"}}"#, r#"{"session":{"id":"a"}}"#),
            (
                r#"{"secrets":{"a":"b","c":["d",1]}}"#,
                r#"{"secrets":{"a":"[REDACTED:member]","c":["[REDACTED:member]",1]}}"#,
            ),
            (
                r#"{"tokenId":"7c1c9f295d8453f7"}"#,
                r#"{"tokenId":"7c1c9f295d8453f7"}"#,
            ),
            (r#"["password"]"#, r#"["password"]"#),
            (
                r#"{"note":"the password: hunter2\nnext"}"#,
                r#"{"note":"the password: [REDACTED:assignment]\nnext"}"#,
            ),
            (
                r#"{"note":"{\"password\":\"hunter2\"}"}"#,
                r#"{"note":"{\"password\":\"[REDACTED:assignment]\"}"}"#,
            ),
        ] {
            assert_eq!(clean(json, Syntax::Json), expected);
        }
    }

    #[test]
    fn names_of_two_words_are_names() {
        assert_eq!(
            clean("my API key: abc-1", Syntax::Plain),
            "my API key: [REDACTED:assignment]"
        );
        assert_eq!(
            clean("Connection string: Server=x", Syntax::Plain),
            "Connection string: [REDACTED:assignment]"
        );
        assert_eq!(
            clean("the monkey key: abc", Syntax::Plain),
            "the monkey key: abc"
        );
    }

    #[test]
    fn an_encoded_secret_is_replaced_as_a_word() {
        use base64::Engine as _;
        let secret = format!("ghp_{}", "q7Xb2LpV9tZr4KwM8nYc".repeat(2));
        for before in ["", "a", "ab"] {
            let word = base64::prelude::BASE64_STANDARD.encode(format!("{before}{secret}"));
            let text = format!("x {word} y");
            assert_eq!(clean(&text, Syntax::Plain), "x [REDACTED:github] y");
        }
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            clean(&format!("x={hex}"), Syntax::Plain),
            "x=[REDACTED:github]"
        );
    }
}
