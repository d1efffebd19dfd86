//! The id of one request: the caller's own when it is usable, else a new one.

use std::{convert::Infallible, fmt, future, rc::Rc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderMap};
use uuid::Uuid;

/// Longest `x-request-id` that is taken over, in characters.
const MAX_LEN: usize = 128;

/// The id of the current request; an extractor for handlers. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Rc<str>);

impl RequestId {
    /// Takes the `x-request-id` header if it is 1 to 128 visible characters.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok());
        match given {
            Some(id) if (1..=MAX_LEN).contains(&id.len()) => Self(id.into()),
            _ => Self(Uuid::new_v4().to_string().into()),
        }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Error = Infallible;
    type Future = future::Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = req.extensions().get::<Self>().cloned();
        future::ready(Ok(known.unwrap_or_else(|| Self::of(req.headers()))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn id_for(header: &str) -> RequestId {
        let req = TestRequest::default()
            .insert_header(("x-request-id", header))
            .to_http_request();
        RequestId::of(req.headers())
    }

    #[test]
    fn a_usable_header_is_taken_over_and_anything_else_replaced() {
        assert_eq!(id_for("caller-1").as_str(), "caller-1");
        for unusable in ["", &"x".repeat(129)] {
            assert!(
                Uuid::parse_str(id_for(unusable).as_str()).is_ok(),
                "{unusable}"
            );
        }
    }
}
