//! Bodies of RPC requests over HTTP.

use super::raw::RawParams;
use super::request::{
    FrameError, NOT_JSON, check_id, check_method_name, readable_id, string_member, within_bounds,
};
use crate::error::RpcError;
use crate::json::{Bounds, Kind, Scan, scan};
use crate::limits;

const LABEL: &str = "gateway request";

/// Bounds of a body that is the parameters.
const BARE: Bounds = Bounds {
    label: LABEL,
    depth: limits::MAX_JSON_DEPTH,
    items: limits::MAX_ARRAY_ITEMS,
    text_units: limits::MAX_STRING_UNITS,
    clipped: &["options", "startedBy", "prompt"],
};

/// Bounds of a body that is an envelope around the parameters.
const ENVELOPE: Bounds = Bounds {
    clipped: &["params", "options", "startedBy", "prompt"],
    ..BARE
};

/// A request over HTTP, read from its body and, for `/v1/rpc/<method>`, its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcBody {
    /// The id in the body; without one the answer carries the request id header or a new id.
    pub id: Option<String>,
    /// The method's name; well-formed, not necessarily known.
    pub method: String,
    /// The parameters, not parsed yet.
    pub params: RawParams,
}

impl RpcBody {
    /// Reads the body of `POST /rpc`, which is `{id?, method, params?}`. An empty body counts as `{}`.
    pub fn envelope(body: &[u8]) -> Result<RpcBody, FrameError> {
        read(body, None)
    }

    /// Reads the body of `POST /v1/rpc/<method>`: an envelope if it has a `method`, else the parameters themselves.
    ///
    /// The method of the path wins in both cases.
    pub fn for_method(method: &str, body: &[u8]) -> Result<RpcBody, FrameError> {
        read(body, Some(method))
    }
}

fn read(body: &[u8], path_method: Option<&str>) -> Result<RpcBody, FrameError> {
    let malformed = || FrameError {
        id: None,
        error: RpcError::invalid_input(NOT_JSON),
    };
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let text = if text.is_empty() { "{}" } else { text };
    let wanted = ["id", "method", "params"];
    let mut found = scan(text, &ENVELOPE, wanted).map_err(|_| malformed())?;
    let is_bare = path_method.is_some() && found.members[1].is_none();
    if is_bare {
        // Which text its reader clips depends on the shape, which only the scan tells.
        found = scan(text, &BARE, wanted).map_err(|_| malformed())?;
    }
    let id = readable_id(text, &found.members[0]);
    let refuse = |error| FrameError {
        id: id.clone(),
        error,
    };
    if found.kind != Kind::Object {
        return Err(refuse(RpcError::invalid_request(
            "RPC body must be a JSON object",
        )));
    }
    let (method, params) = members(text, &found, path_method, is_bare)
        .map_err(|message| refuse(RpcError::invalid_input(message)))?;
    Ok(RpcBody { id, method, params })
}

fn members(
    text: &str,
    found: &Scan<3>,
    path_method: Option<&str>,
    is_bare: bool,
) -> Result<(String, RawParams), String> {
    within_bounds(&found.violation, LABEL)?;
    let [id, method, params] = &found.members;
    let method = match path_method {
        Some(method) => method.to_owned(),
        None => string_member(text, method).ok_or("Gateway method name must be a string.")?,
    };
    check_method_name(&method)?;
    string_member(text, id).map_or(Ok(()), |id| check_id(&id))?;
    let params = if is_bare {
        Some(text)
    } else {
        params.clone().map(|range| &text[range])
    };
    Ok((method, RawParams::checked(params)))
}
