//! Reads what a node waits for out of the engine: the `wait` field of its task.

use rquickjs::{FromJs, Value};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use smithers_model::Timestamp;
use smithers_model::error::ErrorInfo;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::{EventSpec, OnTimeout, TimerDue, TimerSpec};

use super::walk::WalkError;

/// The time of a timer as `timer.mjs` gives it.
#[derive(Deserialize)]
struct TimerText {
    after: Option<u64>,
    at: Option<i64>,
    text: String,
}

/// Reads the time of a timer.
pub(super) fn timer(value: Value<'_>) -> Result<TimerSpec, WalkError> {
    let TimerText { after, at, text } = read(value, "a timer")?;
    let due = match (after, at) {
        (Some(ms), _) => TimerDue::After(ms),
        (None, at) => TimerDue::At(Timestamp(at.unwrap_or(0))),
    };
    Ok(TimerSpec { due, text })
}

/// A wait for a signal as `signal.mjs` gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventText {
    #[serde(flatten)]
    address: SignalAddress,
    timeout_ms: Option<u64>,
    on_timeout: OnTimeout,
    tagged: bool,
    wait_async: bool,
    callback: u32,
}

/// Reads a wait for a signal.
pub(super) fn event(value: Value<'_>) -> Result<EventSpec, WalkError> {
    let text: EventText = read(value, "a wait for a signal")?;
    Ok(EventSpec {
        address: text.address,
        timeout_ms: text.timeout_ms,
        on_timeout: text.on_timeout,
        tagged: text.tagged,
        wait_async: text.wait_async,
        callback: Some(text.callback),
    })
}

/// Reads a value that crosses as JSON; `what` names it in the error.
pub(super) fn read<T: DeserializeOwned>(value: Value<'_>, what: &str) -> Result<T, WalkError> {
    let ctx = value.ctx().clone();
    let text = match ctx.json_stringify(value)? {
        Some(text) => String::from_js(&ctx, text.into_value())?,
        None => String::new(),
    };
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("{what} cannot be read: {error}");
        WalkError::Invalid(ErrorInfo::coded("INVALID_INPUT", message))
    })
}
