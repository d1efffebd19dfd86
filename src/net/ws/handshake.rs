//! The opening handshake. The only module that knows `actix-web-actors`, of which nothing
//! but the handshake is used: its sessions are polled only while the response is drained.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    guard::GuardContext,
    http::{
        Method, StatusCode,
        header::{self, ContentType, HeaderMap, HeaderValue},
    },
};
use actix_web_actors::ws::handshake_with_protocols;

const VERSION: &str = "13";

/// A route guard: whether the request asks for a WebSocket, at whatever path.
pub fn wants_websocket(ctx: &GuardContext<'_>) -> bool {
    let head = ctx.head();
    head.method == Method::GET && head.upgrade() && names_websocket(head.headers())
}

fn names_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.trim().eq_ignore_ascii_case("websocket"))
}

/// Returns the answer to an upgrade that is refused, as one line of text.
pub fn refuse(status: StatusCode, why: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::plaintext())
        .body(format!("{why}\n"))
}

/// Why an upgrade is refused; a handler may return it as its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 426, with the version that is spoken.
    #[error("Sec-WebSocket-Version must be 13")]
    UnsupportedVersion,
    /// 400.
    #[error("Sec-WebSocket-Key is missing")]
    MissingKey,
    /// 400: method or headers are not those of an upgrade.
    #[error("the request is not a WebSocket upgrade")]
    NotAnUpgrade,
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::UnsupportedVersion => StatusCode::UPGRADE_REQUIRED,
            Self::MissingKey | Self::NotAnUpgrade => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = refuse(self.status_code(), &self.to_string());
        if *self == Self::UnsupportedVersion {
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(
                header::SEC_WEBSOCKET_VERSION,
                HeaderValue::from_static(VERSION),
            );
        }
        response
    }
}

/// Returns the 101 answer without a body; the first subprotocol offered is echoed.
pub(super) fn accept(req: &HttpRequest) -> Result<HttpResponseBuilder, Refusal> {
    let headers = req.headers();
    let version = headers.get(header::SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != VERSION) {
        return Err(Refusal::UnsupportedVersion);
    }
    if headers
        .get(header::SEC_WEBSOCKET_KEY)
        .is_none_or(HeaderValue::is_empty)
    {
        return Err(Refusal::MissingKey);
    }
    let offered = headers
        .get(header::SEC_WEBSOCKET_PROTOCOL)
        .and_then(|value| value.to_str().ok());
    let first = offered
        .and_then(|offered| offered.split(',').next())
        .map(str::trim);
    handshake_with_protocols(req, first.as_slice()).map_err(|_| Refusal::NotAnUpgrade)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(version: &str, key: &str) -> TestRequest {
        TestRequest::get()
            .insert_header((header::CONNECTION, "Upgrade"))
            .insert_header((header::UPGRADE, "websocket"))
            .insert_header((header::SEC_WEBSOCKET_VERSION, version))
            .insert_header((header::SEC_WEBSOCKET_KEY, key))
    }

    fn refusal(request: TestRequest) -> HttpResponse {
        accept(&request.to_http_request())
            .err()
            .expect("the upgrade is refused")
            .error_response()
    }

    #[test]
    fn other_versions_are_told_the_right_one() {
        for version in ["8", "14", ""] {
            let response = refusal(request(version, "dGhlIHNhbXBsZSBub25jZQ=="));
            assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
            assert_eq!(
                response
                    .headers()
                    .get(header::SEC_WEBSOCKET_VERSION)
                    .unwrap(),
                "13"
            );
        }
    }

    #[test]
    fn a_missing_key_is_a_bad_request() {
        assert_eq!(refusal(request("13", "")).status(), StatusCode::BAD_REQUEST);
    }
}
