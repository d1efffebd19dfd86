//! Who may decide, which answers fit, and what becomes of them.

use serde_json::json;
use smithers_model::Timestamp;
use smithers_model::approval::ApprovalOption;

use super::*;

fn request(mode: ApprovalMode, options: &[&str]) -> ApprovalRequest {
    ApprovalRequest {
        options: options
            .iter()
            .map(|&key| ApprovalOption {
                key: key.into(),
                label: key.into(),
                summary: None,
                metadata: None,
            })
            .collect(),
        ..ApprovalRequest::new(mode, "Ship?")
    }
}

fn yes(value: Option<Value>) -> Decision {
    Decision {
        approved: true,
        note: None,
        decided_by: Some("ann".into()),
        token_id: None,
        value: value.map(|value| RawJson::of(&value)),
        request_digest: None,
        decided_at: Timestamp(0),
    }
}

fn ann() -> Actor {
    Actor {
        user_id: Some("ann".into()),
        scopes: vec!["approve:ship".into()],
        ..Actor::default()
    }
}

/// What the check says, or "ok".
fn said(request: &ApprovalRequest, decision: &Decision, actor: &Actor) -> String {
    let checked = check_lists(request, actor).and_then(|()| check_answer(request, decision));
    checked.map_or_else(|refusal| refusal.to_string(), |()| "ok".into())
}

#[test]
fn users_are_checked_before_scopes_and_scopes_before_the_answer() {
    let mut strict = request(ApprovalMode::Select, &["eu"]);
    strict.allowed_users = vec!["bob".into()];
    strict.allowed_scopes = vec!["approve:all".into()];
    let not_allowed = "User is not allowed to decide this approval";
    assert_eq!(said(&strict, &yes(None), &ann()), not_allowed);
    strict.allowed_users.push("ann".into());
    let no_scope = "Connection is missing required approval scope";
    assert_eq!(said(&strict, &yes(None), &ann()), no_scope);
    strict.allowed_scopes.push("approve:ship".into());
    let no_answer = "select approvals require decision.selected";
    assert_eq!(said(&strict, &yes(None), &ann()), no_answer);
    let eu = yes(Some(json!({"selected": "eu"})));
    assert_eq!(said(&strict, &eu, &ann()), "ok");
}

#[test]
fn a_holder_of_everything_has_every_scope_but_is_still_one_user() {
    let everything = Actor {
        holds_all: true,
        ..Actor::default()
    };
    let mut asked = request(ApprovalMode::Decision, &[]);
    asked.allowed_scopes = vec!["custom".into()];
    assert_eq!(check_lists(&asked, &everything), Ok(()));
    asked.allowed_users = vec!["ann".into()];
    let refused = check_lists(&asked, &everything);
    assert_eq!(refused, Err(Refusal::UserNotAllowed));
}

#[test]
fn an_answer_names_what_was_offered() {
    let select = request(ApprovalMode::Select, &["eu", "us"]);
    let rank = request(ApprovalMode::Rank, &["eu", "us"]);
    let open = request(ApprovalMode::Select, &[]);
    for (request, value, expected) in [
        (&select, json!({"selected": "us"}), "ok"),
        (&select, json!({"selected": "zz"}), "Unknown selection: zz"),
        (
            &select,
            json!({"selected": 1}),
            "select approvals require decision.selected",
        ),
        (&open, json!({"selected": "anything"}), "ok"),
        (&rank, json!({"ranked": ["us", "eu"]}), "ok"),
        (
            &rank,
            json!({"ranked": ["us", "zz"]}),
            "Unknown ranked option: zz",
        ),
        (
            &rank,
            json!({"ranked": []}),
            "rank approvals require decision.ranked",
        ),
        (
            &rank,
            json!({"ranked": [1]}),
            "rank approvals require decision.ranked",
        ),
    ] {
        assert_eq!(
            said(request, &yes(Some(value.clone())), &ann()),
            expected,
            "{value}"
        );
    }
}

#[test]
fn a_denial_needs_no_answer() {
    let select = request(ApprovalMode::Select, &["eu"]);
    let no = Decision {
        approved: false,
        ..yes(None)
    };
    assert_eq!(said(&select, &no, &ann()), "ok");
}

#[test]
fn rows_hold_the_answer_in_the_form_of_their_mode() {
    let decision = yes(Some(
        json!({"selected": "eu", "ranked": ["eu"], "notes": "near"}),
    ));
    for (mode, row) in [
        (
            ApprovalMode::Decision,
            json!({"approved": true, "note": null, "decidedBy": "ann",
                   "decidedAt": "1970-01-01T00:00:00.000Z"}),
        ),
        (
            ApprovalMode::Select,
            json!({"selected": "eu", "notes": "near"}),
        ),
        (
            ApprovalMode::Rank,
            json!({"ranked": ["eu"], "notes": "near"}),
        ),
    ] {
        assert_eq!(payload(mode, &decision), row);
    }
}
