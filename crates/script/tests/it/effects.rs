//! What tasks say of their effects, and the functions that take them back.

use smithers_model::effect::SideEffect;
use smithers_model::workflow::CallError;

use crate::agents::run_of;
use crate::driver::{Run, wait};
use crate::rules::frame;

fn task(props: &str) -> Run {
    let head = "const log = [];";
    let tree = format!(
        "<Task id='a' output={{outputs.out}} {props}>{{() => {{ log.push('paid'); return {{ n: log.length }}; }}}}</Task>"
    );
    run_of(head, &tree)
}

fn effect(props: &str) -> Option<SideEffect> {
    task(props).task("a").side_effect
}

#[test]
fn a_task_says_whether_its_effect_may_be_had_twice() {
    let once = SideEffect::default();
    assert_eq!(effect(""), None);
    assert_eq!(effect("sideEffect={false}"), None);
    assert_eq!(effect("sideEffect"), Some(once));
    assert_eq!(effect("sideEffect={{}}"), Some(once));
    let idempotent = effect("sideEffect={{ idempotent: true }}").unwrap();
    assert!(idempotent.idempotent && idempotent.revert.is_none());
}

#[test]
fn a_revert_is_given_the_effect_and_is_another_function_than_the_body() {
    let mut run = task(
        "sideEffect={{ revert: async ({ outputRow, effectStatus }) => { log.push(`undo ${outputRow.n} ${effectStatus}`); console.log(log.join()); } }}",
    );
    wait(run.call("a")).unwrap();
    let given = r#"{"outputRow":{"n":1},"effectStatus":"finished"}"#;
    assert_eq!(wait(run.revert("a", given)).unwrap().as_str(), "null");
    let written: String = run.written().into_iter().map(|(_, text)| text).collect();
    assert_eq!(written.trim(), "paid,undo 1 finished");
}

#[test]
fn a_revert_that_throws_tells_so_and_is_not_tried_again() {
    let mut run = task("sideEffect={{ revert: () => { throw new Error('too late'); } }}");
    match wait(run.revert("a", "{}")) {
        Err(CallError::Failed { error, retryable }) => {
            assert_eq!((error.message.as_str(), retryable), ("too late", false));
        }
        other => panic!("it should have failed: {other:?}"),
    }
}

#[test]
fn what_is_no_side_effect_is_refused_by_name() {
    for (props, what) in [
        ("sideEffect='yes'", "must be true or an object"),
        ("sideEffect={{ idempotent: 1 }}", "no boolean"),
        ("sideEffect={{ revert: 'undo' }}", "no function"),
    ] {
        let error = frame(&format!(
            "<Task id='a' output={{outputs.out}} {props}>{{() => ({{ n: 1 }})}}</Task>"
        ))
        .err()
        .unwrap();
        assert!(error.message.contains(what), "{}", error.message);
    }
}
