//! The scanner against examples of each bound and against an independent parser.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const BOUNDS: Bounds = Bounds {
    label: "text",
    depth: 4,
    items: 3,
    text_units: 5,
    clipped: &["a", "long"],
};

fn violation(text: &str) -> Option<String> {
    scan(text, &BOUNDS, [])
        .expect("well-formed")
        .violation
        .map(|violation| violation.message("text"))
}

#[test]
fn depth_counts_every_value_and_the_outermost_as_one() {
    assert_eq!(violation(r#"{"a":{"b":{"c":1}}}"#), None);
    assert_eq!(violation("[[[1]]]"), None);
    let message = Some("text exceeds the maximum JSON depth of 4.".to_owned());
    assert_eq!(violation(r#"{"a":{"b":{"c":{}}}}"#), None);
    assert_eq!(violation(r#"{"a":{"b":{"c":{"d":1}}}}"#), message);
    assert_eq!(violation("[[[[1]]]]"), message);
}

#[test]
fn a_text_that_is_too_deep_is_not_read_further() {
    let bomb = "[".repeat(1_000_000);
    assert_eq!(
        violation(&bomb).as_deref(),
        Some("text exceeds the maximum JSON depth of 4.")
    );
}

#[test]
fn arrays_may_have_exactly_as_many_items_as_the_bound() {
    assert_eq!(violation("[1,2,3]"), None);
    assert_eq!(
        violation("[1,2,3,4]").as_deref(),
        Some("text contains an array exceeding 3 items.")
    );
    assert_eq!(violation("[[],[],[]]"), None);
}

#[test]
fn texts_are_measured_in_utf16_units() {
    assert_eq!(violation(r#""12345""#), None);
    assert_eq!(violation(r#""ééééé""#), None);
    assert_eq!(violation(r#""\u00e9\n\u0031\"\/""#), None);
    assert_eq!(violation(r#""😀😀""#), None);
    assert!(violation(r#""😀😀😀""#).is_some());
    assert!(violation(r#""\ud83d\ude00\ud83d\ude00\ud83d\ude00""#).is_some());
}

#[test]
fn the_path_of_a_long_text_is_named() {
    let message = violation(r#"{"a":[1,{"b":"123456"}]}"#).expect("too long");
    assert_eq!(
        message,
        "text contains a string exceeding 5 characters (at text.a[1].b: 6 characters)."
    );
    assert!(violation(r#"{"a long key":1}"#).is_some());
}

#[test]
fn the_path_of_a_violation_stays_short_for_hostile_keys() {
    let key = "k".repeat(10_000);
    let bounds = Bounds {
        text_units: 20_000,
        ..BOUNDS
    };
    let text = format!(r#"{{"{key}":{{"{key}":"{}"}}}}"#, "x".repeat(20_001));
    let violation = scan(&text, &bounds, [])
        .expect("well-formed")
        .violation
        .expect("too long");
    assert!(violation.message("text").len() < 400);
}

#[test]
fn only_the_text_that_its_reader_clips_may_be_longer() {
    assert_eq!(violation(r#"{"a":{"long":"1234567"}}"#), None);
    assert!(violation(r#"{"b":{"long":"1234567"}}"#).is_some());
    assert!(violation(r#"{"a":{"long":["1234567"]}}"#).is_some());
    assert!(violation(r#"{"long":"1234567"}"#).is_some());
}

#[test]
fn numbers_must_be_finite() {
    assert_eq!(violation("[1e308,-0.5,0]"), None);
    assert_eq!(
        violation("1e999").as_deref(),
        Some("text contains a number that is not finite.")
    );
}

#[test]
fn members_are_found_wherever_they_are_and_the_last_of_a_name_counts() {
    let text = r#" {"x":{"id":0}, "id" : "a" ,"\u0069d":[ 1, 2 ],"n":1} "#;
    let found = scan(text, &BOUNDS, ["id", "n", "none"]).expect("well-formed");
    let values = found.members.map(|range| range.map(|range| &text[range]));
    assert_eq!(values, [Some("[ 1, 2 ]"), Some("1"), None]);
    assert_eq!(found.kind, Kind::Object);
}

#[test]
fn members_are_found_although_a_bound_is_exceeded_before_them() {
    let text = r#"{"params":["123456"],"id":"a"}"#;
    let found = scan(text, &BOUNDS, ["id"]).expect("well-formed");
    assert!(found.violation.is_some());
    assert_eq!(
        found.members[0].clone().map(|range| &text[range]),
        Some("\"a\"")
    );
}

#[test]
fn malformed_texts_are_refused() {
    for text in [
        "",
        " ",
        "{",
        "{bad",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\" 1}",
        "{,}",
        "[,]",
        "1 2",
        "01",
        "1.",
        "-",
        "1e",
        ".5",
        "+1",
        "tru",
        "truex",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "]",
        "[}",
        "{]",
        "nul",
        "NaN",
        "[1",
        "{\"a\":[}",
        "\u{feff}1",
    ] {
        assert_eq!(scan(text, &BOUNDS, ["a"]), Err(SyntaxError), "{text:?}");
    }
}

/// Any JSON value, shallow enough for the bounds of the agreement test.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300_f64..1e300).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-c\"\\\\é]{0,3}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => None,
    };
    1 + inner.unwrap_or(0)
}

proptest! {
    #[test]
    fn the_depth_bound_agrees_with_the_parsed_tree(value in any_json()) {
        let bounds = Bounds { items: 100, text_units: 100, clipped: &[], ..BOUNDS };
        let found = scan(&value.to_string(), &bounds, []).expect("well-formed");
        prop_assert_eq!(found.violation.is_some(), depth(&value) > 4);
    }

    #[test]
    fn the_grammar_agrees_with_an_independent_parser(text in r#"[\[\]{}",:0-9.eE+\-a "\\tru]{0,24}"#) {
        let bounds = Bounds { depth: 100, items: 100, text_units: 100, clipped: &[], ..BOUNDS };
        // Numbers beyond the range are well-formed here and an error there.
        let parsed = serde_json::from_str::<Value>(&text);
        let out_of_range = parsed.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert_eq!(scan(&text, &bounds, []).is_ok(), parsed.is_ok() || out_of_range);
    }

    #[test]
    fn damaged_texts_are_judged_as_an_independent_parser_does(value in any_json(), cut in any::<prop::sample::Index>()) {
        let bounds = Bounds { depth: 100, items: 100, text_units: 100, clipped: &[], ..BOUNDS };
        let text = value.to_string();
        let mut end = cut.index(text.len() + 1);
        while !text.is_char_boundary(end) { end -= 1; }
        let damaged = &text[..end];
        prop_assert_eq!(scan(damaged, &bounds, []).is_ok(), serde_json::from_str::<Value>(damaged).is_ok());
    }
}
