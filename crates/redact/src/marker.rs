//! The marker that stands where a secret was: `[REDACTED:<rule>]`.

use crate::rule::Rule;

const OPEN: &[u8] = b"[REDACTED:";
/// Longest word of a rule.
pub(crate) const LONGEST_WORD: usize = 20;

/// Appends the marker of `rule`.
pub(crate) fn push(out: &mut String, rule: Rule) {
    out.push_str("[REDACTED:");
    out.push_str(rule.as_str());
    out.push(']');
}

/// Returns the length of the marker that begins at `at`, if one does.
pub(crate) fn length_at(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix(OPEN)?;
    let is_word = |b: &&u8| b.is_ascii_lowercase() || **b == b'-';
    let word = rest.iter().take(LONGEST_WORD).take_while(is_word).count();
    let is_closed = word > 0 && rest.get(word) == Some(&b']');
    is_closed.then_some(OPEN.len() + word + 1)
}

/// Returns where the marker begins that ends before `end`, if one does.
pub(crate) fn start_before(text: &[u8], end: usize) -> Option<usize> {
    let earliest = end.saturating_sub(OPEN.len() + LONGEST_WORD + 1);
    let start = earliest + memchr::memrchr(b'[', &text[earliest..end])?;
    (start + length_at(text, start)? == end).then_some(start)
}

/// Tells whether `text` is one marker and nothing else.
pub fn is_marker(text: &str) -> bool {
    length_at(text.as_bytes(), 0) == Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_recognised_from_both_ends() {
        let mut text = String::from("a ");
        push(&mut text, Rule::HuggingFace);
        assert_eq!(text, "a [REDACTED:hugging-face]");
        assert_eq!(length_at(text.as_bytes(), 2), Some(text.len() - 2));
        assert_eq!(start_before(text.as_bytes(), text.len()), Some(2));
        assert!(is_marker(&text[2..]));
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        for text in [
            "[REDACTED:]",
            "[REDACTED:x",
            "[REDACTED:X9]",
            "[redacted]",
            "[REDACTED:x] y",
            "",
        ] {
            assert!(!is_marker(text), "{text}");
        }
    }
}
