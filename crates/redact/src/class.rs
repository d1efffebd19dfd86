//! Classes of bytes that words of a kind are made of.

/// A set of bytes.
pub(crate) type Class = fn(u8) -> bool;

/// Letters, digits, hyphen and underscore: URL-safe base64.
pub(crate) fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

/// As [`word`], and dots.
pub(crate) fn dotted(b: u8) -> bool {
    word(b) || b == b'.'
}

/// Letters and digits.
pub(crate) fn alphanumeric(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

/// Letters, digits and underscore.
pub(crate) fn identifier(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Capitals and digits.
pub(crate) fn capital(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

/// Both alphabets of base64, with padding.
pub(crate) fn base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// Hexadecimal digits.
pub(crate) fn hex(b: u8) -> bool {
    b.is_ascii_hexdigit()
}

/// What names of members and variables are made of.
pub(crate) fn name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'$')
}

/// What a letter or digit is; words change the kind seldom, random text at two of three characters.
fn kind(b: u8) -> u8 {
    match b {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    }
}

/// Counts how often the kind of character changes; what is no letter or digit does not count.
pub(crate) fn changes(text: &[u8]) -> usize {
    let kinds: Vec<u8> = text
        .iter()
        .map(|b| kind(*b))
        .filter(|kind| *kind != 0)
        .collect();
    kinds.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Counts the words of `camelCase2`, and how many of them are numbers. A capital begins a word, unless capitals
/// stand in front of it.
pub(crate) fn words(text: &[u8]) -> (usize, usize) {
    let (mut last, mut words, mut numbers) = (0, 0, 0);
    for kind in text.iter().map(|b| kind(*b)) {
        let goes_on = kind == last || (last == 2 && kind == 1);
        words += usize::from(kind != 0 && !goes_on);
        numbers += usize::from(kind == 3 && !goes_on);
        last = kind;
    }
    (words, numbers)
}

/// Tells whether `text` holds a digit.
pub(crate) fn has_digit(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
}
