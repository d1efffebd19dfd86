//! The page at `/`: says what this is and where to go on.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

/// A person who opens the address in a browser.
pub(super) async fn index() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::html())
        .body(include_str!("index.html"))
}
