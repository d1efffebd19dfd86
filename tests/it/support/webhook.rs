//! Senders of webhooks: who sign what they send.

use ring::hmac;
use serde_json::Value;
use smithers_testkit::Gateway;
use smithers_testkit::http::{Request, exchange};

/// The value of the header with the signature of `text`.
pub(crate) fn signature(secret: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, text.as_bytes());
    format!("sha256={}", hex::encode(tag))
}

/// Sends `body` to the webhook of a workflow; returns the status and what was answered.
pub(crate) async fn post(
    gateway: &Gateway,
    workflow: &str,
    body: &str,
    headers: &[(&str, &str)],
) -> (u16, Value) {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let request = Request {
        method: "POST".into(),
        path: format!("/webhooks/{workflow}"),
        headers: headers.iter().map(pair).collect(),
        body: Some(body.as_bytes().to_vec()),
    };
    let answer = exchange(gateway.address(), &request).await.unwrap();
    (answer.status, answer.json().unwrap())
}
