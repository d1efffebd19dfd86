//! Errors as readers see them: what happened, but not where in whose files (gateway-protocol 2.1, 20).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Where the public project explains its error codes; clients show it beside an error.
const DOCS_URL: &str = "https://smithers.sh/reference/errors";
/// Name of the cause that stands for a denial; its details are the decision.
const DENIAL: &str = "ApprovalDenied";

/// A stored error; what is not named here, the stack above all, is read over.
#[derive(Debug, Deserialize)]
pub(super) struct StoredError<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow, default)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cause: Option<Box<StoredError<'a>>>,
}

/// An error on the wire. One with a code also has a summary and says where codes are explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReaderError<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs_url: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a RawValue>,
}

/// What led to an error: another error, or the decision that denied.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Cause<'a> {
    Decision(&'a RawValue),
    Error(Box<ReaderError<'a>>),
}

impl<'a> StoredError<'a> {
    /// Returns the error as readers see it.
    pub(super) fn for_readers(&'a self) -> ReaderError<'a> {
        let coded = self.code.is_some();
        let message = match coded {
            true => Cow::Owned(format!("{} See {DOCS_URL}", self.message)),
            false => Cow::Borrowed(&*self.message),
        };
        ReaderError {
            name: &self.name,
            code: self.code.as_deref(),
            message,
            cause: self.cause.as_deref().map(StoredError::as_cause),
            summary: coded.then_some(&*self.message),
            docs_url: coded.then_some(DOCS_URL),
            details: self.details,
        }
    }

    fn as_cause(&'a self) -> Cause<'a> {
        match self.details {
            Some(decision) if self.name == DENIAL => Cause::Decision(decision),
            _ => Cause::Error(Box::new(self.for_readers())),
        }
    }
}

/// Returns the JSON text of a stored error as readers see it; `None` when it is not one.
pub fn error_for_readers(stored: &str) -> Option<String> {
    let error: StoredError<'_> = serde_json::from_str(stored).ok()?;
    serde_json::to_string(&error.for_readers()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coded_error_has_a_summary_and_no_stack() {
        let stored = r#"{"name":"SmithersError","message":"Task failed: a","code":"SESSION_ERROR","stack":"at x.tsx:1:1","details":{"key":"a::0"},"cause":{"name":"Error","message":"boom","stack":"at x.tsx:2:2"}}"#;
        assert_eq!(
            error_for_readers(stored).unwrap(),
            r#"{"name":"SmithersError","code":"SESSION_ERROR","message":"Task failed: a See https://smithers.sh/reference/errors","cause":{"name":"Error","message":"boom"},"summary":"Task failed: a","docsUrl":"https://smithers.sh/reference/errors","details":{"key":"a::0"}}"#
        );
    }

    #[test]
    fn a_denial_shows_its_decision_as_the_cause() {
        let stored = r#"{"name":"SmithersError","message":"Task failed: a","code":"SESSION_ERROR","cause":{"name":"ApprovalDenied","message":"denied by user:op","details":{"approved":false,"note":"no","decidedBy":"user:op"}}}"#;
        let shown: serde_json::Value =
            serde_json::from_str(&error_for_readers(stored).unwrap()).unwrap();
        assert_eq!(
            shown["cause"],
            serde_json::json!({"approved": false, "note": "no", "decidedBy": "user:op"})
        );
    }
}
