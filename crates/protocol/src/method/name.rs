//! The form of method names.

/// Tells whether `name` has the form of a method name: parts of ASCII letters and digits joined by dots, each beginning
/// with a small letter. The length is bounded elsewhere.
pub fn is_method_name(name: &str) -> bool {
    name.split('.').all(|part| {
        part.bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_names_are_parts_of_letters_and_digits() {
        for name in ["health", "runs.create", "a1.b2C.d", "ext.stream.demo.ticks"] {
            assert!(is_method_name(name), "{name}");
        }
        for name in [
            "",
            "Bad",
            "with-dash",
            "a_b",
            ".a",
            "a.",
            "a..b",
            "a.B",
            "1a",
            "a b",
            "é",
            "a\0",
            "__proto__",
        ] {
            assert!(!is_method_name(name), "{name:?}");
        }
    }
}
