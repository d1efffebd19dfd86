//! Real-looking secrets, put together at run time so that scanners of repositories do not take them for real, and
//! the ways in which software writes them.
//!
//! Knows nothing of the redactor: encodings are written here a second time.

mod random;
mod writing;

pub use random::Random;
pub use writing::{Writing, writings};

/// Letters and digits.
const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// URL-safe base64.
const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Base64.
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Capitals and digits, as base32 has them.
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Hexadecimal digits.
const HEX: &str = "0123456789abcdef";

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is, in words.
    pub what: &'static str,
    /// The secret itself: this text must turn up nowhere.
    pub text: String,
}

/// Secrets that give themselves away by their form: one of each kind, drawn from `seed`.
pub fn by_form(seed: u64) -> Vec<Secret> {
    let mut random = Random::new(seed);
    let mut list: Vec<Secret> = PREFIXED
        .iter()
        .map(|(what, prefix, length, letters)| Secret {
            what,
            text: format!("{prefix}{}", random.text(*length, letters)),
        })
        .collect();
    let mut add = |what, text| list.push(Secret { what, text });
    let (id, key) = (random.text(22, BASE62), random.text(59, BASE62));
    add("GitHub, fine-grained", format!("github_pat_{id}_{key}"));
    let (id, key) = (random.text(22, BASE64URL), random.text(43, BASE64URL));
    add("SendGrid", format!("SG.{id}.{key}"));
    let (claims, signature) = (random.text(90, BASE62), random.text(43, BASE64URL));
    add(
        "JSON web token",
        format!("eyJhbGciOiJIUzI1NiJ9.eyJ{claims}.{signature}"),
    );
    let (team, bot, key) = (
        random.text(12, "0123456789"),
        random.text(12, "0123456789"),
        random.text(24, BASE62),
    );
    add("Slack, bot", format!("xoxb-{team}-{bot}-{key}"));
    for title in [
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        let lines: Vec<String> = (0..4).map(|_| random.text(64, BASE64)).collect();
        let body = lines.join("\n");
        add(
            title,
            format!("-----BEGIN {title}-----\n{body}\n-----END {title}-----"),
        );
    }
    list
}

/// Kinds with a prefix and a random body of a length.
const PREFIXED: [(&str, &str, usize, &str); 26] = [
    ("own bearer", "smithers_", 43, BASE64URL),
    ("own action handle", "smithers_action_", 32, BASE64URL),
    ("OpenAI", "sk-", 48, BASE62),
    ("OpenAI, project", "sk-proj-", 124, BASE64URL),
    ("Anthropic", "sk-ant-api03-", 93, BASE64URL),
    ("OpenRouter", "sk-or-v1-", 64, HEX),
    ("Stripe, live", "sk_live_", 24, BASE62),
    ("Stripe, test", "sk_test_", 99, BASE62),
    ("Stripe, restricted", "rk_live_", 24, BASE62),
    ("Stripe, publishable", "pk_live_", 24, BASE62),
    ("GitHub, personal", "ghp_", 36, BASE62),
    ("GitHub, OAuth", "gho_", 36, BASE62),
    ("GitHub, user to server", "ghu_", 36, BASE62),
    ("GitHub, server to server", "ghs_", 36, BASE62),
    ("GitHub, refresh", "ghr_", 76, BASE62),
    ("GitLab", "glpat-", 20, BASE64URL),
    ("AWS, long-term", "AKIA", 16, CAPITALS),
    ("AWS, temporary", "ASIA", 16, CAPITALS),
    ("Slack, user", "xoxp-7", 60, BASE62),
    ("Slack, app", "xoxa-2-", 40, BASE62),
    ("Google, key", "AIza", 35, BASE64URL),
    ("Google, access", "ya29.", 120, BASE64URL),
    ("npm", "npm_", 36, BASE62),
    ("PyPI", "pypi-AgEIcHlwaS5vcmc", 90, BASE64URL),
    ("Hugging Face", "hf_", 34, BASE62),
    ("Slack, refresh", "xoxr-8", 40, BASE62),
];

/// Secrets that only their owner can tell, as they stand in environments: with marks that every encoding escapes.
pub fn by_owner(seed: u64) -> Vec<Secret> {
    let mut random = Random::new(seed);
    let add = |what, text| Secret { what, text };
    vec![
        add("plain", random.text(24, BASE62)),
        add("short", random.text(8, BASE62)),
        add("AWS secret access key", random.text(40, BASE64)),
        add(
            "quotes and backslashes",
            format!("a\"b\\c'{}", random.text(12, BASE62)),
        ),
        add(
            "marks of addresses",
            format!("p@ss/{}?&=%+# ~", random.text(12, BASE62)),
        ),
        add(
            "marks of markup",
            format!("<{}>&amp;'", random.text(12, BASE62)),
        ),
        add(
            "more than ASCII",
            format!("pässwörd-{}", random.text(12, BASE62)),
        ),
        add("number", random.text(12, "123456789")),
    ]
}

/// A value that stands behind the name of a secret, with the writing around it.
pub fn assigned(seed: u64) -> Vec<(String, Secret)> {
    let mut random = Random::new(seed);
    let mut value = || random.text(14, BASE62);
    let forms: [fn(&str) -> String; 16] = [
        |v| format!("password={v}"),
        |v| format!("PASSWORD: {v}"),
        |v| format!("export DB_PASSWORD='{v}'"),
        |v| format!("api_key = \"{v}\""),
        |v| format!("X-Api-Key: {v}"),
        |v| format!("--client-secret {v} --verbose"),
        |v| format!("{{\"accessToken\": \"{v}\"}}"),
        |v| format!("{{ privateKey: '{v}' }}"),
        |v| format!("Authorization: Bearer {v}1"),
        |v| format!("Cookie: theme=dark; sid={v}"),
        |v| format!("https://example.org/x?token={v}&page=2"),
        |v| format!("postgres://bob:{v}@db.example.org:5432/x"),
        |v| format!("redis://:{v}@cache"),
        |v| format!("<passphrase>{v}</passphrase>"),
        |v| format!("passphrase: correct horse {v}"),
        |v| format!("curl -H \"Authorization: Token {v}\" https://example.org"),
    ];
    let assigned = |form: fn(&str) -> String| {
        let text = value();
        let what = "assigned";
        (form(&text), Secret { what, text })
    };
    forms.into_iter().map(assigned).collect()
}
