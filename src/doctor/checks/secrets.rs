//! Secrets: whether something that is stored would be replaced if it were stored today.

use smithers_model::redact::{Place, Redactor as _};
use smithers_store::ops::{self, TextPlace};

use super::database::unreadable;
use crate::doctor::finding::few;
use crate::doctor::{Finding, Site};

/// Newest rows of each table that are read unless everything is.
const SAMPLE: u64 = 1_000;

/// Runs the redactor over what is stored.
pub(super) fn scan(site: &Site<'_>) -> Finding {
    let redactor = smithers_redact::shared();
    let limit = (!site.is_thorough).then_some(SAMPLE);
    let (mut read, mut places) = (0_u64, Vec::new());
    let scanned = ops::texts(site.database(), limit, &mut |place, text| {
        read += 1;
        let (part, form) = part(place);
        let clean = match form {
            Form::Json => redactor.json(part, text),
            Form::Plain => redactor.text(part, text),
        };
        if clean.is_some() {
            places.push(place.to_string());
        }
    });
    if let Err(error) = scanned {
        return unreadable(&error);
    }
    let extent = match site.is_thorough {
        true => format!("all {read} texts"),
        false => format!("the newest {read} texts"),
    };
    if places.is_empty() {
        return Finding::pass(format!("no secret in {extent}"));
    }
    Finding::fail(
        format!("something like a secret in {}", few(&places)),
        "replace the secret where it is used, then delete the runs that hold it",
    )
}

/// How a text is written.
enum Form {
    Json,
    Plain,
}

/// What a text is part of, and how it is written.
fn part(place: &TextPlace) -> (Place, Form) {
    match (place.table.as_str(), place.column.as_str()) {
        (_, "input_json") | ("input", _) => (Place::Input, Form::Json),
        (_, "config_json") => (Place::Config, Form::Json),
        (_, "payload_json") => (Place::Event, Form::Json),
        (_, "error_json") => (Place::Error, Form::Json),
        (_, "request_json") => (Place::Approval, Form::Json),
        (_, "decision_json") => (Place::Decision, Form::Json),
        (_, "detail_json") => (Place::Audit, Form::Json),
        (_, "note") => (Place::Note, Form::Plain),
        (_, "label") => (Place::Label, Form::Plain),
        (table, _) if table.starts_with("_smithers_") => (Place::Name, Form::Plain),
        _ => (Place::Output, Form::Plain),
    }
}
