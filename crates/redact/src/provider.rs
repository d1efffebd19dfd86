//! Formats by which a secret gives itself away: a prefix and a body of a certain make.

use std::ops::Range;

use crate::class::{self, Class};
use crate::rule::Rule;
use crate::scope::Scope;

/// A format: a prefix, then a run of `class` of at least `shortest` bytes that passes `check`.
pub(crate) struct Format {
    pub(crate) rule: Rule,
    pub(crate) prefix: &'static str,
    class: Class,
    shortest: usize,
    /// Whether the prefix may stand in the middle of a word.
    inside_words: bool,
    check: fn(&[u8]) -> bool,
}

impl Format {
    const fn new(rule: Rule, prefix: &'static str, class: Class, shortest: usize) -> Self {
        Self {
            rule,
            prefix,
            class,
            shortest,
            inside_words: false,
            check: |_| true,
        }
    }

    const fn anywhere(self) -> Self {
        Self {
            inside_words: true,
            ..self
        }
    }

    const fn checked(self, check: fn(&[u8]) -> bool) -> Self {
        Self { check, ..self }
    }
}

/// The formats, those of this product first.
pub(crate) const FORMATS: [Format; 30] = [
    Format::new(Rule::ActionHandle, "smithers_action_", class::word, 32).anywhere(),
    Format::new(Rule::Bearer, "smithers_", class::word, 32)
        .anywhere()
        .checked(is_bearer),
    Format::new(Rule::ApiKey, "sk-", class::word, 20).checked(is_key),
    Format::new(Rule::ApiKey, "sk_", class::word, 20).checked(is_key),
    Format::new(Rule::ApiKey, "pk-", class::word, 20).checked(is_key),
    Format::new(Rule::ApiKey, "pk_", class::word, 20).checked(is_key),
    Format::new(Rule::ApiKey, "rk-", class::word, 20).checked(is_key),
    Format::new(Rule::ApiKey, "rk_", class::word, 20).checked(is_key),
    Format::new(Rule::Github, "ghp_", class::alphanumeric, 30).anywhere(),
    Format::new(Rule::Github, "gho_", class::alphanumeric, 30).anywhere(),
    Format::new(Rule::Github, "ghu_", class::alphanumeric, 30).anywhere(),
    Format::new(Rule::Github, "ghs_", class::alphanumeric, 30).anywhere(),
    Format::new(Rule::Github, "ghr_", class::alphanumeric, 30).anywhere(),
    Format::new(Rule::Github, "github_pat_", class::identifier, 40).anywhere(),
    Format::new(Rule::Gitlab, "glpat-", class::dotted, 20).anywhere(),
    Format::new(Rule::Aws, "AKIA", class::capital, 16).checked(is_access_key),
    Format::new(Rule::Aws, "ASIA", class::capital, 16).checked(is_access_key),
    Format::new(Rule::Slack, "xoxa-", class::word, 10).checked(class::has_digit),
    Format::new(Rule::Slack, "xoxb-", class::word, 10).checked(class::has_digit),
    Format::new(Rule::Slack, "xoxp-", class::word, 10).checked(class::has_digit),
    Format::new(Rule::Slack, "xoxr-", class::word, 10).checked(class::has_digit),
    Format::new(Rule::Slack, "xoxs-", class::word, 10).checked(class::has_digit),
    Format::new(Rule::Google, "AIza", class::word, 35),
    Format::new(Rule::Google, "ya29.", class::dotted, 20),
    Format::new(Rule::Npm, "npm_", class::alphanumeric, 36),
    Format::new(Rule::Pypi, "pypi-", class::word, 40).checked(class::has_digit),
    Format::new(Rule::HuggingFace, "hf_", class::alphanumeric, 30),
    Format::new(Rule::Sendgrid, "SG.", class::dotted, 40).checked(is_sendgrid),
    Format::new(Rule::Jwt, "eyJ", class::dotted, 24).checked(is_jwt),
    Format::new(Rule::PrivateKey, "-----BEGIN", |_| true, 0).anywhere(),
];

/// Prefixes of keys that vendors have made known.
const KNOWN_KEYS: [&str; 9] = [
    "ant-", "proj-", "svcacct-", "admin-", "or-v1-", "live_", "test_", "lf-", "live-",
];
/// Bytes of the first line of a private key, without its dashes.
const LONGEST_TITLE: usize = 60;

/// What is known of a format so far, so that no byte is looked at for each candidate anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    /// No secret of the format begins before.
    dead: usize,
    /// The newest run of its class.
    run: Range<usize>,
}

impl Format {
    /// Returns the secret whose prefix may begin at `start`. Candidates come in ascending order.
    pub(crate) fn at(
        &self,
        scope: Scope<'_>,
        start: usize,
        memo: &mut Memo,
    ) -> Option<Range<usize>> {
        let is_here = scope.from(start).starts_with(self.prefix.as_bytes())
            && (self.inside_words || scope.starts_word(start));
        if start < memo.dead || !is_here {
            return None;
        }
        let begin = start + self.prefix.len();
        if self.rule == Rule::PrivateKey {
            return private_key(scope, start, begin);
        }
        if !memo.run.contains(&begin) {
            memo.run = begin..scope.run_end(begin, self.class);
        }
        let end = memo.run.end.max(begin);
        let body = &scope.text[begin..end];
        if body.len() < self.shortest || !(self.check)(body) {
            // Whatever else begins inside this part meets the same end.
            memo.dead = begin + body.iter().take_while(|b| **b != b'.').count();
            return None;
        }
        let is_cut = self.rule == Rule::Aws && !scope.ends_word(end);
        let dots = body.iter().rev().take_while(|b| **b == b'.').count();
        (!is_cut).then_some(start..end - dots)
    }
}

