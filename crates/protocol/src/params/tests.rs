//! Parameters and the words of their refusals, most of them as recorded.

mod launch;

use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::error::RpcError;

fn params(value: Value) -> Params {
    value.as_object().expect("an object").clone()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, RpcError>) -> (&'static str, String) {
    let error = result.expect_err("refused");
    (error.code().as_str(), error.message().to_owned())
}

fn expect<T: std::fmt::Debug>(result: Result<T, RpcError>, code: &str, message: &str) {
    let (found_code, found_message) = refusal(result);
    assert_eq!((found_code, found_message.as_str()), (code, message));
}

#[test]
fn connect_is_refused_with_the_recorded_words() {
    let connect = |value: Value| Connect::read(Some(&params(value)));
    expect(
        Connect::read(None),
        "INVALID_REQUEST",
        "Connect params must be an object",
    );
    let missing = "Connect request is missing protocol negotiation fields";
    for value in [
        json!({"minProtocol": 1}),
        json!({"minProtocol": 1, "maxProtocol": 1}),
        json!({"minProtocol": 1, "maxProtocol": 1, "client": ""}),
        json!({"minProtocol": "1", "maxProtocol": 1, "client": {}}),
    ] {
        expect(connect(value), "INVALID_REQUEST", missing);
    }
    let range =
        |min: f64, max: f64| connect(json!({"minProtocol": min, "maxProtocol": max, "client": {}}));
    expect(
        range(0.0, 1.0),
        "INVALID_INPUT",
        "minProtocol must be a finite number greater than 0.",
    );
    expect(
        range(1.5, 2.0),
        "INVALID_INPUT",
        "minProtocol must be an integer greater than 0.",
    );
    expect(
        range(1.0, -2.0),
        "INVALID_INPUT",
        "maxProtocol must be a finite number greater than 0.",
    );
    for (min, max) in [(2.0, 3.0), (2.0, 1.0)] {
        expect(
            range(min, max),
            "PROTOCOL_UNSUPPORTED",
            "Gateway protocol 1 is not supported by the client",
        );
    }
}

#[test]
fn connect_keeps_the_token_out_of_sight() {
    let value = json!({"minProtocol": 1, "maxProtocol": 2, "client": "x", "auth": {"token": "s3cret"}, "subscribe": ["r", 1]});
    let connect = Connect::read(Some(&params(value))).unwrap();
    assert!(!format!("{connect:?}").contains("s3cret"));
    assert_eq!(
        connect
            .token
            .map(|token| token.expose_secret().to_owned())
            .as_deref(),
        Some("s3cret")
    );
    assert_eq!(connect.subscribe, Some(vec!["r".to_owned()]));
}

#[test]
fn reads_of_one_run_need_its_id() {
    for value in [json!({}), json!({"runId": ""}), json!({"runId": 5})] {
        let params = params(value);
        expect(
            GetRun::read(&params),
            "INVALID_REQUEST",
            "runId is required",
        );
        expect(
            CancelRun::read(&params),
            "INVALID_REQUEST",
            "runId is required",
        );
        expect(
            ResumeRun::read(&params),
            "INVALID_REQUEST",
            "runId is required",
        );
        expect(
            ListNodeStates::read(&params),
            "INVALID_REQUEST",
            "runId is required",
        );
        expect(
            StreamRunEvents::read(&params),
            "InvalidRunId",
            "runId is required",
        );
    }
    assert_eq!(
        GetRun::read(&params(json!({"runId": "BAD"})))
            .unwrap()
            .run_id,
        "BAD"
    );
}

#[test]
fn a_list_of_runs_is_limited_and_filtered() {
    let list = |filter: Value| ListRuns::read(&params(json!({"filter": filter})));
    assert_eq!(ListRuns::read(&Params::new()), Ok(ListRuns::default()));
    let read = list(json!({"limit": 5000, "offset": 1, "status": "failed", "includeSystem": true}))
        .unwrap();
    assert_eq!(
        (
            read.limit,
            read.offset,
            read.status.as_deref(),
            read.include_system
        ),
        (1000, 1, Some("failed"), true)
    );
    expect(
        list(json!({"limit": 0})),
        "INVALID_INPUT",
        "limit must be a finite number greater than 0.",
    );
    for offset in [
        json!(-1),
        json!(1.5),
        json!("1"),
        json!(9_007_199_254_740_993_u64),
    ] {
        expect(
            list(json!({"offset": offset})),
            "INVALID_REQUEST",
            "offset must be a non-negative integer",
        );
    }
}

