//! Names of secrets: which members and variables hold one (operations 7, «By key»).
//!
//! A name is compared by its letters and digits, in small letters. Long words count anywhere in it; short ones,
//! which are also parts of ordinary words, only as a whole word of `camelCase` or `snake_case`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Words that make a name one of a secret wherever they occur.
const ANYWHERE: [(&str, Kind); 18] = [
    ("authorization", Kind::LINE),
    ("cookie", Kind::LINE),
    ("passphrase", Kind::STRONG.line().number()),
    ("password", Kind::STRONG.number()),
    ("passwd", Kind::STRONG.number()),
    ("passcode", Kind::STRONG.number()),
    ("apikey", Kind::STRONG),
    ("accesskey", Kind::STRONG),
    ("privatekey", Kind::STRONG),
    ("secretkey", Kind::STRONG),
    ("signingkey", Kind::STRONG),
    ("encryptionkey", Kind::STRONG),
    ("smitherskey", Kind::STRONG),
    ("clientsecret", Kind::STRONG),
    ("connectionstring", Kind::STRONG.line()),
    ("credential", Kind::WEAK),
    ("secret", Kind::WEAK),
    ("token", Kind::WEAK),
];
/// Words that do so only where they stand alone.
const ALONE: [(&str, Kind); 6] = [
    ("pwd", Kind::STRONG.number()),
    ("otp", Kind::WEAK.number()),
    ("mfa", Kind::WEAK.number()),
    ("pin", Kind::WEAK.number()),
    ("dsn", Kind::WEAK),
    ("session", Kind::WEAK),
];
/// Words that hold one of [`ANYWHERE`] and mean something else.
const OTHERWISE: [&str; 6] = [
    "tokenid",
    "tokenhash",
    "tokencount",
    "tokeniz",
    "tokenis",
    "secretar",
];
/// Last words of names that say something about a secret, or where it lies, and of files and hosts.
const ABOUT: [&str; 37] = [
    "allow", "dir", "file", "length", "mode", "name", "path", "policy", "store", "ttl", "type",
    "com", "css", "db", "dev", "go", "html", "io", "java", "js", "json", "jsx", "md", "mjs", "net",
    "org", "py", "rb", "rs", "sh", "sql", "toml", "ts", "tsx", "txt", "yaml", "yml",
];
/// Endings of names that hold many secrets by other names.
const MANY: [&str; 6] = [
    "secrets",
    "credentials",
    "cookies",
    "passwords",
    "apikeys",
    "credential",
];
/// Longest name that is looked at; of longer ones the end counts.
const LONGEST: usize = 128;

/// What is to be expected behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Not also a word of ordinary prose: `password: swordfish` is taken at its word.
    pub(crate) is_strong: bool,
    /// In running text the value goes on to the end of the line.
    pub(crate) takes_line: bool,
    /// A number under this name is a secret too.
    pub(crate) takes_number: bool,
    /// Everything inside an object under this name is secret.
    pub(crate) is_deep: bool,
    /// A plural of token, which also counts them.
    pub(crate) may_count: bool,
}

impl Kind {
    const WEAK: Kind = Kind {
        is_strong: false,
        takes_line: false,
        takes_number: false,
        is_deep: false,
        may_count: false,
    };
    const STRONG: Kind = Kind {
        is_strong: true,
        ..Kind::WEAK
    };
    const LINE: Kind = Kind::WEAK.line();

    const fn line(self) -> Kind {
        Kind {
            takes_line: true,
            ..self
        }
    }

    const fn number(self) -> Kind {
        Kind {
            takes_number: true,
            ..self
        }
    }
}

/// Tells whether a member or variable called `name` holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    kind_of(name.as_bytes()).is_some()
}

/// The words of both lists, those of [`ALONE`] behind the others.
static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = ANYWHERE.iter().chain(&ALONE).map(|(word, _)| word);
    AhoCorasick::new(words).expect("the words are a few")
});

/// Returns what to expect behind `name`, if it is the name of a secret.
pub(crate) fn kind_of(name: &[u8]) -> Option<Kind> {
    let name = &name[name.len().saturating_sub(LONGEST)..];
    let letters = Letters::of(name);
    let text = letters.text();
    let mut first: Option<usize> = None;
    let mut is_last = false;
    for hit in WORDS.find_overlapping_iter(text) {
        let word = hit.pattern().as_usize();
        let counts = match word < ANYWHERE.len() {
            true => !letters.means_something_else(hit.start()),
            false => letters.is_word(hit.start(), hit.end()),
        };
        if counts {
            is_last |= hit.end() == text.len();
            first = Some(first.map_or(word, |first| first.min(word)));
        }
    }
    let (_, kind) = ANYWHERE.iter().chain(&ALONE).nth(first?)?;
    if ABOUT
        .iter()
        .any(|about| letters.last_word() == about.as_bytes())
    {
        return None;
    }
    Some(Kind {
        takes_number: kind.takes_number && is_last,
        is_deep: MANY.iter().any(|many| text.ends_with(many.as_bytes())),
        may_count: text.ends_with(b"tokens"),
        ..*kind
    })
}

