//! Errors as readers see them: what happened, but not where in whose files (gateway-protocol 20).

use serde::Serialize;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;

/// A stored error without its stack, nor those of its causes.
#[derive(Serialize)]
pub(super) struct ReaderError<'a> {
    name: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Box<ReaderError<'a>>>,
}

impl<'a> From<&'a ErrorInfo> for ReaderError<'a> {
    fn from(error: &'a ErrorInfo) -> Self {
        Self {
            name: &error.name,
            message: &error.message,
            code: error.code.as_deref(),
            details: error.details.as_ref(),
            cause: error.cause.as_deref().map(|cause| Box::new(cause.into())),
        }
    }
}
