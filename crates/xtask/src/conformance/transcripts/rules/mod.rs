//! The rules of `better.toml` that rewrite a recording to the better behaviour.
//!
//! A rule returns in how many places it changed the expectation; zero for a listed file is an error.

mod crons;
mod events;
mod fields;
mod launches;
mod numbering;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail};
use serde_json::Value;

pub(crate) use self::events::is_accepted_decision;
pub(crate) use self::fields::exposed_credentials;
use super::recording::{Action, Recording, Step};

/// Rule that is asserted on every answer besides the comparison.
pub(crate) const CREDENTIALS_WITHHELD: &str = "credentials-withheld";
/// Rule that lets what a decision causes come before the answer to it.
pub(crate) const DECISIONS_PUBLISHED_FIRST: &str = "decisions-published-first";

/// The order in which rules are applied: later ones rely on the numbers that earlier ones settled.
pub(crate) const ORDER: [&str; 20] = [
    "completed-once-before",
    "single-run-completed",
    "approval-decided-event",
    "parked-cancel-is-told",
    "launch-keeps-everything",
    "numbering-survives",
    "stacks-withheld",
    CREDENTIALS_WITHHELD,
    DECISIONS_PUBLISHED_FIRST,
    "revision-known",
    "invalid-frame-id",
    "time-in-stream",
    "requests-digested",
    "schedules-explained",
    "schedule-mistakes-told",
    "bad-input-refused",
    "ids-used-once",
    "reruns-work",
    "attempts-are-lean",
    "frames-tell-why",
];

/// Applies the rule called `name`; returns the number of changes.
pub(crate) fn apply(name: &str, recording: &mut Recording) -> Result<usize> {
    let steps = &mut recording.steps;
    match name {
        "completed-once-before" => Ok(events::completed_once_before(steps)),
        "single-run-completed" => Ok(events::single_run_completed(steps)),
        "approval-decided-event" => Ok(events::approval_decided_event(steps)),
        "parked-cancel-is-told" => Ok(events::parked_cancel_is_told(steps)),
        "launch-keeps-everything" => Ok(events::launch_keeps_everything(steps)),
        "numbering-survives" => numbering::numbering_survives(steps),
        "stacks-withheld" => Ok(fields::stacks_withheld(steps)),
        DECISIONS_PUBLISHED_FIRST => Ok(events::count_decisions(steps)),
        CREDENTIALS_WITHHELD => Ok(fields::count_credentials(steps)),
        "revision-known" => Ok(fields::revision_known(steps)),
        "time-in-stream" => Ok(fields::time_in_stream(steps)),
        "requests-digested" => Ok(fields::requests_digested(steps)),
        "invalid-frame-id" => Ok(fields::invalid_frame_id(steps)),
        "schedules-explained" => Ok(crons::schedules_explained(steps)),
        "schedule-mistakes-told" => Ok(crons::schedule_mistakes_told(steps)),
        "bad-input-refused" => Ok(launches::bad_input_refused(steps)),
        "ids-used-once" => Ok(launches::ids_used_once(steps)),
        "frames-tell-why" => Ok(fields::frames_tell_why(steps)),
        "attempts-are-lean" => Ok(fields::attempts_are_lean(steps)),
        "reruns-work" => Ok(launches::reruns_work(steps)),
        other => bail!("better.toml names the unknown rule `{other}`"),
    }
}

/// Returns connection and frame of a request.
fn request_of(step: &Step) -> Option<(&str, Value)> {
    match &step.action {
        Action::Send { on, text } => Some((on, serde_json::from_str(text).ok()?)),
        _ => None,
    }
}