/// The letters and digits of a name in small letters, and where its words begin.
struct Letters {
    text: [u8; LONGEST],
    length: usize,
    /// One bit for each letter that begins a word.
    begins: u128,
}

impl Letters {
    fn of(name: &[u8]) -> Self {
        let mut letters = Self {
            text: [0; LONGEST],
            length: 0,
            begins: 0,
        };
        for (at, byte) in name.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                if begins_word(name, at) {
                    letters.begins |= 1 << letters.length;
                }
                letters.text[letters.length] = byte.to_ascii_lowercase();
                letters.length += 1;
            }
        }
        letters
    }

    fn text(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// Tells whether a longer word begins at `at` that is none of a secret.
    fn means_something_else(&self, at: usize) -> bool {
        let rest = &self.text()[at..];
        OTHERWISE
            .iter()
            .any(|other| rest.starts_with(other.as_bytes()))
    }

    /// Tells whether the letters from `start` to `end` are a word of their own, or the first of `session id`.
    fn is_word(&self, start: usize, end: usize) -> bool {
        let is_edge = |at: usize| at >= self.length || self.begins & (1 << at) != 0;
        let is_session_id = self.text()[start..] == *b"sessionid";
        is_session_id || (is_edge(start) && is_edge(end))
    }

    fn last_word(&self) -> &[u8] {
        let start = (0..self.length)
            .rev()
            .find(|at| self.begins & (1 << at) != 0);
        &self.text()[start.unwrap_or(0)..]
    }
}

/// Tells whether the letter at `at` begins a word: the first one, one behind something else, a capital behind a
/// small letter, or the last capital of several before a small letter, as in `OTPCode`.
fn begins_word(name: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| name[at]) else {
        return true;
    };
    let (this, after) = (name[at], name.get(at + 1));
    let ends_capitals = before.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase);
    !before.is_ascii_alphanumeric()
        || before.is_ascii_digit() != this.is_ascii_digit()
        || (this.is_ascii_uppercase() && (!before.is_ascii_uppercase() || ends_capitals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_list_are_secret_however_they_are_written() {
        for name in [
            "authorization",
            "Authorization",
            "Set-Cookie",
            "cookies",
            "apiKey",
            "api_key",
            "API-KEY",
            "x-api-key",
            "accessKey",
            "aws_access_key_id",
            "privateKey",
            "SECRET_KEY",
            "signingKey",
            "clientSecret",
            "client_secret",
            "mySecretValue",
            "token",
            "GITHUB_TOKEN",
            "accessToken",
            "refresh_tokens",
            "password",
            "dbPassword2",
            "passwd",
            "passphrase",
            "pwd",
            "user_pwd",
            "credential",
            "credentials",
            "session",
            "sessionId",
            "session_id",
            "PHPSESSIONID",
            "userSession",
            "dsn",
            "SENTRY_DSN",
            "connectionString",
            "connection_string",
            "otp",
            "OTPCode",
            "pin",
            "cardPin",
            "userPIN",
            "mfa",
            "mfa_code",
            "x-smithers-key",
            "sessionToken",
            "passwordHash",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn ordinary_names_are_not_secret() {
        for name in [
            "tokenId",
            "token_hash",
            "tokenCount",
            "tokenizer",
            "pinned",
            "opinion",
            "shipping",
            "pinnedAt",
            "spin",
            "option",
            "adoption",
            "sessions",
            "obsession",
            "dsnowflake",
            "workflowKey",
            "gatewayWorkflowKey",
            "key",
            "correlationKey",
            "failedChildKeys",
            "secretary",
            "SMITHERS_TOKEN_STORE",
            "tokenType",
            "PASSWORD_FILE",
            "mfasta",
            "passage",
            "author",
            "authorize",
            "nodeId",
            "keyboard",
            "",
            "token.rs",
            "secrets.example.com",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn numbers_are_secret_only_where_the_name_ends_with_the_word() {
        let takes_number =
            |name: &str| kind_of(name.as_bytes()).is_some_and(|kind| kind.takes_number);
        for name in ["pin", "userPassword", "sms_otp"] {
            assert!(takes_number(name), "{name}");
        }
        for name in ["passwordMinimum", "otpSeconds", "accessToken"] {
            assert!(!takes_number(name), "{name}");
        }
    }
}
