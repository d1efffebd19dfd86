//! The table against the published catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::error::ErrorCode;

/// Names that the published catalogue does not have: administration that the public gateway lacks.
const OURS: [(&str, &str); 6] = [
    ("deleteRun", "run:admin"),
    ("runs.delete", "run:admin"),
    ("holdRun", "run:admin"),
    ("runs.hold", "run:admin"),
    ("runs.fork", "run:write"),
    ("runs.timeline", "run:read"),
];

fn catalogue() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/contract/rpc-catalog.json"
    );
    let text = std::fs::read_to_string(path).expect("the catalogue is part of the repository");
    serde_json::from_str(&text).expect("the catalogue is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text")
}

/// Every name of the catalogue with the scope it needs.
fn published_names(catalogue: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for list in ["methods", "methodsOutsideCatalogue"] {
        for entry in catalogue[list].as_array().expect("a list") {
            names.insert(
                text(entry, "method").to_owned(),
                text(entry, "requiredScope").to_owned(),
            );
        }
    }
    for list in ["aliases", "aliasesNotInTable"] {
        for (alias, method) in catalogue[list].as_object().expect("a table") {
            let scope = names[method.as_str().expect("a name")].clone();
            names.insert(alias.clone(), scope);
        }
    }
    // Answered by the handshake, before there are scopes.
    names.remove("connect");
    names
}

#[test]
fn names_and_scopes_are_those_of_the_catalogue_and_a_few_of_ours() {
    let published = published_names(&catalogue());
    let mut ours: BTreeMap<String, String> = Method::ALL
        .iter()
        .flat_map(|method| {
            method
                .aliases()
                .iter()
                .copied()
                .chain([method.name()])
                .map(move |name| (name, method))
        })
        .map(|(name, method)| {
            (
                name.to_owned(),
                method.requirement().scope.as_str().to_owned(),
            )
        })
        .collect();
    for (name, scope) in OURS {
        assert!(!published.contains_key(name), "{name} is published");
        assert_eq!(ours.remove(name).as_deref(), Some(scope), "{name}");
    }
    assert_eq!(ours, published);
}

#[test]
fn aliases_stand_for_the_methods_of_the_catalogue() {
    let catalogue = catalogue();
    for list in ["aliases", "aliasesNotInTable"] {
        for (alias, method) in catalogue[list].as_object().expect("a table") {
            let (found, name) = Method::lookup(alias).expect("a known alias");
            assert_eq!(
                (found.name(), name),
                (method.as_str().expect("a name"), alias.as_str())
            );
        }
    }
}

#[test]
fn transports_are_those_of_the_catalogue() {
    for entry in catalogue()["methods"].as_array().expect("a list") {
        let (method, _) = Method::lookup(text(entry, "method")).expect("a known method");
        let expected = if text(entry, "transport") == "websocket" {
            Transport::WebSocket
        } else {
            Transport::Both
        };
        assert_eq!(method.transport(), expected, "{}", method.name());
    }
}

#[test]
fn every_name_has_the_form_of_a_method_name() {
    for method in Method::ALL {
        assert!(is_method_name(method.name()));
        assert!(method.aliases().iter().all(|alias| is_method_name(alias)));
    }
}

#[test]
fn the_served_methods_are_the_announced_ones() {
    let served: BTreeSet<_> = Method::ALL
        .iter()
        .filter(|method| method.availability() == Availability::Served)
        .map(|method| method.name())
        .collect();
    let announced = [
        "attempts.get",
        "attempts.list",
        "cancelRun",
        "cronCreate",
        "cronDelete",
        "cronList",
        "cronRun",
        "deleteRun",
        "frames.get",
        "frames.list",
        "getDevToolsSnapshot",
        "getNodeDiff",
        "getNodeOutput",
        "getRun",
        "getRunDiff",
        "getScoreDetail",
        "health",
        "holdRun",
        "launchRun",
        "listApprovals",
        "listNodeStates",
        "listRunDescendants",
        "listRunTokenUsage",
        "listRuns",
        "listScores",
        "listScoresForRuns",
        "listWorkflows",
        "pauseRun",
        "resumeRun",
        "retryTask",
        "rewindRun",
        "runs.diff",
        "runs.fork",
        "runs.rerun",
        "runs.timeline",
        "streamDevTools",
        "streamRunEvents",
        "submitApproval",
        "submitSignal",
        "whatHappened",
    ];
    assert_eq!(served, announced.into_iter().collect());
}

#[test]
fn a_planned_method_says_that_it_is_not_in_this_build() {
    let error = resolve("hijackRun").served(false).expect_err("planned");
    assert_eq!(
        (error.code(), error.status()),
        (ErrorCode::MethodNotAvailable, 501)
    );
    assert!(error.message().contains("hijackRun"), "{error}");
}

#[test]
fn an_unknown_method_is_not_found_and_needs_only_to_read_runs() {
    for name in ["nope", "nope.nope", "toString", "connect"] {
        let method = resolve(name);
        assert_eq!(method.requirement().scope.as_str(), "run:read");
        let error = method.served(true).expect_err("unknown");
        assert_eq!(
            (error.code(), error.status()),
            (ErrorCode::MethodNotFound, 404)
        );
        assert_eq!(error.message(), format!("Unknown method: {name}"));
        assert_eq!(method.label(), "unknown");
    }
    assert_eq!(
        resolve("config.get").requirement().scope.as_str(),
        "run:admin"
    );
    assert_eq!(
        resolve("oneshotMonitorAttach").requirement().scope.as_str(),
        "run:write"
    );
}

#[test]
fn an_unknown_extension_method_names_itself() {
    let error = resolve("ext.demo.zip").served(true).expect_err("unknown");
    assert_eq!(
        (error.code(), error.status()),
        (ErrorCode::ExtensionMethodNotFound, 404)
    );
    assert_eq!(error.message(), "Unknown extension method: ext.demo.zip");
    assert_eq!(error.extra("method"), Some(&"ext.demo.zip".into()));
}

#[test]
fn a_stream_can_be_opened_over_a_websocket_only() {
    assert_eq!(
        resolve("streamRunEvents").served(true),
        Ok(Method::StreamRunEvents)
    );
    let error = resolve("streamRunEvents")
        .served(false)
        .expect_err("no stream");
    assert_eq!(error.code(), ErrorCode::InvalidRequest);
    assert_eq!(
        error.message(),
        "streamRunEvents is only supported over websocket connections"
    );
}

#[test]
fn an_alias_is_labelled_by_its_own_name() {
    assert_eq!(resolve("runs.create").label(), "runs.create");
    assert_eq!(resolve("runs.create").served(false), Ok(Method::LaunchRun));
}
