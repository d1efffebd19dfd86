//! RPC over HTTP: one call, its payload or its error code.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::http::{Request, exchange};

/// A refused call: what the error frame said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Error code of the frame.
    pub code: String,
    /// Message of the frame.
    pub message: String,
}

/// Calls `method` as the holder of `token`; a refusal is a value, not an error.
///
/// # Errors
///
/// Fails when the gateway cannot be reached or its answer is no response frame.
pub async fn call(
    address: &str,
    token: &str,
    method: &str,
    params: &Value,
) -> Result<Result<Value, Refusal>> {
    let request = Request {
        method: "POST".into(),
        path: format!("/v1/rpc/{method}"),
        headers: vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("content-type".into(), "application/json".into()),
        ],
        body: Some(params.to_string().into_bytes()),
    };
    let response = exchange(address, &request).await?;
    let frame = response
        .json()
        .with_context(|| format!("{method} answered {}", response.status))?;
    match frame["ok"].as_bool() {
        Some(true) => Ok(Ok(frame["payload"].clone())),
        Some(false) => Ok(Err(refusal(response.status, &frame["error"]))),
        None => bail!(
            "{method} answered {} without a response frame: {frame}",
            response.status
        ),
    }
}

/// Calls `method` and takes a refusal as an error.
///
/// # Errors
///
/// Fails as [`call`] does, and when the gateway refuses.
pub async fn expect(address: &str, token: &str, method: &str, params: &Value) -> Result<Value> {
    match call(address, token, method, params).await? {
        Ok(payload) => Ok(payload),
        Err(refusal) => bail!(
            "{method} was refused: {} {}: {}",
            refusal.status,
            refusal.code,
            refusal.message
        ),
    }
}

fn refusal(status: u16, error: &Value) -> Refusal {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    Refusal {
        status,
        code: text("code"),
        message: text("message"),
    }
}
