//! Approvals that nobody is asked for.

use serde_json::json;
use smithers_model::approval::{Approval, AutoApprove, Precedent};
use smithers_model::fact::Fact;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::RunStatus;
use smithers_model::{NodeKey, RunId, Timestamp};

use crate::support::world::operator;
use crate::support::{World, approval, comp, lines, par, rank, select, seq, workflow};

fn auto(after: Option<u32>) -> AutoApprove {
    AutoApprove {
        after,
        audit: true,
        condition_met: None,
        revert_on_met: None,
    }
}

/// What people decided in runs that are called after their place, the newest first.
fn decided(answers: &[bool]) -> Vec<Precedent> {
    let precedent = |(place, approved): (usize, &bool)| Precedent {
        run_id: RunId::from(format!("before-{place}").as_str()),
        iteration: 0,
        approved: *approved,
        decided_by: Some("user:ann".into()),
        decided_at: Timestamp(99),
    };
    answers.iter().enumerate().map(precedent).collect()
}

#[test]
fn an_operator_who_wants_people_to_be_asked_has_the_last_word() {
    let always_ask = ApprovalPolicy {
        always_ask: true,
        ..ApprovalPolicy::default()
    };
    for after in [None, Some(1)] {
        let gate = approval("gate").auto(auto(after));
        let world = World::under(always_ask.clone(), workflow([gate.into()]));
        assert_eq!(world.status(), RunStatus::WaitingApproval, "{after:?}");
        assert_eq!(world.state.precedent_request(), None);
    }
}

/// A run that has come to its gate, after these decisions in other runs.
fn at_the_gate(auto: AutoApprove, answers: &[bool]) -> World {
    let gate = approval("gate").auto(auto);
    let tree = workflow([seq([comp("first").into(), gate.into()])]);
    let mut world = World::of(tree);
    world.precedents = decided(answers);
    world.events();
    world.finish("first");
    world
}

fn stored(world: &World) -> &Approval {
    &world.store.approvals[&NodeKey::new("gate", 0)]
}

#[test]
fn without_a_number_nobody_is_asked() {
    for after in [None, Some(0)] {
        let mut world = at_the_gate(auto(after), &[]);
        let told = world.events().join("\n");
        let expected = "gate auto-approved\ngate started 1\ngate finished 1";
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("asked"), "{told}");
        assert_eq!(world.status(), RunStatus::Finished);
        let row = world.row("gate").unwrap();
        assert_eq!(row["approved"], true);
        assert_eq!(row["note"], "Auto-approved");
        assert_eq!(row["decidedBy"], "smithers:auto");
        assert!(stored(&world).auto_approved);
    }
}

#[test]
fn so_many_people_have_to_have_said_yes_since_the_last_no() {
    for (answers, is_asked) in [
        (&[true, true][..], false),
        (&[true, true, false][..], false),
        (&[true][..], true),
        (&[][..], true),
        (&[false, true, true][..], true),
        (&[true, false, true][..], true),
    ] {
        let world = at_the_gate(auto(Some(2)), answers);
        let asked = world.status() == RunStatus::WaitingApproval;
        assert_eq!(asked, is_asked, "{answers:?}");
        assert_eq!(stored(&world).auto_approved, !is_asked, "{answers:?}");
    }
}

#[test]
fn a_condition_that_fails_and_a_revert_that_holds_have_people_asked() {
    for (condition_met, revert_on_met, is_asked) in [
        (Some(true), Some(false), false),
        (Some(false), Some(false), true),
        (Some(true), Some(true), true),
        (None, Some(true), true),
    ] {
        let auto = AutoApprove {
            condition_met,
            revert_on_met,
            ..auto(Some(1))
        };
        let world = at_the_gate(auto, &[true]);
        let asked = world.status() == RunStatus::WaitingApproval;
        assert_eq!(asked, is_asked, "{condition_met:?} {revert_on_met:?}");
    }
}

