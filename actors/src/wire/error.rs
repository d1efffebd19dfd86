//! Errors as readers see them: what happened, but not where in whose files (gateway-protocol 20).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A stored error; what is not named here, the stack above all, is read over.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ReaderError<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    details: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    cause: Option<Box<ReaderError<'a>>>,
}