/// A bearer, or one that was cut: random, as names of tables that begin alike are not. Handles have their own
/// format.
fn is_bearer(body: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| body.iter().any(class);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase);
    let is_one_word = body.len() >= 43 && body.iter().all(|b| class::alphanumeric(*b));
    !body.starts_with(b"action_") && (is_mixed || is_one_word)
}

/// Keys have a known second prefix, or a long random part.
fn is_key(body: &[u8]) -> bool {
    let is_known = KNOWN_KEYS
        .iter()
        .any(|key| body.starts_with(key.as_bytes()));
    let mut parts = body.split(|b| *b == b'-' || *b == b'_');
    class::has_digit(body)
        && class::changes(body) >= 4
        && (is_known || parts.any(|part| part.len() >= 12))
}

fn is_access_key(body: &[u8]) -> bool {
    body.len() == 16
}

fn is_sendgrid(body: &[u8]) -> bool {
    let mut parts = body.split(|b| *b == b'.');
    parts
        .by_ref()
        .take(2)
        .filter(|part| part.len() >= 16)
        .count()
        == 2
}

/// A header, a payload and perhaps a signature.
fn is_jwt(body: &[u8]) -> bool {
    let mut parts = body.split(|b| *b == b'.');
    let mut next_is_long = || parts.next().is_some_and(|part| part.len() >= 8);
    next_is_long() && next_is_long() && parts.next().is_some()
}

/// The whole block of a private key; without its end, the rest of the text.
fn private_key(scope: Scope<'_>, start: usize, begin: usize) -> Option<Range<usize>> {
    let rest = scope.from(begin);
    let title = memchr::memmem::find(&rest[..rest.len().min(LONGEST_TITLE)], b"-----")?;
    let words: Vec<u8> = rest[..title]
        .iter()
        .copied()
        .filter(u8::is_ascii_uppercase)
        .collect();
    memchr::memmem::find(&words, b"PRIVATEKEY")?;
    let body = begin + title + 5;
    let end = memchr::memmem::find(scope.from(body), b"-----END").and_then(|at| {
        let footer = body + at + 8;
        let closing = memchr::memmem::find(scope.from(footer), b"-----")?;
        Some(footer + closing + 5)
    });
    Some(start..end.unwrap_or(scope.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Rule, &str)> {
        let scope = Scope::plain(text.as_bytes());
        let mut list = Vec::new();
        for format in &FORMATS {
            let mut memo = Memo::default();
            for (at, _) in text.match_indices(format.prefix) {
                if let Some(place) = format.at(scope, at, &mut memo) {
                    list.push((format.rule, &text[place]));
                }
            }
        }
        list
    }

    /// A body of `length` that looks random; the secrets of these tests are put together at run time, so that
    /// scanners of repositories do not take them for real.
    fn body(length: usize) -> String {
        "q7Xb2LpV9tZr4KwM8nYc"
            .chars()
            .cycle()
            .take(length)
            .collect()
    }

    #[test]
    fn words_that_begin_like_secrets_are_none() {
        for text in [
            "task-q7Xb2LpV9tZr4KwM8nYc7Xb2LpV9tZr4KwM8nYc",
            "sk-learn-pipelines-with-many-words",
            "pk-2024-01-quarterly-report-final",
            "smithers_output_schema_columns_of_all_the_tables_there_are",
            "npm_config_registry_and_more_configuration_words",
            "shelf_q7Xb2LpV9tZr4KwM8nYcq7Xb2LpV9tZr4KwM8nYc",
            "MSG.q7Xb2LpV9tZr4KwM8nYc.q7Xb2LpV9tZr4KwM8nYc",
            "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
            "eyJust a word.with.dots",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn own_bearers_and_handles_are_told_apart() {
        let bearer = format!("smithers_{}", body(43));
        assert_eq!(found(&format!("x {bearer}.")), [(Rule::Bearer, &*bearer)]);
        let handle = format!("smithers_action_{}", body(32));
        assert_eq!(
            found(&format!("x {handle}.")),
            [(Rule::ActionHandle, &*handle)]
        );
        let long = format!("smithers_action_{}", body(60));
        assert_eq!(found(&long), [(Rule::ActionHandle, &*long)]);
    }

    #[test]
    fn a_private_key_goes_to_its_end_or_to_the_end_of_the_text() {
        for title in [
            "PRIVATE KEY",
            "RSA PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "PGP PRIVATE KEY BLOCK",
        ] {
            let key = format!(
                "-----BEGIN {title}-----\n{}\n-----END {title}-----",
                body(64)
            );
            assert_eq!(found(&format!("a {key} b")), [(Rule::PrivateKey, &*key)]);
            let cut = &key[..60];
            assert_eq!(found(&format!("a {cut}")), [(Rule::PrivateKey, cut)]);
        }
        let percent = format!(
            "-----BEGIN%20PRIVATE%20KEY-----%0A{}%0A-----END%20PRIVATE%20KEY-----",
            body(9)
        );
        assert_eq!(found(&percent), [(Rule::PrivateKey, &*percent)]);
    }

    #[test]
    fn a_json_web_token_has_three_parts() {
        let token = format!("eyJ{}.eyJ{}.{}", body(20), body(30), body(43));
        assert_eq!(found(&format!("x={token};")), [(Rule::Jwt, &*token)]);
        assert_eq!(found(&format!("eyJ{}.eyJ{}", body(20), body(30))), []);
    }
}
