//! Reading single fields.

use serde_json::Value;

use super::Params;
use crate::error::RpcError;
use crate::limits;

/// Returns a field that is a text and not empty.
pub(super) fn text(params: &Params, key: &str) -> Option<String> {
    params
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Returns a field that is a text and not empty, or the error that it is required.
pub(super) fn required_text(params: &Params, key: &str) -> Result<String, RpcError> {
    text(params, key).ok_or_else(|| RpcError::invalid_request(format!("{key} is required")))
}

/// Returns a field that is true or false.
pub(super) fn flag(params: &Params, key: &str) -> Option<bool> {
    params.get(key).and_then(Value::as_bool)
}

/// Returns a field that is an object, or an empty one.
pub(super) fn object(params: &Params, key: &str) -> Params {
    params
        .get(key)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

/// Returns a field that must be an integer above 0 when present; numeric text is accepted.
pub(super) fn positive_integer(params: &Params, key: &str) -> Result<Option<u64>, RpcError> {
    let Some(value) = present(params, key) else {
        return Ok(None);
    };
    let number = number(value).filter(|number| number.is_finite() && *number > 0.0);
    let number = number.ok_or_else(|| {
        RpcError::invalid_input(format!("{key} must be a finite number greater than 0."))
    })?;
    if number.fract() != 0.0 || number > limits::MAX_SAFE_INTEGER as f64 {
        return Err(RpcError::invalid_input(format!(
            "{key} must be an integer greater than 0."
        )));
    }
    Ok(Some(number as u64))
}

/// Returns a limit, lowered to what a list answers at most.
pub(super) fn limit(params: &Params) -> Result<Option<usize>, RpcError> {
    let limit = positive_integer(params, "limit")?;
    Ok(limit.map(|limit| {
        usize::try_from(limit)
            .unwrap_or(usize::MAX)
            .min(limits::LIST_MAX)
    }))
}

/// Returns a field that is neither absent nor null.
pub(super) fn present<'a>(params: &'a Params, key: &str) -> Option<&'a Value> {
    params.get(key).filter(|value| !value.is_null())
}

/// Returns a number or the number that a text holds.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if !text.trim().is_empty() => text.trim().parse().ok(),
        _ => None,
    }
}

/// Returns a value that is an integer from 0 to `max`; numeric text is not accepted.
pub(super) fn integer_up_to(value: &Value, max: u64) -> Option<u64> {
    let number = value
        .as_f64()
        .filter(|number| number.fract() == 0.0 && (0.0..=max as f64).contains(number))?;
    Some(number as u64)
}
