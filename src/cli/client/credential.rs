//! The bearer of the command line: from the environment, a file or standard input, never from an argument.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use secrecy::SecretString;
use smithers_protocol::limits::MAX_TOKEN_BYTES;

use super::ClientError;

/// The variable that holds the bearer, as `smithers token exec` sets it.
pub(super) const VARIABLE: &str = "SMITHERS_API_KEY";

/// A bearer and where it came from.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) bearer: SecretString,
    /// Where it came from, for messages.
    pub(super) origin: String,
}

/// Reads the bearer; `None` when nobody gave one.
pub(super) fn read(
    file: Option<&Path>,
    from_stdin: bool,
) -> Result<Option<Credential>, ClientError> {
    if from_stdin {
        let origin = "standard input".to_owned();
        return bounded(io::stdin().lock(), origin).map(Some);
    }
    if let Some(path) = file {
        let origin = format!("`{}`", path.display());
        let file = File::open(path).map_err(|source| ClientError::TokenFile {
            origin: origin.clone(),
            source,
        })?;
        return bounded(file, origin).map(Some);
    }
    match std::env::var(VARIABLE) {
        Ok(text) if !text.trim().is_empty() => checked(&text, VARIABLE.to_owned()).map(Some),
        Err(std::env::VarError::NotUnicode(_)) => Err(ClientError::TokenForm {
            origin: VARIABLE.to_owned(),
        }),
        _ => Ok(None),
    }
}

/// Reads no more than a token with some space around it can take.
fn bounded(source: impl Read, origin: String) -> Result<Credential, ClientError> {
    let mut text = String::new();
    match source
        .take(2 * MAX_TOKEN_BYTES as u64)
        .read_to_string(&mut text)
    {
        Ok(_) => checked(&text, origin),
        Err(source) => Err(ClientError::TokenFile { origin, source }),
    }
}

/// Checks the form that the gateway asks for, so that a mistake is told here and not as an unknown token.
fn checked(text: &str, origin: String) -> Result<Credential, ClientError> {
    let bearer = text.trim();
    let is_token = (1..=MAX_TOKEN_BYTES).contains(&bearer.len())
        && bearer.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token {
        return Err(ClientError::TokenForm { origin });
    }
    // Errors of a gateway may repeat the token that was sent.
    smithers_redact::shared().learn(bearer);
    Ok(Credential {
        bearer: bearer.into(),
        origin,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_bearer_is_one_word_with_space_around_it_at_most() {
        let read = |text: &str| bounded(text.as_bytes(), "here".into());
        let credential = read(" smithers_abc\n").unwrap();
        assert_eq!(credential.bearer.expose_secret(), "smithers_abc");
        for wrong in ["", " \n", "two words", "tab\tinside", &"x".repeat(513)] {
            let error = read(wrong).unwrap_err();
            assert!(matches!(error, ClientError::TokenForm { .. }), "{error}");
        }
    }

    #[test]
    fn a_refused_token_is_not_repeated() {
        let error = bounded("s3cret value".as_bytes(), "here".into()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
