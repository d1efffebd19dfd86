//! Request frames of a WebSocket.

use std::ops::Range;

use super::raw::RawParams;
use crate::error::RpcError;
use crate::json::{Bounds, Kind, Scan, Violation, scan};
use crate::limits;
use crate::method::is_method_name;

/// The id of an answer to a frame whose own id cannot be read.
pub const UNREADABLE_ID: &str = "invalid";

pub(super) const NOT_JSON: &str = "Gateway RPC payload must be valid JSON.";

const BOUNDS: Bounds = Bounds {
    label: "gateway frame",
    depth: limits::MAX_JSON_DEPTH,
    items: limits::MAX_ARRAY_ITEMS,
    text_units: limits::MAX_STRING_UNITS,
    clipped: &["params", "options", "startedBy", "prompt"],
};

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFrame {
    /// The client's name for the request; the answer carries it. May be empty.
    pub id: String,
    /// The method's name; well-formed, not necessarily known.
    pub method: String,
    /// The parameters, not parsed yet.
    pub params: RawParams,
}

/// A frame or body that is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameError {
    /// The id of the request, when it can be read.
    pub id: Option<String>,
    /// What is wrong.
    pub error: RpcError,
}

impl FrameError {
    /// Returns the id that the answer carries.
    pub fn answer_id(&self) -> &str {
        self.id.as_deref().unwrap_or(UNREADABLE_ID)
    }
}

impl RequestFrame {
    /// Reads one message, text or binary; binary messages are read as UTF-8.
    ///
    /// The bounds are checked before anything is allocated in proportion to the message.
    pub fn parse(message: &[u8]) -> Result<RequestFrame, FrameError> {
        let refuse = |id, message: String| FrameError {
            id,
            error: RpcError::invalid_input(message),
        };
        let text = std::str::from_utf8(message).map_err(|_| refuse(None, NOT_JSON.into()))?;
        let found = scan(text, &BOUNDS, ["type", "id", "method", "params"])
            .map_err(|_| refuse(None, NOT_JSON.into()))?;
        let id = readable_id(text, &found.members[1]);
        read(text, &found).map_err(|message| refuse(id, message))
    }
}

/// Returns the id for the answer: a text that is not longer than an id may be.
pub(super) fn readable_id(text: &str, range: &Option<Range<usize>>) -> Option<String> {
    string_member(text, range).filter(|id| id.chars().count() <= limits::MAX_ID_CHARS)
}

/// Returns the member if it is a text.
pub(super) fn string_member(text: &str, range: &Option<Range<usize>>) -> Option<String> {
    range
        .clone()
        .and_then(|range| serde_json::from_str(&text[range]).ok())
}

/// Returns the sentence about a violated bound.
pub(super) fn within_bounds(violation: &Option<Violation>, label: &str) -> Result<(), String> {
    violation
        .as_ref()
        .map_or(Ok(()), |violation| Err(violation.message(label)))
}

/// Checks the form and the length of a method's name.
pub(super) fn check_method_name(name: &str) -> Result<(), String> {
    if !is_method_name(name) {
        return Err("Gateway method name is invalid.".into());
    }
    let max = limits::MAX_METHOD_CHARS;
    if name.len() > max {
        return Err(format!(
            "method exceeds the maximum length of {max} characters."
        ));
    }
    Ok(())
}

/// Checks the length of an id.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    let max = limits::MAX_ID_CHARS;
    if id.chars().count() > max {
        return Err(format!(
            "id exceeds the maximum length of {max} characters."
        ));
    }
    Ok(())
}

fn read(text: &str, found: &Scan<4>) -> Result<RequestFrame, String> {
    let [kind, id, method, params] = &found.members;
    let is_request =
        found.kind == Kind::Object && string_member(text, kind).as_deref() == Some("req");
    // A frame that is too deep is not read to its end, so its members may be missing.
    if !matches!(found.violation, Some(Violation::Depth { .. })) && !is_request {
        return Err("Gateway frame must be a request object.".into());
    }
    within_bounds(&found.violation, BOUNDS.label)?;
    let id = string_member(text, id).ok_or("Gateway frame id must be a string.")?;
    let method = string_member(text, method).ok_or("Gateway method name must be a string.")?;
    check_method_name(&method)?;
    check_id(&id)?;
    let params = RawParams::checked(params.clone().map(|range| &text[range]));
    Ok(RequestFrame { id, method, params })
}
