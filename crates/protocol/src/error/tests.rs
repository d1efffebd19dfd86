//! The table of codes against the published catalogue, and the shape on the wire.

use std::collections::HashMap;

use super::*;

/// Statuses that are better here than in the public gateway, each for a reason its catalogue or contract gives.
const BETTER: [(&str, u16); 5] = [
    // The catalogue promises these.
    ("CronNotFound", 404),
    ("TicketNotFound", 404),
    ("TIME_TRAVEL_SIDE_EFFECT_BLOCKED", 409),
    // A name that does not exist is not a fault of the server.
    ("EXTENSION_METHOD_NOT_FOUND", 404),
    // A full gateway is not a fault of the request.
    ("CONNECTION_LIMIT", 503),
];

/// A code of the published table that nothing in the protocol sends.
const NEVER_SENT: [&str; 2] = ["RUN_NOT_FOUND", "Forbidden"];

fn catalogue() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/contract/rpc-catalog.json"
    );
    let text = std::fs::read_to_string(path).expect("the catalogue is part of the repository");
    serde_json::from_str(&text).expect("the catalogue is JSON")
}

#[test]
fn statuses_are_those_of_the_published_table_or_listed_as_better() {
    let ours: HashMap<&str, u16> = ErrorCode::ALL
        .iter()
        .map(|code| (code.as_str(), code.status()))
        .collect();
    let catalogue = catalogue();
    let published = catalogue["httpStatusUsedByServer"]
        .as_object()
        .expect("a table");
    for (code, status) in published
        .iter()
        .filter(|(code, _)| !NEVER_SENT.contains(&code.as_str()))
    {
        let better = BETTER
            .iter()
            .find(|(name, _)| name == code)
            .map(|(_, status)| u64::from(*status));
        let expected = better.or(status.as_u64());
        assert_eq!(
            ours.get(code.as_str()).map(|status| u64::from(*status)),
            expected,
            "{code}"
        );
    }
}

#[test]
fn every_code_has_its_own_text() {
    let texts: std::collections::HashSet<_> =
        ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(texts.len(), ErrorCode::ALL.len());
}

#[test]
fn only_passing_conditions_are_retryable() {
    assert!(ErrorCode::Unavailable.retryable());
    assert!(!ErrorCode::AlreadyDecided.retryable());
    let client_faults = ErrorCode::ALL.iter().filter(|code| code.status() < 404);
    assert_eq!(client_faults.filter(|code| code.retryable()).count(), 0);
}

#[test]
fn extra_fields_sit_beside_code_and_message() {
    let error = RpcError::already_decided("run-1", "approve", 0, "denied");
    assert_eq!(
        serde_json::to_string(&error).expect("serialisable"),
        r#"{"version":"v1","code":"AlreadyDecided","message":"Approval for approve has already been decided","runId":"run-1","nodeId":"approve","iteration":0,"status":"denied"}"#,
    );
    assert_eq!(error.extra("status"), Some(&Value::from("denied")));
}

#[test]
fn a_missing_scope_is_named_for_the_client() {
    let error = RpcError::missing_scope("run:write", "launchRun");
    assert_eq!(
        error.message(),
        "Missing required scope run:write for launchRun"
    );
    assert_eq!(
        error.extra("requiredScope"),
        Some(&Value::from("run:write"))
    );
    assert_eq!(error.status(), 403);
}

#[test]
fn a_stream_cap_names_its_scope_and_limit() {
    let error = RpcError::stream_cap(StreamCap::Connection, 8);
    assert_eq!(
        error.message(),
        "Gateway run-event subscriber limit reached (connection cap of 8)."
    );
    assert_eq!(
        (error.extra("scope"), error.extra("limit")),
        (Some(&"connection".into()), Some(&8.into()))
    );
}
