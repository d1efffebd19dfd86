//! The ways in which a secret can be written, and back.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// A writing of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Writing {
    pub(crate) text: Vec<u8>,
    /// What the characters around it may belong to: when a part of the secret shares a character with what
    /// precedes or follows, the whole word goes.
    pub(crate) kind: WritingKind,
}

/// See [`Writing::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WritingKind {
    /// Every character is of the secret.
    Exact,
    /// Part of a word of base64.
    Base64,
    /// Part of a hexadecimal number.
    Hex,
}

/// Levels of JSON inside strings of JSON that are known.
const NESTING: usize = 5;

/// Returns every writing of `secret`, each once.
pub(crate) fn writings(secret: &str) -> Vec<Writing> {
    let mut exact = vec![
        xml(secret, "&#39;"),
        xml(secret, "&apos;"),
        secret.to_owned(),
    ];
    exact.extend(percent(secret));
    let nested: Vec<String> = exact.iter().flat_map(|text| in_json(text)).collect();
    exact.extend(nested);
    let bytes = secret.as_bytes();
    let hex = bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    let of = |kind| {
        move |text: String| Writing {
            text: text.into_bytes(),
            kind,
        }
    };
    let base64 = (0..3).flat_map(|offset| base64_at(bytes, offset));
    let mut all: Vec<Writing> = exact.into_iter().map(of(WritingKind::Exact)).collect();
    all.extend(base64.map(|(text, _)| text).map(of(WritingKind::Base64)));
    all.extend([hex.to_uppercase(), hex].map(of(WritingKind::Hex)));
    all.sort();
    all.dedup();
    all
}

/// Returns the characters of base64 that are the same whatever stands around `bytes`, when `offset` bytes precede
/// them in their group of three, in both alphabets; and at which character of a group they begin.
pub(crate) fn base64_at(bytes: &[u8], offset: usize) -> [(String, usize); 2] {
    let mut padded = vec![0; offset];
    padded.extend(bytes);
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD].map(|engine| {
        let text = engine.encode(&padded);
        (text[first..last.max(first)].to_owned(), first)
    })
}

/// Returns `text` as it is written in JSON, in JSON in a string of JSON, and so on.
fn in_json(text: &str) -> Vec<String> {
    let mut nested = text.to_owned();
    let mut all = Vec::new();
    for _ in 0..NESTING {
        nested = json(&nested);
        all.extend([nested.replace('/', "\\/"), nested.clone()]);
    }
    all
}

/// Escapes as in a string of JSON.
fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text is serialised");
    quoted[1..quoted.len() - 1].to_owned()
}

fn xml(text: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', apostrophe)
}

/// Percent-encodes as browsers, servers and forms do, with capitals and without.
fn percent(text: &str) -> Vec<String> {
    let encode = |kept: &str, blank: &str, upper: bool| {
        let mut out = String::new();
        for byte in text.bytes() {
            let _ = match byte {
                b' ' => out.write_str(blank),
                _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => {
                    out.write_char(char::from(byte))
                }
                _ if upper => write!(out, "%{byte:02X}"),
                _ => write!(out, "%{byte:02x}"),
            };
        }
        out
    };
    let sets = [
        ("-_.~", "%20"),
        ("-_.!~*'()", "%20"),
        ("-_.*", "+"),
        ("-_.~!$&'()*+,;=:@/?", "%20"),
    ];
    sets.iter()
        .flat_map(|(kept, blank)| [encode(kept, blank, true), encode(kept, blank, false)])
        .collect()
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes either alphabet of base64, as far as whole groups go; what follows padding is left out.
pub(crate) fn from_base64(text: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = text
        .iter()
        .take_while(|b| **b != b'=')
        .map(|b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    if plain.len() % 4 == 1 {
        plain.pop();
    }
    LENIENT.decode(&plain).unwrap_or_default()
}

/// Decodes hexadecimal digits; an odd last one is left out.
pub(crate) fn from_hex(text: &[u8]) -> Vec<u8> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    text.chunks_exact(2).map_while(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_any_text_around_a_secret_holds_one_of_its_writings() {
        let secret = "p@ss/w\u{f6}rd?>~ 1";
        let writings = writings(secret);
        for before in ["", "x", "xy", "xyz"] {
            for after in ["", "a", "ab", "abc"] {
                let text = format!("{before}{secret}{after}");
                for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
                    let encoded = engine.encode(&text);
                    let holds = |writing: &Writing| {
                        writing.kind == WritingKind::Base64
                            && memchr::memmem::find(encoded.as_bytes(), &writing.text).is_some()
                    };
                    assert!(writings.iter().any(holds), "{encoded}");
                }
            }
        }
    }

    #[test]
    fn a_plain_secret_has_few_writings_and_a_strange_one_has_its_escapes() {
        let exact = |secret: &str| {
            let writings = writings(secret).into_iter();
            let exact = writings.filter(|writing| writing.kind == WritingKind::Exact);
            let text = |writing: Writing| String::from_utf8(writing.text).unwrap();
            exact.map(text).collect::<Vec<_>>()
        };
        assert_eq!(exact("abcd1234"), ["abcd1234"]);
        let strange = exact("a\"b\\c\n<&>");
        for writing in [
            "a\"b\\c\n<&>",
            r#"a\"b\\c\n<&>"#,
            r#"a\\\"b\\\\c\\n<&>"#,
            "a&quot;b\\c\n&lt;&amp;&gt;",
            "a%22b%5Cc%0A%3C%26%3E",
            "a%22b%5cc%0a%3c%26%3e",
        ] {
            assert!(
                strange.iter().any(|known| known == writing),
                "{writing} is not in {strange:?}"
            );
        }
    }

    #[test]
    fn words_are_decoded_leniently() {
        assert_eq!(from_base64(b"aGVsbG8="), b"hello");
        assert_eq!(from_base64(b"aGVsbG8"), b"hello");
        assert_eq!(from_base64(b"_-7_"), from_base64(b"/+7/"));
        assert_eq!(from_hex(b"68656C6c6f6"), b"hello");
    }
}
