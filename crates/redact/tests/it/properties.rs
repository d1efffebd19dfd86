//! What holds for every text.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use smithers_model::redact::{Place, Redactor};
use smithers_redact::{INPUT_CAP, SecretRedactor};
use smithers_testkit::secrets::{assigned, by_form, by_owner, writings};

use crate::{json, text};

/// One for all cases: to learn is slow.
static REDACTOR: LazyLock<SecretRedactor> = LazyLock::new(|| {
    let redactor = SecretRedactor::default();
    for secret in by_owner(2) {
        redactor.learn(&secret.text);
    }
    redactor
});

/// Failures are not kept: they would be real-looking secrets in the repository.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

/// Words that mean something to the redactor.
const WORDS: [&str; 40] = [
    "token",
    "password",
    "api key",
    "secret",
    "session",
    "cookie",
    "authorization",
    "pin",
    "otp",
    "Bearer",
    "Basic",
    "=",
    ":",
    ": ",
    "\"",
    "'",
    "\\\"",
    "\\",
    "\\n",
    "\\u0061",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "&",
    "@",
    "://",
    ",",
    ";",
    " ",
    "--",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "-----END ",
    "[REDACTED:",
    "[REDACTED:known]",
    "eyJ",
    "sk-",
];

/// A piece of a text: words, secrets in some writing, or anything.
fn piece(separator: &'static str) -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned);
    let secret = (
        0..6_u64,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(seed, which, writing)| {
            let mut secrets = by_form(seed);
            secrets.extend(by_owner(2));
            let writings = writings(&which.get(&secrets).text);
            writing.get(&writings).text.clone()
        });
    let assignment =
        any::<prop::sample::Index>().prop_map(|which| which.get(&assigned(9)).0.clone());
    prop_oneof![
        6 => word,
        2 => secret,
        2 => assignment,
        2 => "[a-zA-Z0-9+/_.-]{0,30}",
        1 => "\\PC{0,12}",
        1 => Just(separator.to_owned()),
    ]
}

/// Texts of many pieces.
pub(crate) fn composition(separator: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(separator), 0..14).prop_map(|pieces| pieces.concat())
}

/// JSON with names and texts of such pieces.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        composition("\n").prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let name = prop_oneof![
            prop::sample::select(vec![
                "password", "tokens", "pin", "secrets", "note", "id", "cookie", "a b"
            ])
            .prop_map(str::to_owned),
            "[a-z]{1,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same kinds of values in the same places.
fn has_shape_of(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| has_shape_of(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.0 == other.0 && has_shape_of(one.1, other.1))
        }
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_clean_text_stays_as_it_is(given in composition("\n")) {
        let redactor = &*REDACTOR;
        let clean = text(redactor, &given);
        prop_assert_eq!(text(redactor, &clean), clean);
    }

    #[test]
    fn json_stays_json_of_the_same_shape_and_a_second_pass_changes_nothing(given in document()) {
        let redactor = &*REDACTOR;
        let given_text = given.to_string();
        let clean = json(redactor, &given_text).text;
        let value: Result<Value, _> = serde_json::from_str(&clean);
        prop_assert!(value.is_ok(), "{} became {}", given_text, clean);
        prop_assert!(has_shape_of(&given, &value.unwrap()), "{} became {}", given_text, clean);
        prop_assert_eq!(json(redactor, &clean).text, clean);
    }

    #[test]
    fn no_text_is_too_strange(given in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let redactor = &*REDACTOR;
        let lossy = String::from_utf8_lossy(&bytes);
        for text in [&given, &*lossy] {
            let _ = redactor.text(Place::Log, text);
            let _ = redactor.json(Place::Event, text);
            let _ = redactor.certain(Place::Input, text);
        }
    }
}

/// A redactor that looks at the same bytes again and again takes minutes here, not seconds.
#[test]
fn texts_that_are_made_to_be_slow_are_not() {
    let redactor = &*REDACTOR;
    for unit in [
        "token",
        "token=",
        "token=\\\"",
        "password=\\",
        "\"token\":[",
        "\"secrets\":{",
        "\"token\":\\",
        "eyJ.",
        "-eyJ",
        "eyJaaaaaaaaaa.",
        "SG.",
        "sk-",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "://a:b",
        "%3a%2f%2f",
        "Z2hwX2",
        "6768705f",
        "[REDACTED:",
        "[",
        "\\",
        "\"",
        "\\u0061",
        "<password>",
        "api key ",
        "a1B2c3D4e5F6g7H8 token ",
    ] {
        let text = unit.repeat(INPUT_CAP / 8 / unit.len());
        let _ = redactor.text(Place::Log, &text);
        let _ = redactor.json(Place::Event, &text);
        let _ = redactor.json(Place::Event, &serde_json::json!({ "a": text }).to_string());
    }
}

#[test]
fn a_text_beyond_the_cap_is_cut_and_keeps_no_secret_at_the_cut() {
    let redactor = &*REDACTOR;
    for secret in by_form(8) {
        for before in 0..3 {
            let at = INPUT_CAP - secret.text.len() / 2 * before;
            let given = format!(
                "{}\n{} {}",
                "x ".repeat(at / 2),
                secret.text,
                "y ".repeat(INPUT_CAP / 4)
            );
            let clean = text(redactor, &given);
            assert!(clean.len() <= INPUT_CAP, "{}", clean.len());
            assert!(clean.ends_with("bytes]"), "{}", &clean[clean.len() - 60..]);
            crate::assert_gone(&clean, &secret.text, secret.what);
            assert_eq!(text(redactor, &clean), clean);
        }
    }
}
