//! Owners of approvals: who, after how long, and settings that cannot work.

use std::time::Duration;

use smithers_model::ownership::ApprovalPolicy;
use smithers_model::party::Party;

use super::{problems, read};

#[test]
fn without_settings_nobody_owns_approvals_and_everything_is_as_it_was() {
    assert_eq!(read(&[]).approvals.policy(), ApprovalPolicy::default());
}

#[test]
fn an_operator_names_who_is_responsible_and_for_how_long() {
    let config = read(&[
        ("SMITHERS_APPROVAL_DEFAULT_OWNER", "user:ann"),
        ("SMITHERS_APPROVAL_FALLBACK_OWNER", "team:release"),
        ("SMITHERS_APPROVAL_ESCALATE_AFTER", "90m"),
        ("SMITHERS_APPROVAL_ENFORCE_DEFAULT_OWNER", "1"),
        ("SMITHERS_APPROVAL_FORBID_SELF", "1"),
        ("SMITHERS_APPROVAL_ALWAYS_ASK", "1"),
    ]);
    let expected = ApprovalPolicy {
        owner: Some(Party::User("user:ann".into())),
        fallback_owner: Some(Party::Team("release".into())),
        escalate_after: Duration::from_secs(90 * 60),
        enforce_owner: true,
        forbid_self: true,
        always_ask: true,
    };
    assert_eq!(config.approvals.policy(), expected);
    assert!(config.warnings().is_empty());
}

#[test]
fn an_owner_who_is_nobody_and_a_time_that_is_none_are_refused() {
    let found = problems(&[
        ("SMITHERS_APPROVAL_DEFAULT_OWNER", "team:"),
        ("SMITHERS_APPROVAL_ESCALATE_AFTER", "soon"),
    ]);
    assert_eq!(
        found,
        [
            "SMITHERS_APPROVAL_DEFAULT_OWNER names nobody; accepted: a user id, team:slug or role:name",
            "SMITHERS_APPROVAL_ESCALATE_AFTER is not a span of time; accepted: a number with ms, s, m, h or d, up to 3650d",
        ]
    );
}

#[test]
fn owners_that_cannot_stand_in_for_each_other_are_warned_about() {
    let same = read(&[
        ("SMITHERS_APPROVAL_DEFAULT_OWNER", "user:ann"),
        ("SMITHERS_APPROVAL_FALLBACK_OWNER", "user:ann"),
    ]);
    assert!(same.warnings()[0].contains("are the same"));
    let nobody = read(&[("SMITHERS_APPROVAL_ENFORCE_DEFAULT_OWNER", "1")]);
    assert!(nobody.warnings()[0].contains("has no effect"));
}
