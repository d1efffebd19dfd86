//! Parameters that have been checked against the bounds but not parsed.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::limits::MAX_CHILD_RUN_ID_CHARS;

/// The parameters of a request as JSON text.
///
/// They stay text until the caller is known to be allowed to call the method, so that a request that is refused costs no
/// tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawParams(Option<Box<str>>);

impl RawParams {
    /// Takes text that the scanner has accepted.
    pub(super) fn checked(text: Option<&str>) -> RawParams {
        RawParams(text.map(Box::from))
    }

    /// Parses the parameters if they are an object.
    pub fn object(&self) -> Option<Map<String, Value>> {
        self.0
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
    }

    /// Returns the run that the parameters name, as `runId` or `options.runId`, for logs. It need not exist; a text that
    /// is longer than any id is left out.
    pub fn run_named(&self) -> Option<String> {
        let named: Named = serde_json::from_str(self.0.as_deref()?).ok()?;
        let run = named
            .run_id
            .or(named.options.and_then(|options| options.run_id));
        run.filter(|run| run.len() <= MAX_CHILD_RUN_ID_CHARS)
    }

    /// Parses the parameters; anything but an object counts as an empty one.
    pub fn object_or_empty(&self) -> Map<String, Value> {
        self.object().unwrap_or_default()
    }
}

/// The members that may name a run; one of another type names none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[serde(default, deserialize_with = "if_it_fits")]
    run_id: Option<String>,
    #[serde(default, deserialize_with = "if_it_fits")]
    options: Option<Options>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    #[serde(default, deserialize_with = "if_it_fits")]
    run_id: Option<String>,
}

/// Reads a value of the type that is wanted, and anything else as none.
fn if_it_fits<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Wanted(T),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Either::deserialize(input)? {
        Either::Wanted(wanted) => Some(wanted),
        Either::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_named_directly_or_in_the_options_and_other_types_name_none() {
        let run = |text: &str| RawParams::checked(Some(text)).run_named();
        assert_eq!(run(r#"{"runId":"r1","x":[1]}"#).as_deref(), Some("r1"));
        let launch = r#"{"workflow":"w","options":{"runId":"r2","force":true}}"#;
        assert_eq!(run(launch).as_deref(), Some("r2"));
        for text in [
            "{}",
            "[]",
            r#"{"runId":1}"#,
            r#"{"options":"r"}"#,
            r#"{"options":{"runId":[]}}"#,
            "not json",
        ] {
            assert_eq!(run(text), None, "{text}");
        }
        let long = format!(r#"{{"runId":"{}"}}"#, "x".repeat(257));
        assert_eq!(run(&long), None);
        assert_eq!(RawParams::default().run_named(), None);
    }
}
