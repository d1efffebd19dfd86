//! `connect`, the handshake of a WebSocket.

use secrecy::SecretString;
use serde_json::Value;

use super::Params;
use super::fields::positive_integer;
use crate::PROTOCOL;
use crate::error::{ErrorCode, RpcError};

/// Parameters of `connect`.
#[derive(Debug, Clone)]
pub struct Connect {
    /// The bearer token; it counts before those of the upgrade request.
    pub token: Option<SecretString>,
    /// The runs whose events are wanted; `None` and an empty list mean every run.
    pub subscribe: Option<Vec<String>>,
}

impl Connect {
    /// Reads the parameters of a request, `None` when they were no object.
    ///
    /// A client must be able to speak protocol 1.
    pub fn read(params: Option<&Params>) -> Result<Connect, RpcError> {
        let params =
            params.ok_or_else(|| RpcError::invalid_request("Connect params must be an object"))?;
        let is_number = |key: &str| params.get(key).is_some_and(Value::is_number);
        if !is_number("minProtocol")
            || !is_number("maxProtocol")
            || !params.get("client").is_some_and(is_truthy)
        {
            let message = "Connect request is missing protocol negotiation fields";
            return Err(RpcError::invalid_request(message));
        }
        let min = positive_integer(params, "minProtocol")?.unwrap_or_default();
        let max = positive_integer(params, "maxProtocol")?.unwrap_or_default();
        if !(min..=max).contains(&u64::from(PROTOCOL)) {
            let message = format!("Gateway protocol {PROTOCOL} is not supported by the client");
            return Err(RpcError::new(ErrorCode::ProtocolUnsupported, message));
        }
        let token = params
            .get("auth")
            .and_then(|auth| auth.get("token"))
            .and_then(Value::as_str);
        Ok(Connect {
            token: token.map(SecretString::from),
            subscribe: subscribe(params),
        })
    }
}

/// Returns the texts of the list; other entries are dropped.
fn subscribe(params: &Params) -> Option<Vec<String>> {
    let entries = params.get("subscribe")?.as_array()?;
    Some(
        entries
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

/// Tells whether a value counts as present for clients written in JavaScript.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => true,
    }
}