#[test]
fn the_trail_tells_what_an_approval_without_a_person_rests_on() {
    let world = at_the_gate(auto(Some(1)), &[true, true]);
    let record = world.store.audit.last().unwrap();
    assert_eq!(
        (&*record.kind, &*record.outcome),
        ("approval", "auto-approved")
    );
    assert_eq!(record.actor_id.as_deref(), Some("smithers:auto"));
    let detail = record.detail.value();
    let digest = stored(&world).request_digest.as_deref().unwrap();
    assert_eq!(detail["requestDigest"], digest);
    let named = json!([{
        "runId": "before-0", "iteration": 0, "approved": true,
        "decidedBy": "user:ann", "decidedAtMs": 99,
    }]);
    assert_eq!(detail["restsOn"], json!({"approvals": 1, "newest": named}));
}

#[test]
fn without_audit_the_trail_tells_that_it_was_given_and_no_more() {
    let auto = AutoApprove {
        audit: false,
        ..auto(Some(1))
    };
    let world = at_the_gate(auto, &[true]);
    let record = world.store.audit.last().unwrap();
    assert_eq!(record.outcome, "auto-approved");
    assert!(record.detail.value().get("restsOn").is_none());
}

#[test]
fn the_first_choice_is_taken_and_an_order_stays_as_it_is() {
    let pick = select("pick", &["blue", "red"]).auto(auto(None));
    let order = rank("order", &["blue", "red"]).auto(auto(None));
    let world = World::of(workflow([pick.into(), order.into()]));
    assert_eq!(world.status(), RunStatus::Finished);
    let row = |id: &str| world.row(id).unwrap();
    assert_eq!(row("pick"), json!({"selected": "blue", "notes": null}));
    let ranked = json!({"ranked": ["blue", "red"], "notes": null});
    assert_eq!(row("order"), ranked);
}

#[test]
fn several_approvals_at_once_are_given_each_on_its_own_grounds() {
    let gates = ["a", "b", "c"].map(|id| approval(id).auto(auto(Some(1))).into());
    let mut world = World::of(workflow([seq([comp("first").into(), par(gates)])]));
    world.precedents = decided(&[true]);
    world.finish("first");
    assert_eq!(world.status(), RunStatus::Finished);
    let told = world.events();
    for gate in ["a", "b", "c"] {
        let given = format!("{gate} auto-approved");
        assert_eq!(told.iter().filter(|line| **line == given).count(), 1);
    }
}

#[test]
fn what_was_given_without_a_person_stays_so_over_a_crash() {
    let gate = approval("gate").auto(auto(None));
    let tree = workflow([seq([gate.into(), comp("ship").into()])]);
    let mut world = World::of(tree);
    world.events();
    world.crash();
    world.resume().unwrap();
    assert!(!world.events().contains(&lines("gate auto-approved")[0]));
    assert!(stored(&world).auto_approved);
}

#[test]
fn what_was_read_before_a_pause_is_read_again_after_it() {
    let tree = workflow([approval("gate").auto(auto(Some(1))).into()]);
    let mut world = World::of(workflow([comp("a").into()]));
    world.crash();
    let (state, now) = (&mut world.state, world.now);
    state.accept(Fact::TakenUp, now).unwrap();
    state.accept(Fact::Rendered(tree.clone()), now).unwrap();
    let wanted = state.precedent_request().unwrap();
    let actor = operator();
    state.accept(Fact::PauseRequested { actor }, now).unwrap();
    let found = decided(&[true]);
    let node = wanted.node.clone();
    state
        .accept(Fact::PrecedentsRead { node, found }, now)
        .unwrap();
    state.take_step();
    assert_eq!(state.status(), RunStatus::Paused);
    let resume = Fact::ResumeRequested {
        actor: operator(),
        accept_change: false,
    };
    state.accept(resume, now).unwrap();
    if state.render_request().is_some() {
        state.accept(Fact::Rendered(tree), now).unwrap();
    }
    assert_eq!(state.precedent_request(), Some(wanted));
}