#[test]
fn filters_of_lists_may_stand_beside_the_filter() {
    let approvals = ListApprovals::read(&params(
        json!({"runId": "a", "workflow": "w", "limit": 1, "filter": {"runId": "b"}}),
    ));
    let expected = ListApprovals {
        run_id: Some("b".into()),
        workflow: Some("w".into()),
        limit: Some(1),
    };
    assert_eq!(approvals, Ok(expected));
    let workflows = ListWorkflows::read(&params(
        json!({"hasUi": true, "filter": {"includeSystem": true}}),
    ));
    assert_eq!(
        workflows,
        ListWorkflows {
            has_ui: Some(true),
            include_system: true
        }
    );
}

#[test]
fn a_decision_needs_a_run_a_node_and_an_answer() {
    let submit = |value: Value| SubmitApproval::read(&params(value));
    let message = "runId, nodeId, and approved are required";
    for value in [
        json!({"runId": "run-appr", "nodeId": "approve"}),
        json!({"runId": "r", "nodeId": "n", "approved": "yes"}),
        json!({"nodeId": "n", "approved": true}),
    ] {
        expect(submit(value), "INVALID_REQUEST", message);
    }
    let digest = json!({"runId": "r", "nodeId": "n", "approved": true, "requestDigest": "ab"});
    assert_eq!(
        submit(digest).unwrap().request_digest.as_deref(),
        Some("ab")
    );
    let no_digest = json!({"runId": "r", "nodeId": "n", "approved": true, "requestDigest": 5});
    let message = "requestDigest must be a string";
    expect(submit(no_digest), "INVALID_REQUEST", message);
    let top = submit(
        json!({"runId": "r", "nodeId": "n", "approved": false, "note": "no", "decision": {"approved": true, "note": "x"}}),
    );
    let top = top.unwrap();
    assert_eq!(
        (top.approved, top.note.as_deref(), top.iteration),
        (false, Some("no"), 0)
    );
    assert!(
        submit(json!({"runId": "r", "nodeId": "n", "approved": true, "iteration": -1})).is_err()
    );
}

#[test]
fn the_stored_decision_is_its_value_or_the_whole() {
    let decision = |decision: Value| {
        SubmitApproval::read(&params(
            json!({"runId": "r", "nodeId": "n", "approved": true, "decision": decision}),
        ))
        .unwrap()
        .decision
    };
    assert_eq!(
        decision(json!({"value": {"selected": "b"}})),
        Some(json!({"selected": "b"}))
    );
    assert_eq!(decision(json!({"value": null})), Some(Value::Null));
    assert_eq!(
        decision(json!({"selected": "b"})),
        Some(json!({"selected": "b"}))
    );
    assert_eq!(decision(json!(null)), None);
}

#[test]
fn a_node_output_is_asked_for_in_the_recorded_order_of_checks() {
    let read = |value: Value| GetNodeOutput::read(&params(value));
    let run = "runId must match /^[a-z0-9_-][a-z0-9_.-]{0,63}$/.";
    expect(
        read(json!({"runId": "BAD", "nodeId": "a b"})),
        "InvalidRunId",
        run,
    );
    expect(read(json!({})), "InvalidRunId", run);
    expect(
        read(json!({"runId": "r", "nodeId": "a b"})),
        "InvalidNodeId",
        "nodeId must match /^[a-zA-Z0-9:_-]{1,128}$/.",
    );
    let iteration = "iteration must be a non-negative 32-bit integer.";
    for value in [
        json!(null),
        json!(-1),
        json!(1.5),
        json!(2_147_483_648_u64),
        json!("x"),
        json!(""),
    ] {
        expect(
            read(json!({"runId": "r", "nodeId": "n", "iteration": value})),
            "InvalidIteration",
            iteration,
        );
    }
    assert_eq!(
        read(json!({"runId": "r", "nodeId": "n", "iteration": "2"}))
            .unwrap()
            .iteration,
        2
    );
    assert_eq!(
        read(json!({"runId": "r", "nodeId": "n", "iteration": 2_147_483_647}))
            .unwrap()
            .iteration,
        2_147_483_647
    );
}

