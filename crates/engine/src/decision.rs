//! Decisions as values: what answer fits a request, and which output row an answer becomes (workflow-model 9.1).

use serde_json::{Value, json};
use smithers_model::RawJson;
use smithers_model::approval::{ApprovalMode, ApprovalRequest, Decision, OnDeny};
use smithers_model::error::ErrorInfo;
use smithers_model::run::Actor;
use smithers_model::tree::TaskSpec;

use crate::answer_schema;
use crate::refusal::Refusal;

/// What a decision means for the node that waited for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The node runs; the answer may still be a no that its author asked to hear.
    Run,
    /// The node fails, or is left out when its failure is allowed.
    End,
}

/// Returns what `decision` means for `task`.
pub(crate) fn verdict(task: &TaskSpec, decision: &Decision) -> Verdict {
    let Some(spec) = &task.approval else {
        return Verdict::Run;
    };
    let heard = spec.on_deny != OnDeny::Fail && spec.request.mode != ApprovalMode::Gate;
    if decision.approved || heard {
        Verdict::Run
    } else {
        Verdict::End
    }
}

/// Checks the lists of who may decide, in the order of gateway-protocol 11.
pub(crate) fn check_lists(request: &ApprovalRequest, actor: &Actor) -> Result<(), Refusal> {
    let users = &request.allowed_users;
    let listed = |user: &String| users.contains(user);
    if !users.is_empty() && !actor.user_id.as_ref().is_some_and(listed) {
        return Err(Refusal::UserNotAllowed);
    }
    let scopes = &request.allowed_scopes;
    let holds_one = actor.holds_all || scopes.iter().any(|scope| actor.scopes.contains(scope));
    if !scopes.is_empty() && !holds_one {
        return Err(Refusal::ScopeMissing);
    }
    Ok(())
}

/// Checks that a yes answers what is asked. A no needs no answer.
pub(crate) fn check_answer(request: &ApprovalRequest, decision: &Decision) -> Result<(), Refusal> {
    if !decision.approved {
        return Ok(());
    }
    if let Some(schema) = &request.answer_schema {
        return check_human_answer(schema, decision);
    }
    let answer = decision.value.as_ref().map_or(Value::Null, RawJson::value);
    let invalid = |message: String| Err(Refusal::InvalidDecision { message });
    let offered = |key: &str| {
        request.options.is_empty() || request.options.iter().any(|option| option.key == key)
    };
    match request.mode {
        ApprovalMode::Decision | ApprovalMode::Gate => Ok(()),
        ApprovalMode::Select => match answer["selected"].as_str() {
            None => invalid("select approvals require decision.selected".into()),
            Some(key) if !offered(key) => invalid(format!("Unknown selection: {key}")),
            Some(_) => Ok(()),
        },
        ApprovalMode::Rank => match ranked_keys(&answer) {
            None => invalid("rank approvals require decision.ranked".into()),
            Some(keys) => match keys.into_iter().find(|key| !offered(key)) {
                Some(key) => invalid(format!("Unknown ranked option: {key}")),
                None => Ok(()),
            },
        },
    }
}

/// What a person answered: the decision when there is one, else the note as JSON.
pub(crate) fn human_answer(decision: &Decision) -> Result<RawJson, String> {
    if let Some(value) = &decision.value {
        return Ok(value.clone());
    }
    let note = decision.note.as_deref().unwrap_or("");
    let read: Result<Value, _> = serde_json::from_str(note);
    let read = read.map_err(|error| format!("the note holds no JSON: {error}"));
    read.map(|value| RawJson::of(&value))
}

fn check_human_answer(schema: &RawJson, decision: &Decision) -> Result<(), Refusal> {
    let wrong = match human_answer(decision) {
        Ok(answer) => answer_schema::problem(&answer.value(), &schema.value()),
        Err(message) => Some(message),
    };
    match wrong {
        Some(what) => Err(Refusal::InvalidDecision {
            message: format!("This task wants an answer as JSON in `note` or `decision`: {what}"),
        }),
        None => Ok(()),
    }
}

/// The ranked keys, when the answer holds a list of texts with at least one.
fn ranked_keys(answer: &Value) -> Option<Vec<&str>> {
    let ranked = answer["ranked"].as_array()?;
    let keys: Option<Vec<&str>> = ranked.iter().map(Value::as_str).collect();
    keys.filter(|keys| !keys.is_empty())
}

/// Returns the output of the node whose approval was decided.
pub(crate) fn payload(mode: ApprovalMode, decision: &Decision) -> Value {
    let answer = decision.value.as_ref().map_or(Value::Null, RawJson::value);
    match mode {
        ApprovalMode::Decision | ApprovalMode::Gate => json!({
            "approved": decision.approved,
            "note": decision.note,
            "decidedBy": decision.decided_by,
            "decidedAt": decision.decided_at.to_iso(),
        }),
        ApprovalMode::Select => json!({
            "selected": answer["selected"],
            "notes": answer["notes"],
        }),
        ApprovalMode::Rank => json!({
            "ranked": answer["ranked"],
            "notes": answer["notes"],
        }),
    }
}

/// Returns a denial as the cause of a failure.
pub(crate) fn denial(decision: &Decision) -> ErrorInfo {
    let by = decision.decided_by.as_deref().unwrap_or("an unnamed user");
    let mut error = ErrorInfo::thrown("ApprovalDenied", format!("denied by {by}"));
    error.details = Some(RawJson::of(&json!({
        "approved": decision.approved,
        "note": decision.note,
        "decidedBy": decision.decided_by,
    })));
    error
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
