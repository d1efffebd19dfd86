//! Every secret of the corpus, in every writing, in every surroundings.

use serde_json::{Value, json};
use smithers_model::redact::{Place, Redactor};
use smithers_redact::{Policy, SecretRedactor};
use smithers_testkit::secrets::{assigned, by_form, by_owner, writings};

use crate::{assert_gone, text};

/// Encodings in which a secret is looked for whose form alone gives it away.
const SEEN_THROUGH: [&str; 13] = [
    "plain",
    "base64",
    "base64 behind 1 byte",
    "base64 behind 2 bytes",
    "base64 between others",
    "base64url",
    "base64url behind 1 byte",
    "base64url behind 2 bytes",
    "hex",
    "HEX",
    "percent",
    "JSON",
    "JSON in JSON",
];

/// Texts with something in place of `{}`.
const SURROUNDINGS: [&str; 14] = [
    "{}",
    "it is {}, keep it",
    "\"{}\"",
    "'{}'",
    "[{}]",
    "({})",
    "a={}&b=2",
    "first line\n{}\nlast line",
    "\t{}\r\n",
    "value:{};",
    "<a b=\"{}\"/>",
    "{\"a\":\"{}\"}",
    "{\\\"a\\\":\\\"{}\\\"}",
    "\u{1b}[31m{}\u{1b}[0m",
];

fn placed(surroundings: &str, secret: &str) -> String {
    surroundings.replacen("{}", secret, 1)
}

/// The text as a value, as a name, deep inside, and as JSON in JSON.
fn documents(text: &str) -> Vec<(String, bool)> {
    let value = |value: Value| (value.to_string(), true);
    let inner = json!({ "note": text }).to_string();
    vec![
        value(json!(text)),
        value(json!({ "note": text, "n": 1.5 })),
        value(json!({ "a": [1, { "b": [text, null] }] })),
        value(json!({ text: true })),
        value(json!({ "log": inner })),
        value(json!({ "log": json!({ "log": inner }).to_string() })),
    ]
}

#[test]
fn secrets_are_known_by_their_form_in_every_encoding_and_surroundings() {
    let redactor = SecretRedactor::default();
    for seed in 0..6 {
        for secret in by_form(seed) {
            let known = writings(&secret.text).into_iter();
            for writing in known.filter(|writing| SEEN_THROUGH.contains(&writing.encoding)) {
                let context = format!("{} in {}", secret.what, writing.encoding);
                for surroundings in SURROUNDINGS {
                    let given = placed(surroundings, &writing.text);
                    let clean = text(&redactor, &given);
                    assert_gone(&clean, &writing.text, &context);
                    assert_eq!(
                        text(&redactor, &clean),
                        clean,
                        "{context}: a second pass changes more"
                    );
                }
            }
        }
    }
}

#[test]
fn secrets_in_json_are_known_by_their_form_and_the_document_stays_one() {
    let redactor = SecretRedactor::default();
    for secret in by_form(7) {
        let known = writings(&secret.text).into_iter();
        for writing in known.filter(|writing| SEEN_THROUGH.contains(&writing.encoding)) {
            for surroundings in SURROUNDINGS {
                let text = placed(surroundings, &writing.text);
                for (document, _) in documents(&text) {
                    let clean = crate::json(&redactor, &document);
                    assert_gone(&clean.text, &writing.text, secret.what);
                    assert!(
                        serde_json::from_str::<Value>(&clean.text).is_ok(),
                        "{}",
                        clean.text
                    );
                    assert!(!clean.certain.is_empty(), "{}: {document}", secret.what);
                }
            }
        }
    }
}

