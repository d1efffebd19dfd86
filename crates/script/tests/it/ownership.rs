//! Owners of approvals as a workflow writes them.

use smithers_model::approval::ApprovalRequest;
use smithers_model::error::ErrorInfo;
use smithers_model::ownership::{OnExpire, Ownership};
use smithers_model::party::Party;

use crate::rules::frame;

/// The request of the only task of a frame.
pub(crate) fn asked(props: &str) -> Result<ApprovalRequest, ErrorInfo> {
    let body = format!(
        "<Approval id='a' output={{outputs.decision}} request={{{{title: 't'}}}} {props}/>"
    );
    let run = frame(&body)?;
    let approval = run.task("a").approval.clone();
    Ok(approval.expect("an Approval asks").request)
}

#[test]
fn an_approval_says_who_owns_it_and_what_time_does_to_it() {
    let silent = asked("").unwrap().ownership;
    assert!(silent.is_silent());
    let said = asked(
        "owner='user:ann' fallbackOwner='team:release' escalateAfterMs={250.9} expiresAfterMs={5000} onExpire='deny' forbidSelfApproval",
    );
    assert_eq!(
        said.unwrap().ownership,
        Ownership {
            owner: Some(Party::User("user:ann".into())),
            fallback_owner: Some(Party::Team("release".into())),
            escalate_after_ms: Some(250),
            expires_after_ms: Some(5_000),
            on_expire: OnExpire::Deny,
            forbid_self_approval: true,
        }
    );
}

#[test]
fn a_timeout_is_a_time_after_which_nobodys_answer_is_a_no() {
    let said = asked("timeoutMs={5000}").unwrap().ownership;
    let as_long = asked("expiresAfterMs={5000} onExpire='deny'").unwrap();
    assert_eq!(said, as_long.ownership);
    let waiting = asked("timeoutMs={5000} onExpire='wait'").unwrap();
    assert_eq!(waiting.ownership.on_expire, OnExpire::Wait);
}

#[test]
fn silence_cannot_be_made_a_yes() {
    let error = asked("expiresAfterMs={5000} onExpire='approve'").unwrap_err();
    assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"));
    assert!(
        error.message.contains("onExpire cannot be \"approve\""),
        "{}",
        error.message
    );
}

#[test]
fn owners_and_times_that_make_no_sense_fail_the_render() {
    for (props, said) in [
        ("owner={7}", "owner must be a user id"),
        ("owner=''", "names nobody"),
        ("fallbackOwner='team:'", "names nobody"),
        ("escalateAfterMs={0}", "escalateAfterMs must be 1 to"),
        ("expiresAfterMs={1e15}", "expiresAfterMs must be 1 to"),
        ("expiresAfterMs={-1}", "expiresAfterMs must be a number"),
        ("timeoutMs={0}", "timeoutMs must be 1 to"),
        ("timeoutMs={5} expiresAfterMs={5}", "give one of them"),
        ("onExpire='deny'", "onExpire needs expiresAfterMs"),
        ("expiresAfterMs={5} onExpire='explode'", "onExpire must be"),
    ] {
        let error = asked(props).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{props}");
        assert!(error.message.contains(said), "{props}: {}", error.message);
    }
}

#[test]
fn an_approval_says_how_many_people_have_to_give_it() {
    let one = asked("").unwrap();
    assert!(!one.counts_votes());
    let three = asked("requiredApprovals={3}").unwrap();
    assert_eq!(three.required_approvals.get(), 3);
    let choice = "mode='select' options={[{key: 'a', label: 'A'}]} requiredApprovals={2}";
    for (props, said) in [
        ("requiredApprovals={0}", "an integer from 1 to"),
        ("requiredApprovals={1.5}", "an integer from 1 to"),
        ("requiredApprovals={101}", "an integer from 1 to"),
        ("requiredApprovals='2'", "an integer from 1 to"),
        (choice, "a choice is made by one person"),
    ] {
        let error = asked(props).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{props}");
        assert!(error.message.contains(said), "{props}: {}", error.message);
    }
}
