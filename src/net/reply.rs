//! The answers of the transport itself, and the headers that every answer carries.

use actix_web::{
    HttpResponse,
    http::header::{self, ContentType, HeaderMap, HeaderName, HeaderValue},
};

use super::request_id::RequestId;

const API_VERSION: HeaderName = HeaderName::from_static("x-smithers-api-version");
const JSON: &str = "application/json";

/// 404 for a path, or a method on a path, that nothing serves.
///
/// Under `/v1/api` the envelope of that surface is kept.
pub fn route_not_found(path: &str) -> HttpResponse {
    let is_rest = path == "/v1/api" || path.starts_with("/v1/api/");
    let body = if is_rest {
        r#"{"ok":false,"error":{"code":"NOT_FOUND","message":"Route not found"}}"#
    } else {
        r#"{"error":{"code":"NOT_FOUND","message":"Route not found"}}"#
    };
    HttpResponse::NotFound()
        .content_type(ContentType::json())
        .body(body)
}

/// 400 for a path whose percent escapes cannot be decoded, as a response frame.
pub(super) fn bad_path(id: &RequestId) -> HttpResponse {
    let body = serde_json::json!({
        "type": "res",
        "id": id.as_str(),
        "ok": false,
        "apiVersion": "v1",
        "error": {
            "version": "v1",
            "code": "INVALID_REQUEST",
            "message": "Request path has a malformed percent escape.",
        },
    });
    HttpResponse::BadRequest()
        .content_type(ContentType::json())
        .body(body.to_string())
}

/// Sets what every response carries; a `Cache-Control` that a handler chose is kept.
pub(super) fn put_common_headers(headers: &mut HeaderMap) {
    headers.insert(API_VERSION, HeaderValue::from_static("v1"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let has_parameters = headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .strip_prefix(JSON.as_bytes())
            .is_some_and(|rest| rest.starts_with(b";"))
    });
    if has_parameters {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_after(name: HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        put_common_headers(&mut headers);
        headers
    }

    #[test]
    fn json_loses_its_charset_and_other_types_keep_theirs() {
        let json = headers_after(header::CONTENT_TYPE, "application/json; charset=utf-8");
        assert_eq!(json.get(header::CONTENT_TYPE).unwrap(), "application/json");
        let text = headers_after(header::CONTENT_TYPE, "text/event-stream; charset=utf-8");
        assert_eq!(
            text.get(header::CONTENT_TYPE).unwrap(),
            "text/event-stream; charset=utf-8"
        );
    }

    #[test]
    fn a_chosen_cache_control_is_kept() {
        let headers = headers_after(header::CACHE_CONTROL, "no-cache, no-transform");
        assert_eq!(
            headers.get(header::CACHE_CONTROL).unwrap(),
            "no-cache, no-transform"
        );
        assert_eq!(headers.get("x-smithers-api-version").unwrap(), "v1");
    }
}