#[test]
fn a_stream_begins_after_a_number_that_was_given_out() {
    let read = |value: Value| StreamRunEvents::read(&params(value));
    for after in [json!(-1), json!(1.5), json!("1"), json!(null)] {
        let message = "afterSeq must be a non-negative integer";
        expect(
            read(json!({"runId": "r", "afterSeq": after})),
            "SeqOutOfRange",
            message,
        );
    }
    assert_eq!(
        read(json!({"runId": "r", "afterSeq": 0}))
            .unwrap()
            .after_seq,
        Some(0)
    );
    assert_eq!(read(json!({"runId": "r"})).unwrap().after_seq, None);
    expect(
        check_after_seq(Some(9999), 4),
        "SeqOutOfRange",
        "afterSeq 9999 is newer than current seq 4",
    );
    assert_eq!(
        (check_after_seq(Some(4), 4), check_after_seq(None, 0)),
        (Ok(()), Ok(()))
    );
}

#[test]
fn run_ids_are_plain_or_of_children_or_of_runs_that_go_on_for_others() {
    for id in [
        "run-3tasks",
        "a",
        "0.b_c-d",
        "-x",
        &"a".repeat(64),
        "run-1:child:sub:0",
        "r:child:A@b=1,x.y:c:12",
        "r:child:a:1:child:b:2",
        "r:next:2",
        "r:next:12:child:sub:0:next:3",
    ] {
        assert_eq!(check_run_id(id), Ok(()), "{id}");
    }
    let long_child = format!("{}:child:n:0", "a".repeat(250));
    for id in [
        "",
        ".a",
        "A",
        "a b",
        "a/b",
        "é",
        &"a".repeat(65),
        "r:child::0",
        "r:child:n:",
        "r:child:n:x",
        "r:kid:n:0",
        ":child:n:0",
        "r:next:",
        "r:next:x",
        "r:next:2:next:3",
        ":next:2",
        &long_child,
    ] {
        assert_eq!(refusal(check_run_id(id)).0, "InvalidRunId", "{id}");
    }
}

#[test]
fn a_client_launches_no_run_under_an_id_that_the_gateway_makes() {
    for id in ["r:next:2", "r:child:sub:0"] {
        let launch = params(json!({"workflow": "w", "runId": id}));
        assert_eq!(refusal(LaunchRun::read(launch)).0, "InvalidRunId", "{id}");
    }
}

/// Fields that methods know, with values that they may not expect.
fn any_params() -> impl Strategy<Value = Params> {
    let key = prop::sample::select(vec![
        "runId",
        "nodeId",
        "iteration",
        "afterSeq",
        "filter",
        "options",
        "limit",
        "offset",
        "workflow",
        "decision",
        "approved",
        "minProtocol",
        "maxProtocol",
        "client",
        "startedBy",
        "idempotencyKey",
        "input",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9.]{0,3}".prop_map(Value::from),
    ];
    let fields = move |value: BoxedStrategy<Value>| {
        prop::collection::vec((key.clone(), value), 0..6).prop_map(|fields| {
            fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Params>()
        })
    };
    let value = leaf.prop_recursive(2, 12, 4, {
        let fields = fields.clone();
        move |inner| prop_oneof![fields(inner.clone()).prop_map(Value::Object), inner]
    });
    fields(value.boxed())
}

proptest! {
    #[test]
    fn whatever_is_read_keeps_its_promises(params in any_params()) {
        if let Ok(list) = ListRuns::read(&params) {
            prop_assert!((1..=crate::limits::LIST_MAX).contains(&list.limit));
            prop_assert!(list.offset <= crate::limits::MAX_SAFE_INTEGER);
        }
        if let Ok(read) = GetNodeOutput::read(&params) {
            prop_assert!(check_run_id(&read.run_id).is_ok() && check_node_id(&read.node_id).is_ok());
            prop_assert!(u64::from(read.iteration) <= crate::limits::MAX_ITERATION);
        }
        if let Ok(stream) = StreamRunEvents::read(&params) {
            prop_assert!(!stream.run_id.is_empty());
        }
        if Connect::read(Some(&params)).is_ok() {
            prop_assert!(params["minProtocol"].as_f64() <= Some(1.0) && params["maxProtocol"].as_f64() >= Some(1.0));
        }
        if let Ok(submit) = SubmitApproval::read(&params) {
            prop_assert!(!submit.run_id.is_empty() && !submit.node_id.is_empty());
        }
        if let Ok(launch) = LaunchRun::read(params) {
            prop_assert!(!launch.workflow.is_empty());
            prop_assert!(launch.run_id.is_none_or(|id| check_run_id(&id).is_ok()));
            prop_assert!(launch.max_concurrency != Some(0));
        }
    }
}
