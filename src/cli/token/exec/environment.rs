//! The environment of the command: that of the caller without our secrets.

use std::ffi::{OsStr, OsString};

use crate::cli::error::CliError;

/// Names that decide which code runs; a bearer must not be put there.
const DANGEROUS: [&str; 6] = ["PATH", "HOME", "SHELL", "IFS", "BASH_ENV", "ENV"];
/// Beginnings of names that loaders of libraries obey.
const DANGEROUS_BEGINNINGS: [&str; 2] = ["LD_", "DYLD_"];
/// All that a clean environment has.
const CLEAN: [&str; 5] = ["PATH", "HOME", "TERM", "LANG", "TZ"];
/// Our variables whose names hold one of these are not passed on.
const SECRET_WORDS: [&str; 5] = ["TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIAL"];
/// Beginning of the names of our variables.
const OURS: &str = "SMITHERS_";

/// Refuses a name for the variable of the bearer that is none, or that decides which code runs.
pub(super) fn check_name(name: &str) -> Result<(), CliError> {
    let mut letters = name.bytes();
    let is_name = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
    let is_dangerous = DANGEROUS.contains(&name)
        || DANGEROUS_BEGINNINGS
            .iter()
            .any(|beginning| name.starts_with(beginning));
    let problem = match (is_name, is_dangerous) {
        (false, _) => "is no name of a variable",
        (_, true) => "decides which programs and libraries run, so it must not hold a bearer",
        _ => return Ok(()),
    };
    let hint = "use a name such as SMITHERS_API_KEY";
    Err(CliError::usage(format!("--env {problem}"))
        .field("env", problem)
        .hint(hint))
}

/// Returns the variables of the command, without the bearer's.
pub(super) fn of_child(
    clean: bool,
    inherited: &[String],
    bearer: &str,
) -> Vec<(OsString, OsString)> {
    let own = std::env::vars_os();
    own.filter(|(name, value)| {
        let is_asked_for = inherited
            .iter()
            .any(|inherited| name == OsStr::new(inherited));
        let passes = if clean {
            CLEAN.iter().any(|kept| name == OsStr::new(kept))
        } else {
            !is_secret(name, value)
        };
        (passes || is_asked_for) && name != OsStr::new(bearer)
    })
    .collect()
}

/// Tells whether a variable is a secret of ours, by its name or by what it holds.
fn is_secret(name: &OsStr, value: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_named_so = name.starts_with(OURS) && SECRET_WORDS.iter().any(|word| name.contains(word));
    is_named_so || smithers_redact::holds_bearer(&value.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_goes_into_a_variable_that_runs_nothing() {
        for name in ["SMITHERS_API_KEY", "_x", "A1"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "1A",
            "A-B",
            "A B",
            "A=B",
            "é",
            "PATH",
            "HOME",
            "SHELL",
            "IFS",
            "ENV",
            "BASH_ENV",
            "LD_PRELOAD",
            "LD_",
            "DYLD_INSERT_LIBRARIES",
        ] {
            let error = check_name(name).unwrap_err();
            assert_eq!(error.exit_code(), 4, "{name}");
        }
    }

    #[test]
    fn our_secrets_are_known_by_name_and_by_value() {
        let secret = |name: &str, value: &str| is_secret(OsStr::new(name), OsStr::new(value));
        let bearer = format!("smithers_{}", "x".repeat(43));
        assert!(secret("SMITHERS_TOKEN_STORE", "/data/tokens.json"));
        assert!(secret("SMITHERS_API_KEY", "x"));
        assert!(secret("ANYTHING", &format!("Bearer {bearer}")));
        assert!(!secret("SMITHERS_GATEWAY_URL", "http://127.0.0.1:7331"));
        assert!(!secret("PATH", "/usr/bin"));
    }
}
