//! The ways in which software writes a text.

use std::fmt::Write as _;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text as some software writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The name of the encoding.
    pub encoding: &'static str,
    /// The text in it.
    pub text: String,
}

/// Returns `text` in every encoding: as it is, in base64 at each place of a group and in both alphabets, in
/// hexadecimal digits, percent-encoded, and escaped as in JSON once, twice and in XML.
pub fn writings(text: &str) -> Vec<Writing> {
    let once = json(text);
    let twice = json(&once);
    let hex = text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    let of = |encoding, text| Writing { encoding, text };
    vec![
        of("plain", text.to_owned()),
        of("base64", base64(text, STANDARD)),
        of(
            "base64 behind 1 byte",
            base64(&format!(":{text}"), STANDARD),
        ),
        of(
            "base64 behind 2 bytes",
            base64(&format!("u:{text}"), STANDARD),
        ),
        of(
            "base64 between others",
            base64(&format!("user:{text}\n"), STANDARD),
        ),
        of("base64url", base64(text, URL_SAFE)),
        of(
            "base64url behind 1 byte",
            base64(&format!(":{text}"), URL_SAFE),
        ),
        of(
            "base64url behind 2 bytes",
            base64(&format!("u:{text}"), URL_SAFE),
        ),
        of("hex", hex.clone()),
        of("HEX", hex.to_uppercase()),
        of("percent", percent(text, "-_.~")),
        of("percent, small", with_small_digits(&percent(text, "-_.~"))),
        of("percent, as browsers", percent(text, "-_.!~*'()")),
        of("JSON", once),
        of("JSON in JSON", twice),
        of("XML", xml(text)),
    ]
}

fn base64(text: &str, alphabet: &[u8; 64]) -> String {
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let at = |n: usize| u32::from(group.get(n).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            if place <= group.len() {
                let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
                out.push(char::from(alphabet[index]));
            } else if alphabet == STANDARD {
                out.push('=');
            }
        }
    }
    out
}

fn percent(text: &str, kept: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Writes the two digits behind each percent sign in small letters.
fn with_small_digits(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let (digits, rest) = part.split_at(2.min(part.len()));
        out + "%" + &digits.to_lowercase() + rest
    })
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text is serialised");
    quoted[1..quoted.len() - 1].to_owned()
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_what_their_names_say() {
        let writings = writings("a\"b?");
        let text = |encoding: &str| {
            let found = writings.iter().find(|writing| writing.encoding == encoding);
            found.unwrap().text.as_str()
        };
        assert_eq!(text("base64"), "YSJiPw==");
        assert_eq!(text("base64url behind 1 byte"), "OmEiYj8");
        assert_eq!(text("hex"), "6122623f");
        assert_eq!(text("percent"), "a%22b%3F");
        assert_eq!(text("percent, small"), "a%22b%3f");
        assert_eq!(text("JSON in JSON"), r#"a\\\"b?"#);
        assert_eq!(text("XML"), "a&quot;b?");
    }
}
