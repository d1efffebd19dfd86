//! Finds one's way in the text of a JSON document without parsing it into values. Text that is no JSON is gone
//! through without harm.

use std::ops::Range;

/// Goes through the strings of a document, forwards only.
#[derive(Clone, Debug)]
pub(crate) struct Strings<'t> {
    text: &'t [u8],
    /// Everything before is known not to be inside a string that was not returned.
    at: usize,
    current: Option<Range<usize>>,
}

impl<'t> Strings<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            at: 0,
            current: None,
        }
    }

    /// Returns the inside of the next string.
    pub(crate) fn next(&mut self) -> Option<Range<usize>> {
        let Some(found) = memchr::memchr(b'"', self.text.get(self.at..)?) else {
            self.at = self.text.len() + 1;
            self.current = None;
            return None;
        };
        let start = self.at + found + 1;
        let inside = start..string_end(self.text, start);
        self.at = inside.end + 1;
        self.current = Some(inside.clone());
        Some(inside)
    }

    /// Returns the newest string that was found: the one at or behind the last place asked for.
    pub(crate) fn current(&self) -> Option<Range<usize>> {
        self.current.clone()
    }

    /// Returns the string around the byte at `place`, which must not lie before an earlier place's string.
    pub(crate) fn around(&mut self, place: usize) -> Option<Range<usize>> {
        while self.at <= place {
            self.next()?;
        }
        self.current
            .clone()
            .filter(|inside| inside.contains(&place))
    }
}

/// Returns where the string ends whose inside begins at `start`: at its closing quote, or with the text.
pub(crate) fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}

/// Returns where the first byte is that is no white space.
fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Returns where the value of a member begins if the string that closes at `end` is the name of one.
pub(crate) fn member_value(text: &[u8], end: usize) -> Option<usize> {
    let colon = skip_space(text, end + 1);
    (text.get(colon) == Some(&b':')).then(|| skip_space(text, colon + 1))
}

/// A simple value with its place; strings without their quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    Text(Range<usize>),
    Number(Range<usize>),
}

/// Returns the number at `at`.
pub(crate) fn number(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |b: &&u8| b.is_ascii_digit() || matches!(**b, b'-' | b'+' | b'.' | b'e' | b'E');
    let length = text.get(at..)?.iter().take_while(is_part).count();
    let begins = |b: &u8| b.is_ascii_digit() || *b == b'-';
    (length > 0 && begins(&text[at])).then(|| at..at + length)
}

/// Calls `found` with the texts and numbers of the value at `start`: with itself if it is simple, with the texts
/// of a list, and with everything inside, however deep, if `is_deep`. Returns where it ended.
pub(crate) fn leaves(
    text: &[u8],
    start: usize,
    is_deep: bool,
    mut found: impl FnMut(Leaf),
) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let inside = at + 1..string_end(text, at + 1);
                at = inside.end;
                if member_value(text, inside.end).is_none() {
                    found(Leaf::Text(inside));
                }
            }
            b'{' if !is_deep => return at,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                if let Some(number) = number(text, at) {
                    at = number.end - 1;
                    found(Leaf::Number(number));
                }
            }
            _ => {}
        }
        at += 1;
        let is_simple = depth == 0 && !matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        if is_simple {
            break;
        }
    }
    at
}

/// Writes escaped letters, digits and marks as they are, so that nothing hides behind an escape. `None` when
/// nothing is escaped without need.
pub(crate) fn plain_escapes(json: &str) -> Option<String> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    let bytes = json.as_bytes();
    while let Some(found) = memchr::memchr(b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if let Some(letter) = needless(&bytes[at..]) {
            let out = out.get_or_insert_default();
            out.push_str(&json[copied..at]);
            out.push(char::from(letter));
            at += 6;
            copied = at;
        } else {
            at += 2;
        }
    }
    out.map(|mut out| {
        out.push_str(&json[copied..]);
        out
    })
}

/// Returns the character that `\u00XX` at the beginning of `escape` stands for, if it could stand there itself.
fn needless(escape: &[u8]) -> Option<u8> {
    let digits = escape.get(..6)?.strip_prefix(b"\\u00")?;
    let code = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (code.is_ascii_graphic() && code != b'"' && code != b'\\').then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_around_places_with_escaped_quotes_inside() {
        let text = br#"{"a": "x\"y", "b\\": 1}"#;
        let mut strings = Strings::new(text);
        assert_eq!(strings.around(2), Some(2..3));
        assert_eq!(strings.around(9), Some(7..11));
        assert_eq!(strings.around(12), None);
        assert_eq!(strings.around(16), Some(15..18));
        assert_eq!(member_value(text, 18), Some(21));
        assert_eq!(member_value(text, 11), None);
    }

    #[test]
    fn leaves_of_a_value_are_told() {
        let list = |text: &str, is_deep| {
            let mut list = Vec::new();
            leaves(text.as_bytes(), 0, is_deep, |leaf| {
                list.push(match leaf {
                    Leaf::Text(place) | Leaf::Number(place) => text[place].to_owned(),
                });
            });
            list
        };
        assert_eq!(list(r#""a", "b""#, false), ["a"]);
        assert_eq!(list("-12.5e3, 4", false), ["-12.5e3"]);
        assert_eq!(list(r#"["a", 1, ["b"]], "c""#, false), ["a", "1", "b"]);
        assert!(list(r#"{"a": "b"}"#, false).is_empty());
        assert_eq!(list(r#"{"a": "b", "c": ["d"]}, "e""#, true), ["b", "d"]);
        assert!(list("true, 1", false).is_empty());
    }

    #[test]
    fn needless_escapes_are_written_plainly_and_others_stay() {
        let hidden = r#"{"\u0061b": "\\u0061 \u000a \u0022 \u00e9 \u002D"}"#;
        let plain = r#"{"ab": "\\u0061 \u000a \u0022 \u00e9 -"}"#;
        assert_eq!(plain_escapes(hidden).as_deref(), Some(plain));
        assert_eq!(plain_escapes(plain), None);
    }
}
