//! What follows the words Bearer and Basic.

use std::ops::Range;

use crate::class;
use crate::encodings;
use crate::scope::Scope;

/// A word that names a scheme of HTTP authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Basic,
}

/// Shortest credentials.
const SHORTEST: usize = 8;
/// From here on a word is no ordinary word.
const LONG: usize = 20;
/// How the word and the credentials can be kept apart.
const BLANKS: [&[u8]; 3] = [b" ", b"%20", b"+"];

/// Returns the credentials behind the word at `word`.
pub(crate) fn credentials(
    scope: Scope<'_>,
    word: &Range<usize>,
    scheme: Scheme,
) -> Option<Range<usize>> {
    if !scope.starts_word(word.start) {
        return None;
    }
    let rest = scope.from(word.end);
    let blank = BLANKS.iter().find(|blank| rest.starts_with(blank))?;
    let start = word.end + blank.len();
    let end = scope.run_end(start, is_part);
    let text = &scope.text[start..end];
    let is_secret = text.len() >= SHORTEST
        && match scheme {
            Scheme::Bearer => text.len() >= LONG || class::has_digit(text),
            Scheme::Basic => encodings::from_base64(text).contains(&b':'),
        };
    is_secret.then_some(start..end)
}

fn is_part(b: u8) -> bool {
    class::base64(b) || matches!(b, b'.' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let lower = text.to_ascii_lowercase();
        let (start, scheme) = lower
            .find("bearer")
            .map(|at| (at, Scheme::Bearer))
            .or_else(|| lower.find("basic").map(|at| (at, Scheme::Basic)))
            .unwrap();
        let length = if scheme == Scheme::Bearer { 6 } else { 5 };
        let scope = Scope::plain(text.as_bytes());
        credentials(scope, &(start..start + length), scheme).map(|found| &text[found])
    }

    #[test]
    fn credentials_are_found_behind_the_name_of_their_scheme() {
        assert_eq!(found("sent Bearer abc12345, twice"), Some("abc12345"));
        assert_eq!(found("bearer%20mF_9.B5f-4.1JqM"), Some("mF_9.B5f-4.1JqM"));
        assert_eq!(found("Basic Ym9iOmh1bnRlcjI="), Some("Ym9iOmh1bnRlcjI="));
    }

    #[test]
    fn the_words_occur_in_prose_too() {
        for text in [
            "the bearer token of the request",
            "Bearer authentication",
            "basic programming is fun",
            "Basic [REDACTED:http-auth]",
            "forbearer abc12345",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
