//! The bound on what is looked at: longer texts are cut, and say so.

use crate::json::Strings;
use crate::marker;

/// Longest text, and longest string inside JSON, that is kept; bytes.
pub const INPUT_CAP: usize = 1024 * 1024;

/// What is written where a text was cut. It begins a line, so that nothing in front of it goes on in it.
fn note(line_break: &str) -> String {
    format!("{line_break}[truncated: longer than {INPUT_CAP} bytes]")
}

/// Cuts a text in which secrets are replaced already, if it is too long. `was_cut` says that its end is missing.
pub(crate) fn text(text: String, was_cut: bool) -> String {
    if !was_cut && text.len() <= INPUT_CAP {
        return text;
    }
    let note = note("\n");
    let end = whole(
        text.as_bytes(),
        text.floor_char_boundary(INPUT_CAP - note.len()),
    );
    let mut text = text;
    text.truncate(end);
    text + &note
}

/// Cuts the strings of a document that are too long. `None` when there is none.
pub(crate) fn json(json: &str) -> Option<String> {
    if json.len() <= INPUT_CAP {
        return None;
    }
    let bytes = json.as_bytes();
    let note = note("\\n");
    let mut out = String::new();
    let mut copied = 0;
    let mut strings = Strings::new(bytes);
    while let Some(inside) = strings.next() {
        if inside.len() > INPUT_CAP {
            let limit = json.floor_char_boundary(inside.start + INPUT_CAP - note.len());
            let end = whole(bytes, unescaped(bytes, inside.start, limit));
            out.push_str(&json[copied..end]);
            out.push_str(&note);
            copied = inside.end;
        }
    }
    (copied > 0).then(|| out + &json[copied..])
}

/// The last place up to `end` that is not inside a marker.
fn whole(text: &[u8], end: usize) -> usize {
    let earliest = end.saturating_sub("[REDACTED:]".len() + marker::LONGEST_WORD);
    let start = memchr::memrchr(b'[', &text[earliest..end.min(text.len())]).map(|at| earliest + at);
    match start.and_then(|start| Some((start, marker::length_at(text, start)?))) {
        Some((start, length)) if start + length > end => start,
        _ => end,
    }
}

/// The last place up to `limit` that is not inside an escape, nor between the halves of a pair.
fn unescaped(text: &[u8], start: usize, limit: usize) -> usize {
    let mut at = start;
    while at < limit {
        let length = match text[at..] {
            [
                b'\\',
                b'u',
                b'd' | b'D',
                b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B',
                ..,
            ] => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => 1,
        };
        if at + length > limit {
            break;
        }
        at += length;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_markers_and_says_so() {
        let long = "ä[REDACTED:github]".repeat(INPUT_CAP / 10);
        let cut = text(long, false);
        assert!(cut.len() <= INPUT_CAP && cut.len() > INPUT_CAP - 100);
        let end = cut.rfind('\n').unwrap();
        assert!(cut[..end].ends_with(['ä', ']']), "{}", &cut[end - 40..]);
        assert_eq!(text(cut.clone(), false), cut);
    }

    #[test]
    fn long_strings_of_a_document_are_cut_between_escapes() {
        let pair = "\\ud83d\\ude00".repeat(INPUT_CAP / 10);
        let document = format!(r#"{{"a":"{pair}","b":"short"}}"#);
        let cut = json(&document).unwrap();
        let value: serde_json::Value = serde_json::from_str(&cut).unwrap();
        assert_eq!(value["b"], "short");
        assert!(value["a"].as_str().unwrap().ends_with("bytes]"));
        assert_eq!(json(&cut), None);
    }
}
