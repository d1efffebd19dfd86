//! From the headers of a request to an identity.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use smithers_actors::session::{Authenticator, Transport, UpgradeInfo, authorise};

use super::*;
use crate::auth::{GateRefusal, Gatekeeper, RequestHeaders, UpgradeRefusal};
use crate::config::{Access, AuthMode, Limits};

fn gatekeeper(auth: AuthMode) -> Gatekeeper {
    let folder = Folder::new();
    folder.write_tokens(json!({
        "reader": {"scopes": ["run:read"], "role": "viewer"},
        "expired": {"scopes": ["*"], "expiresAtMs": 1},
    }));
    let limits = Limits {
        failed_auth: 0,
        failed_auth_total: 0,
        requests: 0,
        launches: 0,
        approvals: 0,
    };
    let access = Access {
        auth,
        token_store: folder.path(),
        allow_loose_mode: false,
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        trust_any_host: false,
        metrics_public: false,
    };
    Gatekeeper::new(&access, &limits, Arc::new(folder.open()), Arc::new(Still))
}

fn headers(headers: &'static [(&'static str, &'static str)]) -> RequestHeaders<'static> {
    RequestHeaders::collect(
        headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes())),
    )
}

fn refusal(gatekeeper: &Gatekeeper, sent: &'static [(&'static str, &'static str)]) -> String {
    let error = gatekeeper.http(&headers(sent), None).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.status()),
        ("UNAUTHORIZED", 401)
    );
    error.message().to_owned()
}

#[test]
fn a_request_is_refused_with_the_recorded_words() {
    let gatekeeper = gatekeeper(AuthMode::Token);
    assert_eq!(refusal(&gatekeeper, &[]), "A bearer token is required");
    assert_eq!(
        refusal(&gatekeeper, &[("authorization", "Bearer wrong")]),
        "Invalid token"
    );
    let expired = "Token expired; issue a refreshed token.";
    assert_eq!(
        refusal(&gatekeeper, &[("authorization", "Bearer expired")]),
        expired
    );
    let wrong_key = &[
        ("x-smithers-key", "wrong"),
        ("authorization", "Bearer reader"),
    ];
    assert_eq!(refusal(&gatekeeper, wrong_key), "Invalid token");
}

#[test]
fn a_right_token_gives_an_identity_that_may_do_what_it_was_granted() {
    let identity = gatekeeper(AuthMode::Token)
        .http(&headers(&[("authorization", "bearer reader")]), None)
        .unwrap();
    assert!(authorise(&identity, "listRuns", Transport::Http).is_ok());
    let error = authorise(&identity, "launchRun", Transport::Http).unwrap_err();
    assert_eq!(
        error.message(),
        "Missing required scope run:write for launchRun"
    );
}

#[test]
fn the_gates_come_before_the_token() {
    let foreign = &[
        ("cookie", "smithers_session=wrong"),
        ("origin", "https://evil.example"),
        ("host", "gw.example"),
    ];
    let message = "Origin is not allowed for cookie-authenticated requests";
    let gatekeeper = gatekeeper(AuthMode::Token);
    assert_eq!(refusal(&gatekeeper, foreign), message);
    assert_eq!(
        gatekeeper.upgrade(&headers(foreign), None).unwrap_err(),
        UpgradeRefusal::Gate(GateRefusal::CookieOrigin)
    );
}

#[test]
fn a_socket_may_bring_its_token_when_it_connects_or_with_the_upgrade() {
    let gatekeeper = gatekeeper(AuthMode::Token);
    let bearer = gatekeeper
        .upgrade(&headers(&[("x-smithers-key", "reader")]), None)
        .unwrap();
    let upgrade = UpgradeInfo {
        bearer,
        request_id: "r".into(),
        address: None,
    };
    assert_eq!(gatekeeper.connect(None, &upgrade).unwrap().role, "viewer");
    let wrong = SecretString::from("wrong");
    assert_eq!(
        gatekeeper
            .connect(Some(&wrong), &upgrade)
            .unwrap_err()
            .message(),
        "Invalid token"
    );
    let right = SecretString::from("reader");
    let identity = gatekeeper
        .connect(Some(&right), &UpgradeInfo::default())
        .unwrap();
    assert_eq!(gatekeeper.recheck(&identity), Ok(()));
}

#[test]
fn without_authentication_everybody_nearby_is_an_operator() {
    let gatekeeper = gatekeeper(AuthMode::None);
    let identity = gatekeeper
        .http(
            &headers(&[("host", "localhost:7331"), ("authorization", "Bearer x")]),
            None,
        )
        .unwrap();
    assert_eq!(
        (identity.role.as_str(), identity.user_id, identity.token_id),
        ("operator", None, None)
    );
    assert_eq!(identity.grants.written(), ["*"]);
    assert_eq!(
        refusal(&gatekeeper, &[("host", "evil.example")]),
        "Host is not allowed"
    );
    assert_eq!(
        refusal(&gatekeeper, &[("origin", "https://evil.example")]),
        "Origin is not allowed"
    );
    let socket = gatekeeper.connect(None, &UpgradeInfo::default()).unwrap();
    assert_eq!(gatekeeper.recheck(&socket), Ok(()));
}
