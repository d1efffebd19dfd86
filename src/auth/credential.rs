//! Where in a request the bearer is; the first place that has one counts, right or wrong.

use secrecy::SecretString;

use super::headers::RequestHeaders;

/// Name of the session cookie on a gateway without a port in its name.
const COOKIE: &str = "smithers_session";

/// Where a bearer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The header `x-smithers-key`.
    Key,
    /// The header `authorization`.
    Authorization,
    /// The session cookie, which browsers send without being asked.
    Cookie,
}

/// A bearer as a request presents it; not checked.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The bearer.
    pub bearer: SecretString,
    /// Where it was found.
    pub source: Source,
}

impl Credential {
    /// Finds the bearer of a request: in `x-smithers-key`, else in `authorization`, else in the session cookie.
    pub fn find(headers: &RequestHeaders<'_>) -> Option<Credential> {
        let found = |bearer: &str, source| Credential {
            bearer: bearer.into(),
            source,
        };
        if let Some(key) = headers
            .key
            .as_deref()
            .map(str::trim)
            .filter(|key| !key.is_empty())
        {
            return Some(found(key, Source::Key));
        }
        if let Some(bearer) = headers
            .authorization
            .as_deref()
            .map(of_authorization)
            .filter(|bearer| !bearer.is_empty())
        {
            return Some(found(bearer, Source::Authorization));
        }
        session_cookie(headers)
            .filter(|bearer| !bearer.is_empty())
            .map(|bearer| found(&bearer, Source::Cookie))
    }
}

/// Returns what follows the word Bearer, or the whole value without that word.
fn of_authorization(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(char::is_whitespace) {
        Some((word, rest)) if word.eq_ignore_ascii_case("bearer") => rest.trim_start(),
        None if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    }
}

/// Returns the value of the session cookie, whose name holds the port under which the gateway was called.
fn session_cookie(headers: &RequestHeaders<'_>) -> Option<String> {
    let name = match headers.host.as_deref().and_then(port) {
        Some(port) => format!("{COOKIE}_{port}"),
        None => COOKIE.to_owned(),
    };
    let pairs = headers
        .cookie
        .as_deref()?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| percent_decoded(value))
}

/// Returns the port of a `Host` value.
fn port(host: &str) -> Option<&str> {
    let (_, port) = host.rsplit_once(':')?;
    (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(port)
}

/// Decodes percent escapes; a value with a malformed one is returned as it is, and then is no token.
fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let mut decoded = [0];
        match after
            .get(..2)
            .map(|digits| hex::decode_to_slice(digits, &mut decoded))
        {
            Some(Ok(())) => {
                bytes.push(decoded[0]);
                rest = &after[2..];
            }
            _ => return value.to_owned(),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn find(headers: &[(&str, &str)]) -> Option<(String, Source)> {
        let headers = RequestHeaders::collect(
            headers
                .iter()
                .map(|(name, value)| (*name, value.as_bytes())),
        );
        Credential::find(&headers)
            .map(|found| (found.bearer.expose_secret().to_owned(), found.source))
    }

    fn bearer(headers: &[(&str, &str)]) -> Option<String> {
        find(headers).map(|(bearer, _)| bearer)
    }

    #[test]
    fn the_key_header_counts_before_authorization_and_that_before_the_cookie() {
        let all = [
            ("Cookie", "smithers_session=c"),
            ("Authorization", "Bearer a"),
            ("X-Smithers-Key", "k"),
        ];
        assert_eq!(find(&all), Some(("k".into(), Source::Key)));
        assert_eq!(find(&all[..2]), Some(("a".into(), Source::Authorization)));
        assert_eq!(find(&all[..1]), Some(("c".into(), Source::Cookie)));
        assert_eq!(find(&[]), None);
    }

    #[test]
    fn the_word_bearer_is_optional_and_of_any_case() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc", "abc", "  abc  "] {
            assert_eq!(
                bearer(&[("authorization", value)]).as_deref(),
                Some("abc"),
                "{value:?}"
            );
        }
        assert_eq!(
            bearer(&[("authorization", "Basic abc")]).as_deref(),
            Some("Basic abc")
        );
        for value in ["", " ", "Bearer", "Bearer "] {
            assert_eq!(bearer(&[("authorization", value)]), None, "{value:?}");
        }
    }

    #[test]
    fn a_header_given_twice_is_no_token() {
        let twice =
            bearer(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]).unwrap();
        assert_eq!(super::super::Fingerprint::of(&twice), None);
        let keys = bearer(&[("x-smithers-key", "a"), ("x-smithers-key", "b")]).unwrap();
        assert_eq!(super::super::Fingerprint::of(&keys), None);
    }

    #[test]
    fn the_cookie_is_that_of_the_port() {
        let cookies = (
            "cookie",
            "a=1; smithers_session_7331=p%2Bq; smithers_session=s",
        );
        assert_eq!(
            bearer(&[cookies, ("host", "localhost:7331")]).as_deref(),
            Some("p+q")
        );
        assert_eq!(
            bearer(&[cookies, ("host", "[::1]:7331")]).as_deref(),
            Some("p+q")
        );
        assert_eq!(
            bearer(&[cookies, ("host", "gateway.example")]).as_deref(),
            Some("s")
        );
        assert_eq!(bearer(&[cookies, ("host", "localhost:80")]), None);
    }

    #[test]
    fn a_malformed_escape_is_left_alone() {
        for value in ["%zz", "%", "%4", "%ff"] {
            assert_eq!(percent_decoded(value), value);
        }
        assert_eq!(percent_decoded("a%20b%C3%A9"), "a bé");
    }
}
