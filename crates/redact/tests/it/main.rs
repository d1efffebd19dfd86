//! The redactor as its users see it: real-looking secrets in every writing and surroundings, properties over texts
//! that nobody thought of, and texts that must stay as they are.

mod corpus;
mod ordinary;
mod properties;
mod streams;

use smithers_model::redact::{Clean, Place, Redactor};
use smithers_redact::SecretRedactor;

/// Cleans running text.
fn text(redactor: &SecretRedactor, text: &str) -> String {
    redactor
        .line(Place::Log, text)
        .unwrap_or_else(|| text.to_owned())
}

/// Cleans a JSON document.
fn json(redactor: &SecretRedactor, json: &str) -> Clean {
    let unchanged = || Clean {
        text: json.to_owned(),
        certain: Vec::new(),
    };
    redactor.json(Place::Event, json).unwrap_or_else(unchanged)
}

/// Long pieces of `secret`: none of them may be left, so that a part of it is not left either.
fn pieces(secret: &str) -> impl Iterator<Item = &str> {
    let length = (secret.len() / 2).clamp(6, 20);
    let ends = length..=secret.len();
    ends.filter_map(move |end| secret.get(end - length..end))
}

/// Asserts that no long piece of `secret` is in `text`.
fn assert_gone(text: &str, secret: &str, context: &str) {
    for piece in pieces(secret) {
        assert!(
            !text.contains(piece),
            "{context}: {piece:?} of {secret:?} is left in {text:?}"
        );
    }
}
