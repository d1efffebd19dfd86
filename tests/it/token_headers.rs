//! Credentials of every odd form, as hostile clients send them.

use anyhow::Result;
use smithers_testkit::Gateway;
use smithers_testkit::http::{Request, Response, exchange};

use crate::support::{READER, get, scratch, start};

async fn list_runs(gateway: &Gateway, headers: &[(&str, &str)]) -> Result<Response> {
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let request = Request {
        method: "GET".into(),
        path: "/v1/runs".into(),
        headers: headers.iter().map(header).collect(),
        body: None,
    };
    exchange(gateway.address(), &request).await
}

#[tokio::test]
async fn odd_credentials_are_refused_and_the_gateway_lives_on() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let long = "x".repeat(600);
    let huge = "x".repeat(1024 * 1024);
    let cases: [&[(&str, &str)]; 7] = [
        &[(
            "authorization",
            &format!("Bearer {READER}, Bearer {READER}"),
        )],
        &[
            ("authorization", &format!("Bearer {READER}")),
            ("authorization", "Bearer other"),
        ],
        &[("authorization", &format!("Bearer {READER}\0"))],
        &[("authorization", &format!("Bearer {READER} more"))],
        &[("authorization", &format!("Basic {READER}"))],
        &[("authorization", &format!("Bearer {long}"))],
        &[("authorization", &format!("Bearer {huge}"))],
    ];
    for (number, headers) in cases.into_iter().enumerate() {
        // A head that is too large may find the connection closed while it is sent.
        if let Ok(response) = list_runs(&gateway, headers).await {
            let is_refused = matches!(response.status, 400 | 401 | 431);
            assert!(is_refused, "case {number}: {}", response.status);
        }
    }
    assert_eq!(get(&gateway, Some(READER), "/v1/runs").await.status, 200);
}

#[tokio::test]
async fn the_word_bearer_may_be_missing_or_written_in_any_way() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for value in ["bearer", "BEARER  ", ""] {
        let value = format!("{value} {READER}");
        let response = list_runs(&gateway, &[("authorization", &value)])
            .await
            .unwrap();
        assert_eq!(response.status, 200, "{value:?}");
    }
    let wrong_key = [("x-smithers-key", "wrong"), ("authorization", READER)];
    assert_eq!(list_runs(&gateway, &wrong_key).await.unwrap().status, 401);
}
