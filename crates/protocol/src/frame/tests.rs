//! Frames against the recorded ones.

use bytes::BytesMut;
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::error::{ErrorCode, RpcError};

fn refused(message: &str) -> (String, String) {
    let error = RequestFrame::parse(message.as_bytes()).expect_err("refused");
    assert_eq!(error.error.code(), ErrorCode::InvalidInput);
    (
        error.answer_id().to_owned(),
        error.error.message().to_owned(),
    )
}

fn refusal(message: &str) -> String {
    refused(message).1
}

#[test]
fn a_request_is_read_with_its_parameters_as_text() {
    let frame =
        RequestFrame::parse(br#"{"type":"req","id":"a","method":"getRun","params":{"runId":"r"}}"#)
            .unwrap();
    assert_eq!((frame.id.as_str(), frame.method.as_str()), ("a", "getRun"));
    assert_eq!(
        frame.params.object(),
        Some(json!({"runId":"r"}).as_object().unwrap().clone())
    );
}

#[test]
fn parameters_that_are_no_object_count_as_empty() {
    for params in ["null", "[]", "1", "\"x\""] {
        let message = format!(r#"{{"type":"req","id":"","method":"health","params":{params}}}"#);
        let frame = RequestFrame::parse(message.as_bytes()).unwrap();
        assert_eq!(frame.params.object(), None);
        assert!(frame.params.object_or_empty().is_empty());
    }
}

#[test]
fn frames_that_are_no_requests_are_refused_with_the_recorded_words() {
    assert_eq!(refusal("{bad"), "Gateway RPC payload must be valid JSON.");
    for message in ["[]", "null", "\"x\"", r#"{"type":"event"}"#, "{}"] {
        assert_eq!(refusal(message), "Gateway frame must be a request object.");
    }
    assert_eq!(
        refusal(r#"{"type":"req","id":5,"method":"health"}"#),
        "Gateway frame id must be a string."
    );
    assert_eq!(
        refusal(r#"{"type":"req","id":"a"}"#),
        "Gateway method name must be a string."
    );
    for method in ["Bad", "with-dash", ""] {
        let message = format!(r#"{{"type":"req","id":"a","method":"{method}"}}"#);
        assert_eq!(refusal(&message), "Gateway method name is invalid.");
    }
    let invalid_utf8 =
        RequestFrame::parse(b"{\"type\":\"req\",\"id\":\"\xff\",\"method\":\"health\"}");
    assert_eq!(
        invalid_utf8.unwrap_err().error.message(),
        "Gateway RPC payload must be valid JSON."
    );
}

#[test]
fn ids_and_method_names_have_a_longest_length() {
    let frame = |id: usize, method: usize| {
        format!(
            r#"{{"type":"req","id":"{}","method":"{}"}}"#,
            "i".repeat(id),
            "a".repeat(method)
        )
    };
    assert!(RequestFrame::parse(frame(128, 64).as_bytes()).is_ok());
    assert_eq!(
        refusal(&frame(129, 6)),
        "id exceeds the maximum length of 128 characters."
    );
    assert_eq!(
        refusal(&frame(1, 65)),
        "method exceeds the maximum length of 64 characters."
    );
}

#[test]
fn bounds_hold_anywhere_in_a_frame() {
    let frame =
        |a: &str| format!(r#"{{"type":"req","id":"s","method":"health","params":{{"a":{a}}}}}"#);
    let text = |length: usize| frame(&format!("\"{}\"", "x".repeat(length)));
    assert!(RequestFrame::parse(text(16_384).as_bytes()).is_ok());
    assert_eq!(
        refusal(&text(16_385)),
        "gateway frame contains a string exceeding 16384 characters (at gateway frame.params.a: 16385 characters).",
    );
    let array = |items: usize| frame(&format!("[{}]", vec!["0"; items].join(",")));
    assert!(RequestFrame::parse(array(256).as_bytes()).is_ok());
    assert_eq!(
        refusal(&array(257)),
        "gateway frame contains an array exceeding 256 items."
    );
    let nested = |objects: usize| {
        frame(&format!(
            "{}1{}",
            r#"{"d":"#.repeat(objects),
            "}".repeat(objects)
        ))
    };
    assert!(RequestFrame::parse(nested(29).as_bytes()).is_ok());
    assert_eq!(
        refusal(&nested(30)),
        "gateway frame exceeds the maximum JSON depth of 32."
    );
}

#[test]
fn a_refusal_carries_the_id_of_the_frame_when_it_can_be_read() {
    assert_eq!(refused(r#"{"type":"req","id":"a","method":"Bad"}"#).0, "a");
    assert_eq!(refused(r#"{"id":"b"}"#).0, "b");
    assert_eq!(
        refused(&format!(
            r#"{{"type":"req","params":"{}","id":"c"}}"#,
            "x".repeat(20_000)
        ))
        .0,
        "c"
    );
    assert_eq!(
        refused(&format!(r#"{{"type":"req","id":"{}"}}"#, "i".repeat(129))).0,
        "invalid"
    );
    assert_eq!(
        refused(r#"{"type":"req","id":5,"method":"health"}"#).0,
        "invalid"
    );
    assert_eq!(refused(r#"{"id":"a""#).0, "invalid");
}

#[test]
fn a_long_prompt_is_left_to_its_reader() {
    let prompt = "p".repeat(20_000);
    let params = format!(r#"{{"options":{{"startedBy":{{"prompt":"{prompt}"}}}}}}"#);
    let frame = format!(r#"{{"type":"req","id":"a","method":"launchRun","params":{params}}}"#);
    assert!(RequestFrame::parse(frame.as_bytes()).is_ok());
    assert!(RpcBody::for_method("launchRun", params.as_bytes()).is_ok());
    assert!(
        RpcBody::for_method(
            "launchRun",
            format!(r#"{{"method":"x","params":{params}}}"#).as_bytes()
        )
        .is_ok()
    );
    assert!(
        RpcBody::for_method("launchRun", format!(r#"{{"params":{params}}}"#).as_bytes()).is_err()
    );
}

#[test]
fn a_body_is_the_parameters_or_an_envelope() {
    let bare = RpcBody::for_method("getRun", br#"{"id":"mine","runId":"zz"}"#).unwrap();
    assert_eq!(
        (bare.id.as_deref(), bare.method.as_str()),
        (Some("mine"), "getRun")
    );
    assert_eq!(bare.params.object_or_empty()["runId"], "zz");
    let envelope = RpcBody::for_method(
        "getRun",
        br#"{"id":1,"method":"other","params":{"runId":"zz"}}"#,
    )
    .unwrap();
    assert_eq!((envelope.id, envelope.method.as_str()), (None, "getRun"));
    assert_eq!(envelope.params.object_or_empty()["runId"], "zz");
    let empty = RpcBody::for_method("health", b"").unwrap();
    assert!(empty.params.object().unwrap().is_empty());
    let rpc = RpcBody::envelope(br#"{"id":"x","method":"health"}"#).unwrap();
    assert_eq!(
        (rpc.id.as_deref(), rpc.method.as_str(), rpc.params.object()),
        (Some("x"), "health", None)
    );
}

#[test]
fn bodies_are_refused_with_the_recorded_words() {
    let refusal = |result: Result<RpcBody, FrameError>| {
        let error = result.expect_err("refused");
        (
            error.id.unwrap_or_default(),
            error.error.code().as_str(),
            error.error.message().to_owned(),
        )
    };
    let expected = |id: &str, code, message: &str| (id.to_owned(), code, message.to_owned());
    let not_json = expected(
        "",
        "INVALID_INPUT",
        "Gateway RPC payload must be valid JSON.",
    );
    assert_eq!(refusal(RpcBody::for_method("health", b"{bad")), not_json);
    for body in [
        &b"[]"[..],
        b"null",
        b"\"x\"",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ] {
        let not_object = expected("", "INVALID_REQUEST", "RPC body must be a JSON object");
        assert_eq!(refusal(RpcBody::for_method("health", body)), not_object);
    }
    let no_name = expected(
        "x",
        "INVALID_INPUT",
        "Gateway method name must be a string.",
    );
    assert_eq!(refusal(RpcBody::envelope(br#"{"id":"x"}"#)), no_name);
    let bad_name = expected("x", "INVALID_INPUT", "Gateway method name is invalid.");
    assert_eq!(
        refusal(RpcBody::envelope(br#"{"id":"x","method":"Bad-Name"}"#)),
        bad_name
    );
    assert_eq!(
        refusal(RpcBody::for_method("Bad-Name", br#"{"id":"x"}"#)),
        bad_name
    );
    let long_id = format!(r#"{{"id":"{}"}}"#, "i".repeat(129));
    let too_long = expected(
        "",
        "INVALID_INPUT",
        "id exceeds the maximum length of 128 characters.",
    );
    assert_eq!(
        refusal(RpcBody::for_method("health", long_id.as_bytes())),
        too_long
    );
}

fn written(write: impl FnOnce(&mut BytesMut)) -> String {
    let mut out = BytesMut::new();
    write(&mut out);
    String::from_utf8(out.to_vec()).expect("UTF-8")
}

#[test]
fn answers_have_the_recorded_order_of_keys() {
    let payload = Payload::encode(&json!({"runId": "run-b"})).unwrap();
    assert_eq!(
        written(|out| write_ok(out, "a\"b", &payload)),
        r#"{"type":"res","id":"a\"b","ok":true,"apiVersion":"v1","payload":{"runId":"run-b"}}"#,
    );
    assert_eq!(
        written(|out| write_error(
            out,
            "c1",
            &RpcError::missing_scope("run:write", "launchRun")
        )),
        r#"{"type":"res","id":"c1","ok":false,"apiVersion":"v1","error":{"version":"v1","code":"FORBIDDEN","message":"Missing required scope run:write for launchRun","requiredScope":"run:write"}}"#,
    );
}

#[test]
fn socket_events_have_the_recorded_order_of_keys() {
    let tick = Payload::encode(&Tick { ts: 5 }).unwrap();
    assert_eq!(
        written(|out| write_event(out, Tick::EVENT, &tick, 2, 0)),
        r#"{"type":"event","event":"tick","payload":{"ts":5},"seq":2,"stateVersion":0,"apiVersion":"v1"}"#,
    );
    let challenge = Payload::encode(&Challenge {
        nonce: "n".into(),
        ts: 5,
    })
    .unwrap();
    assert_eq!(challenge.as_bytes(), br#"{"nonce":"n","ts":5}"#);
    let heartbeat = Payload::encode(&Heartbeat::new("s", "run-1", 7)).unwrap();
    assert_eq!(
        heartbeat.as_bytes(),
        br#"{"apiVersion":"v1","type":"Heartbeat","streamId":"s","runId":"run-1","ts":7}"#,
    );
    let snapshot = RawValue::from_string(r#"{"runId":"run-1"}"#.into()).unwrap();
    let gap = Payload::encode(&GapResync::new("s", "run-1", 1..=10, Some(&snapshot))).unwrap();
    assert_eq!(
        String::from_utf8_lossy(gap.as_bytes()),
        r#"{"apiVersion":"v1","type":"GapResync","streamId":"s","runId":"run-1","fromSeq":1,"toSeq":10,"snapshot":{"runId":"run-1"}}"#,
    );
    let error = StreamError::TooSlow.into();
    let failure = Payload::encode(&StreamFailure {
        stream_id: "s",
        run_id: "run-1",
        error: &error,
    })
    .unwrap();
    assert_eq!(
        String::from_utf8_lossy(failure.as_bytes()),
        r#"{"streamId":"s","runId":"run-1","error":{"version":"v1","code":"BackpressureDisconnect","message":"The stream was read too slowly"}}"#,
    );
}

#[test]
fn a_run_event_is_written_in_both_recorded_shapes() {
    let payload = Payload::from_json(
        &br#"{"runId":"run-3tasks","nodeId":"t0","state":"pending","iteration":0}"#[..],
    );
    let event = RunEvent::new("run-3tasks", "node.pending", &payload, 1, 4, 1_700);
    assert_eq!(
        written(|out| event.write_plain(out, 2)),
        r#"{"type":"event","event":"node.pending","payload":{"runId":"run-3tasks","nodeId":"t0","state":"pending","iteration":0},"seq":2,"stateVersion":4,"apiVersion":"v1"}"#,
    );
    let stream = StreamId::new("535f7e85-8a3a-4c93-a824-01d9bdcc121a").unwrap();
    assert_eq!(
        written(|out| event.write_streamed(out, &stream, 2, 9)),
        r#"{"type":"event","event":"run.event","payload":{"streamId":"535f7e85-8a3a-4c93-a824-01d9bdcc121a","apiVersion":"v1","type":"RunEvent","runId":"run-3tasks","event":"node.pending","payload":{"runId":"run-3tasks","nodeId":"t0","state":"pending","iteration":0},"seq":1,"stateVersion":4,"emittedAtMs":1700},"seq":2,"stateVersion":9,"apiVersion":"v1"}"#,
    );
}

#[test]
fn a_stream_id_needs_no_escaping() {
    assert!(StreamId::new("a-B-9").is_some());
    for id in ["", "a\"b", "a\\b", "a b", "é"] {
        assert_eq!(StreamId::new(id), None);
    }
}

proptest! {
    #[test]
    fn both_shapes_are_one_json_value_with_the_given_parts(
        run in ".{0,12}", name in "[a-z.\"\\\\]{0,12}", text in ".{0,20}", seq: u64, version: u64, own: u64, now: u64, at in 0..i64::MAX,
    ) {
        let value = json!({"runId": run, "text": text});
        let event = RunEvent::new(&run, &name, &Payload::encode(&value).unwrap(), seq, version, at);
        let stream = StreamId::new("s-1").unwrap();
        let (mut plain, mut streamed) = (BytesMut::new(), BytesMut::new());
        event.write_plain(&mut plain, own);
        event.write_streamed(&mut streamed, &stream, own, now);
        prop_assert!(streamed.len() <= event.max_frame_bytes(Some(&stream)));
        prop_assert!(plain.len() <= event.max_frame_bytes(None));
        let inner = json!({
            "streamId": "s-1", "apiVersion": "v1", "type": "RunEvent", "runId": run, "event": name, "payload": value,
            "seq": seq, "stateVersion": version, "emittedAtMs": at,
        });
        prop_assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&plain).unwrap(),
            json!({"type":"event","event":name,"payload":value,"seq":own,"stateVersion":version,"apiVersion":"v1"}),
        );
        prop_assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&streamed).unwrap(),
            json!({"type":"event","event":"run.event","payload":inner,"seq":own,"stateVersion":now,"apiVersion":"v1"}),
        );
    }

    #[test]
    fn no_message_makes_the_reader_fail_otherwise_than_by_an_answer(message in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Err(error) = RequestFrame::parse(&message) {
            prop_assert_eq!(error.error.code(), ErrorCode::InvalidInput);
        }
    }
}
