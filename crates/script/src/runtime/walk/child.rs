//! Reads what a Subflow starts.

use serde::Deserialize;
use serde_json::value::RawValue;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::tree::ChildSpec;

#[derive(Deserialize)]
struct ChildText<'a> {
    part: u32,
    #[serde(borrow)]
    input: &'a RawValue,
}

/// Reads the text that `subflow.mjs` writes.
pub(super) fn child(text: Option<&str>) -> Result<Box<ChildSpec>, ErrorInfo> {
    let read = serde_json::from_str::<ChildText<'_>>(text.unwrap_or_default());
    let read = read.map_err(|error| {
        let message = format!("the input of a subflow cannot be read: {error}");
        ErrorInfo::coded("INVALID_INPUT", message)
    })?;
    Ok(Box::new(ChildSpec {
        part: read.part,
        input: RawJson::trusted(read.input.get().to_owned()),
    }))
}
