//! A text in pieces gives what the whole gives, wherever it is cut.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use smithers_model::redact::Place;
use smithers_redact::{SecretRedactor, Stream};
use smithers_testkit::secrets::{Random, by_form, by_owner};

use crate::properties::{composition, config};

/// One for all cases: to learn is slow.
static REDACTOR: LazyLock<Arc<SecretRedactor>> = LazyLock::new(|| {
    let redactor = SecretRedactor::default();
    for secret in by_owner(2) {
        redactor.learn(&secret.text);
    }
    redactor.learn("a secret\nof two lines");
    Arc::new(redactor)
});

/// Cleans `text` in pieces of at most `longest` bytes.
fn in_pieces(redactor: &Arc<SecretRedactor>, text: &str, longest: usize, seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut stream = Stream::new(redactor.clone(), Place::Log);
    let mut out = String::new();
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(1 + random.below(longest)));
        out += &stream.push(piece);
        rest = after;
    }
    out + &stream.finish()
}

#[test]
fn no_cut_hides_a_secret() {
    let redactor = &*REDACTOR;
    for secret in by_form(4).iter().chain(&by_owner(2)) {
        let text = format!("before\nit is {} indeed\nafter\n", secret.text);
        let whole = crate::text(redactor, &text);
        for cut in (0..=text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let mut stream = Stream::new(redactor.clone(), Place::Log);
            let out = stream.push(&text.as_bytes()[..cut]) + &stream.push(&text.as_bytes()[cut..]);
            assert_eq!(
                out + &stream.finish(),
                whole,
                "{} cut at {cut}",
                secret.what
            );
        }
    }
}

#[test]
fn a_secret_of_two_lines_is_found_across_them() {
    let redactor = &*REDACTOR;
    for longest in [1, 3, 20] {
        let out = in_pieces(redactor, "x\na secret\nof two lines\ny\n", longest, 1);
        assert_eq!(out, "x\n[REDACTED:known]\ny\n");
    }
}

#[test]
fn lines_go_on_as_soon_as_they_are_whole() {
    let mut stream = Stream::new(Arc::new(SecretRedactor::default()), Place::Log);
    assert_eq!(stream.push(b"one\ntw"), "one\n");
    assert_eq!(
        stream.push(b"o\n-----BEGIN PRIVATE KEY-----\nabc\n"),
        "two\n"
    );
    assert_eq!(stream.push(b"def\n-----END PRIVATE KEY-----"), "");
    assert_eq!(stream.push(b" three\n"), "[REDACTED:private-key] three\n");
    assert_eq!(stream.push(b"\xff\n"), "\u{fffd}\n");
    assert_eq!(stream.push(b"four"), "");
    assert_eq!(stream.finish(), "four");
}

#[test]
fn a_key_without_end_and_a_line_without_end_are_dropped_at_the_bound() {
    let mut stream = Stream::new(Arc::new(SecretRedactor::default()), Place::Log);
    let mut out = stream.push(b"-----BEGIN PRIVATE KEY-----\n");
    for _ in 0..1_200 {
        out += &stream.push(&[b'k'; 1_000]);
        out += &stream.push(b"\n");
    }
    assert!(out.starts_with("[REDACTED:private-key]"), "{}", &out[..40]);
    assert!(!out.contains("kkk"));
    out = stream.push(b"-----END PRIVATE KEY-----\nnext\n");
    assert_eq!(out, "\nnext\n");
    out = stream.push(&vec![b'x'; smithers_redact::INPUT_CAP + 5]);
    assert!(out.contains("[truncated"), "{}", &out[out.len() - 60..]);
    assert_eq!(stream.push(b"xxx"), "");
    assert_eq!(stream.push(b"xxx\nlast\n"), "\nlast\n");
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn pieces_give_what_the_whole_gives(text in composition("\n"), longest in 1_usize..40, seed: u64) {
        let redactor = &*REDACTOR;
        let whole = crate::text(redactor, &text);
        prop_assert_eq!(in_pieces(redactor, &text, longest, seed), whole);
    }
}
