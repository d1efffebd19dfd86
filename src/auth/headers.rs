//! The request headers that say who a caller is and where it comes from.

use std::borrow::Cow;

/// The headers that authentication looks at.
///
/// A header that occurs twice reads as both values joined, which no token, host or origin equals, so that a second value
/// never hides behind the first. Bytes that are no text read as replacement characters, with the same effect.
#[derive(Debug, Clone, Default)]
pub struct RequestHeaders<'a> {
    pub(super) key: Option<Cow<'a, str>>,
    pub(super) authorization: Option<Cow<'a, str>>,
    pub(super) cookie: Option<Cow<'a, str>>,
    pub(super) origin: Option<Cow<'a, str>>,
    pub(super) host: Option<Cow<'a, str>>,
}

impl<'a> RequestHeaders<'a> {
    /// Picks the headers from all of a request; names are compared without regard to case.
    pub fn collect<I>(headers: I) -> RequestHeaders<'a>
    where
        I: IntoIterator<Item = (&'a str, &'a [u8])>,
    {
        let mut picked = RequestHeaders::default();
        for (name, value) in headers {
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let (place, separator) = match () {
                () if is("x-smithers-key") => (&mut picked.key, ", "),
                () if is("authorization") => (&mut picked.authorization, ", "),
                () if is("cookie") => (&mut picked.cookie, "; "),
                () if is("origin") => (&mut picked.origin, ", "),
                () if is("host") => (&mut picked.host, ", "),
                () => continue,
            };
            let value = String::from_utf8_lossy(value);
            *place = Some(match place.take() {
                None => value,
                Some(first) => format!("{first}{separator}{value}").into(),
            });
        }
        picked
    }
}
