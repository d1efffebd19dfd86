//! The one place through which text passes before it becomes durable or leaves the process.

/// Replaces secrets in a text. Implementations must be idempotent and never lengthen beyond twice.
pub trait Redactor: Send + Sync + 'static {
    /// Returns `None` when nothing had to be replaced, which is the common case and allocates nothing.
    fn redact(&self, text: &str) -> Option<String>;
}

/// Marker that stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Replaces bearers and action handles of this product (tokens-and-access 7.13).
#[derive(Clone, Copy, Debug, Default)]
pub struct BearerRedactor;

/// Prefix of every bearer (`smithers_…`) and action handle (`smithers_action_…`).
const PREFIX: &str = "smithers_";
/// Shortest tail of URL-safe base64 after the prefix that counts as a secret (24 bytes = 32 characters).
const MIN_SECRET: usize = 32;

impl Redactor for BearerRedactor {
    fn redact(&self, text: &str) -> Option<String> {
        let mut clean: Option<String> = None;
        let mut copied = 0;
        let mut from = 0;
        while let Some(found) = text[from..].find(PREFIX) {
            let start = from + found;
            let end = start + PREFIX.len() + secret_length(&text[start + PREFIX.len()..]);
            from = end;
            if end - start < PREFIX.len() + MIN_SECRET {
                continue;
            }
            let out = clean.get_or_insert_default();
            out.push_str(&text[copied..start]);
            out.push_str(REDACTED);
            copied = end;
        }
        clean.map(|mut out| {
            out.push_str(&text[copied..]);
            out
        })
    }
}

fn secret_length(tail: &str) -> usize {
    tail.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearers_and_handles_are_replaced_and_ordinary_words_stay() {
        let bearer = format!("smithers_{}", "aB3-_".repeat(9));
        let text = format!(r#"{{"a":"{bearer}","b":"smithers_runs"}}"#);
        let clean = BearerRedactor.redact(&text).unwrap();
        assert_eq!(clean, r#"{"a":"[redacted]","b":"smithers_runs"}"#);
        assert_eq!(BearerRedactor.redact(&clean), None);
    }
}
