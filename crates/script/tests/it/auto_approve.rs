//! Approvals that nobody is asked for, as a workflow writes them.

use smithers_model::approval::AutoApprove;

use crate::ownership::asked;

#[test]
fn an_approval_says_when_nobody_is_asked() {
    assert_eq!(asked("").unwrap().auto_approve, None);
    let said = |props: &str| asked(props).unwrap().auto_approve.unwrap();
    let at_once = AutoApprove {
        after: None,
        audit: true,
        condition_met: None,
        revert_on_met: None,
    };
    assert_eq!(said("autoApprove={{}}"), at_once);
    let everything = AutoApprove {
        after: Some(3),
        audit: false,
        condition_met: Some(true),
        revert_on_met: Some(false),
    };
    assert_eq!(
        said("autoApprove={{after: 3, audit: false, condition: true, revertOn: false}}"),
        everything
    );
}

#[test]
fn conditions_can_be_functions_of_the_context() {
    let props = "autoApprove={{condition: (ctx) => ctx.runId === 'nobody', revertOn: (ctx) => typeof ctx.runId === 'string'}}";
    let said = asked(props).unwrap().auto_approve.unwrap();
    assert_eq!(said.condition_met, Some(false));
    assert_eq!(said.revert_on_met, Some(true));
}

#[test]
fn what_makes_no_sense_fails_the_render() {
    for (props, said) in [
        ("autoApprove={true}", "autoApprove must be an object"),
        (
            "autoApprove={{after: -1}}",
            "autoApprove.after must be an integer",
        ),
        (
            "autoApprove={{after: 1.5}}",
            "autoApprove.after must be an integer",
        ),
        ("autoApprove={{after: 1001}}", "from 0 to 1000"),
        (
            "autoApprove={{condition: 'yes'}}",
            "autoApprove.condition must be true or false",
        ),
        (
            "autoApprove={{revertOn: async () => false}}",
            "autoApprove.revertOn must be true or false",
        ),
        (
            "autoApprove={{audit: 1}}",
            "autoApprove.audit must be true or false",
        ),
        ("autoApprove={{untill: true}}", "not \"untill\""),
        (
            "autoApprove={{after: 1}} requiredApprovals={2}",
            "exclude each other",
        ),
    ] {
        let error = asked(props).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{props}");
        assert!(error.message.contains(said), "{props}: {}", error.message);
    }
}