#[test]
fn known_secrets_are_found_in_every_encoding_and_surroundings() {
    let redactor = SecretRedactor::default();
    let secrets = by_owner(11);
    for secret in &secrets {
        redactor.learn(&secret.text);
    }
    for secret in &secrets {
        for writing in writings(&secret.text) {
            let context = format!("{} in {}", secret.what, writing.encoding);
            for surroundings in SURROUNDINGS {
                let given = placed(surroundings, &writing.text);
                let clean = text(&redactor, &given);
                assert!(!clean.contains(&writing.text), "{context}: {clean}");
                for (document, _) in documents(&given) {
                    let clean = crate::json(&redactor, &document).text;
                    let value: Value = serde_json::from_str(&clean).unwrap();
                    assert!(!shows(&value, &writing.text), "{context}: {clean}");
                }
            }
        }
    }
}

/// Tells whether a text or name of `value` holds `secret`, also as JSON inside a text.
fn shows(value: &Value, secret: &str) -> bool {
    match value {
        Value::String(text) => {
            let inner = serde_json::from_str::<Value>(text).ok();
            text.contains(secret)
                || inner.is_some_and(|inner| !inner.is_string() && shows(&inner, secret))
        }
        Value::Array(items) => items.iter().any(|item| shows(item, secret)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains(secret) || shows(value, secret)),
        _ => false,
    }
}

#[test]
fn values_behind_the_names_of_secrets_go() {
    let redactor = SecretRedactor::default();
    for (written, secret) in assigned(3) {
        for surroundings in ["{}", "before {}", "{}\nnext line", "first line\n{}"] {
            let given = placed(surroundings, &written);
            assert_gone(&text(&redactor, &given), &secret.text, &given);
            for (document, _) in documents(&given) {
                let clean = crate::json(&redactor, &document).text;
                assert_gone(&clean, &secret.text, &document);
                assert!(serde_json::from_str::<Value>(&clean).is_ok(), "{clean}");
            }
        }
    }
}

#[test]
fn a_secret_that_is_a_document_itself_is_found_as_a_value_of_another() {
    let redactor = SecretRedactor::default();
    let account = r#"{"type":"service","id":"0123456789","key":"abcdefgh"}"#;
    redactor.learn(account);
    redactor.learn("918273645546");
    let document = format!(
        r#"{{"account":{account},"n":918273645546,"text":{:?}}}"#,
        account
    );
    let clean = crate::json(&redactor, &document).text;
    let value: Value = serde_json::from_str(&clean).unwrap();
    for gone in ["0123456789", "abcdefgh", "918273645546"] {
        assert!(!clean.contains(gone), "{clean}");
    }
    assert_eq!(value["n"], 0);
    assert!(value["account"].is_object());
}

#[test]
fn certain_secrets_are_told_with_their_path_and_never_with_themselves() {
    let redactor = SecretRedactor::default();
    for secret in by_form(5) {
        let document = json!({ "customers": [{ "key": secret.text }], secret.text.clone(): 1 });
        let found = redactor.certain(Place::Input, &document.to_string());
        assert_eq!(found[0].path, "input.customers[0].key", "{}", secret.what);
        assert_eq!(found[1].path, "input.(name)");
        let below = json!({ secret.text.clone(): { "key": secret.text } });
        for finding in redactor.certain(Place::Input, &below.to_string()) {
            assert_gone(&finding.path, &secret.text, secret.what);
        }
    }
}

#[test]
fn the_policy_lets_a_field_through_but_never_what_is_ours_or_known() {
    let redactor = SecretRedactor::default();
    redactor.learn("known-to-this-process");
    redactor.allow(Policy::parse("input.customer.key").unwrap());
    let secrets = by_form(1);
    let own = |what: &str| what.starts_with("own");
    for secret in &secrets {
        let allowed = json!({ "customer": { "key": secret.text }, "other": 1 }).to_string();
        let clean = redactor.json(Place::Input, &allowed);
        assert_eq!(clean.is_some(), own(secret.what), "{}", secret.what);
        let elsewhere = json!({ "customer": { "x": secret.text } }).to_string();
        assert!(redactor.json(Place::Input, &elsewhere).is_some());
        assert!(redactor.json(Place::Output, &allowed).is_some());
    }
    let known = r#"{"customer":{"key":"known-to-this-process"}}"#;
    assert!(redactor.json(Place::Input, known).is_some());
}
