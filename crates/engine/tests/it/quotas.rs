//! Quotas of others: the attempt does not count, the run waits and goes on by itself.

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::error::ErrorInfo;
use smithers_model::run::RunStatus;

use crate::support::{World, comp, workflow};

fn exceeded(reset_at: Option<i64>) -> ErrorInfo {
    let mut error = ErrorInfo::coded("AGENT_QUOTA_EXCEEDED", "no more today");
    error.details = reset_at.map(|at| RawJson::of(&json!({ "resetAtMs": at })));
    error
}

#[test]
fn a_run_waits_for_its_quota_and_the_failure_does_not_count() {
    let mut world = World::of(workflow([comp("ask").into()]));
    world.fail_with("ask", exceeded(Some(90_000)));
    assert_eq!(world.status(), RunStatus::WaitingQuota);
    assert_eq!(world.nodes(), "ask=waiting-quota");
    world.crash();
    world.wait_ms(88_999);
    assert_eq!(world.status(), RunStatus::WaitingQuota);
    world.wait_ms(1);
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("ask");
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.attempts(), "ask#1=failed ask#2=finished");
}

#[test]
fn without_a_time_somebody_has_to_say_that_it_goes_on() {
    let mut world = World::of(workflow([comp("ask").into()]));
    world.fail_with("ask", exceeded(None));
    assert_eq!(world.state.next_due(), None);
    world.resume().unwrap();
    world.finish("ask");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_quota_that_is_said_to_be_back_is_not_asked_for_at_once() {
    let mut world = World::of(workflow([comp("ask").into()]));
    world.fail_with("ask", exceeded(Some(5)));
    assert_eq!(world.status(), RunStatus::WaitingQuota);
    world.wait_ms(1_000);
    assert_eq!(world.status(), RunStatus::Running);
}
