//! The table of gateway-protocol 7.1, row by row, against payloads as they were recorded.

mod table;

use std::collections::BTreeSet;

use bytes::BytesMut;
use smithers_model::event::Event;
use smithers_model::{RawJson, RunId, Timestamp};

use super::*;
use table::{KINDS, kind, table};

fn stored(event: &Event) -> StoredEvent {
    let run_id = RunId::from("r1");
    let visible = event.is_visible().then_some(());
    StoredEvent {
        position: 40,
        seq: 9,
        stream_seq: visible.map(|()| 3),
        state_version: visible.map(|()| 17),
        at: Timestamp(5),
        type_name: event.type_name().into(),
        payload: event.payload(&run_id, Timestamp(5)),
        run_id,
    }
}

/// The plain frame of an event, without the frame around name and payload.
fn shown(event: &Event) -> Option<String> {
    let event = run_event(&stored(event)).unwrap()?;
    let mut frame = BytesMut::new();
    event.write_plain(&mut frame, 8);
    let frame = String::from_utf8(frame.to_vec()).unwrap();
    let inner = frame.strip_prefix(r#"{"type":"event","event":"#).unwrap();
    let end = r#","seq":8,"stateVersion":17,"apiVersion":"v1"}"#;
    Some(
        inner
            .strip_suffix(end)
            .unwrap()
            .replacen(r#","payload":"#, " ", 1),
    )
}

#[test]
fn every_event_is_shown_as_it_was_recorded() {
    for (event, expected) in table() {
        assert_eq!(shown(&event).as_deref(), expected, "{}", event.type_name());
    }
}

#[test]
fn the_table_has_every_kind_of_event() {
    let kinds: BTreeSet<usize> = table().iter().map(|(event, _)| kind(event)).collect();
    assert_eq!(kinds, (0..KINDS).collect());
}

#[test]
fn what_has_a_stream_number_has_a_name_on_the_wire_and_the_rest_has_none() {
    for (event, _) in table() {
        let has_name = write(&stored(&event)).unwrap().is_some();
        assert_eq!(has_name, event.is_visible(), "{}", event.type_name());
    }
}

#[test]
fn only_approval_events_concern_approvals() {
    let shown = table()
        .into_iter()
        .filter_map(|(event, shown)| Some((event, shown?)));
    for (event, shown) in shown {
        let expected = shown.starts_with("\"approval.");
        assert_eq!(
            concerns_approval(event.type_name()),
            expected,
            "{}",
            event.type_name()
        );
    }
}

#[test]
fn a_streamed_frame_carries_the_numbers_of_the_event_and_those_of_the_socket() {
    let event = run_event(&stored(&Event::RunCancelled)).unwrap().unwrap();
    let id = smithers_protocol::frame::StreamId::new("s-1").unwrap();
    let mut frame = BytesMut::new();
    event.write_streamed(&mut frame, &id, 8, 99);
    assert_eq!(
        std::str::from_utf8(&frame).unwrap(),
        r#"{"type":"event","event":"run.event","payload":{"streamId":"s-1","apiVersion":"v1","type":"RunEvent","runId":"r1","event":"run.completed","payload":{"runId":"r1","status":"cancelled"},"seq":3,"stateVersion":17,"emittedAtMs":5},"seq":8,"stateVersion":99,"apiVersion":"v1"}"#
    );
}

#[test]
fn a_damaged_payload_is_an_error_that_names_the_event() {
    let mut event = stored(&Event::RunCancelled);
    event.payload = RawJson::trusted("7");
    let error = run_event(&event).unwrap_err().to_string();
    assert_eq!(
        error,
        "event 9 of run `r1` cannot be read (type `RunCancelled`)"
    );
}
