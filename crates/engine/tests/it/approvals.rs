//! Approvals: asking at once, deciding once, and what a no means.

use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::approval::{ApprovalStatus, Decision, OnDeny};
use smithers_model::command::Command;
use smithers_model::fact::Fact;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::{NodeKey, RawJson};

use crate::support::world::{answer, operator};
use crate::support::{
    El, World, approval, asking, comp, lines, par, par_max, rank, select, seq, stat, workflow,
};

fn one(element: impl Into<El>) -> World {
    World::of(workflow([element.into()]))
}

#[test]
fn the_second_of_two_decisions_learns_what_was_decided_whichever_way_it_points() {
    let tree = workflow([par([approval("gate").into(), comp("slow").into()])]);
    let mut world = World::of(tree);
    world.decide("gate", true).unwrap();
    for approved in [true, false] {
        let refused = world.decide("gate", approved).unwrap_err();
        let expected = Refusal::AlreadyDecided {
            node: "gate".into(),
            status: ApprovalStatus::Approved,
        };
        assert_eq!(refused, expected);
    }
    assert_eq!(world.store.approvals.len(), 1);
}

#[test]
fn a_decision_after_a_cancel_meets_the_denial_of_the_cancel() {
    let mut world = one(approval("gate"));
    world.cancel().unwrap();
    let refused = world.decide("gate", true).unwrap_err();
    let expected = Refusal::AlreadyDecided {
        node: "gate".into(),
        status: ApprovalStatus::Denied,
    };
    assert_eq!(refused, expected);
}

#[test]
fn only_a_waiting_node_can_be_decided() {
    let mut world = World::of(workflow([approval("gate").into(), stat("after").into()]));
    for id in ["after", "nope"] {
        let refused = world.decide(id, true).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("Node {id} is not waiting for approval.")
        );
    }
}

#[test]
fn a_stranger_changes_nothing_and_the_named_user_decides() {
    let mut world = one(approval("gate")
        .users(&["user:boss"])
        .scopes(&["approval:submit"]));
    world.events();
    let refused = world.decide("gate", true).unwrap_err();
    assert_eq!(refused, Refusal::UserNotAllowed);
    assert!(world.events().is_empty());
    let boss = Actor {
        user_id: Some("user:boss".into()),
        scopes: vec!["approval:submit".into()],
        ..Actor::default()
    };
    world.decide_as("gate", answer(true), boss).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn a_denial_fails_the_run_without_a_word_about_the_node() {
    let mut world = World::of(workflow([approval("gate").into(), stat("ship").into()]));
    world.events();
    let no = Decision {
        note: Some("no".into()),
        ..answer(false)
    };
    world.decide_as("gate", no, operator()).unwrap();
    assert_eq!(
        world.events(),
        lines(
            "gate denied
            RUN started
            frame 2
            RUN failed SESSION_ERROR: Task failed: gate <- denied by user:op"
        )
    );
    assert_eq!(world.nodes(), "gate=failed ship=pending");
    assert_eq!(world.attempts(), "");
    let error = world.store.run.as_ref().unwrap().error.clone().unwrap();
    let cause = error.cause.unwrap().details.unwrap().value();
    assert_eq!(
        cause,
        json!({"approved": false, "note": "no", "decidedBy": "user:op"})
    );
}

#[test]
fn a_denied_node_that_may_fail_is_left_out() {
    let mut world = World::of(workflow([
        asking(comp("risky")).may_fail().into(),
        stat("after").into(),
    ]));
    world.decide("risky", false).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "after=finished risky=skipped");
}

#[test]
fn a_gate_cannot_be_told_to_go_on_after_a_no() {
    let mut world = one(asking(comp("risky")).on_deny(OnDeny::Continue));
    world.decide("risky", false).unwrap();
    assert_eq!(world.status(), RunStatus::Failed);
    assert!(world.in_flight.is_empty());
}

#[test]
fn a_no_that_the_author_wants_to_hear_is_stored_as_a_row() {
    for on_deny in [OnDeny::Continue, OnDeny::Skip] {
        let mut world = one(approval("gate").on_deny(on_deny));
        world.decide("gate", false).unwrap();
        assert_eq!(world.status(), RunStatus::Finished);
        assert_eq!(world.row("gate").unwrap()["approved"], false);
    }
    let mut world = one(select("pick", &["a"]).on_deny(OnDeny::Continue));
    world.decide("pick", false).unwrap();
    assert_eq!(
        world.row("pick"),
        Some(json!({"selected": null, "notes": null}))
    );
}

#[test]
fn a_ranking_is_stored_in_its_order() {
    let mut world = one(rank("order", &["a", "b"]));
    let refused = world.decide("order", true).unwrap_err();
    let message = "rank approvals require decision.ranked";
    assert_eq!(refused.to_string(), message);
    let ranked = Decision {
        value: Some(RawJson::of(&json!({"ranked": ["b", "a"]}))),
        ..answer(true)
    };
    world.decide_as("order", ranked, operator()).unwrap();
    assert_eq!(
        world.row("order"),
        Some(json!({"ranked": ["b", "a"], "notes": null}))
    );
}

#[test]
fn people_are_asked_at_once_while_other_tasks_run_and_the_run_parks_only_at_rest() {
    let tree = workflow([par([
        comp("slow").into(),
        seq([approval("gate").into(), stat("ship").into()]),
    ])]);
    let mut world = World::of(tree);
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            slow pending
            ship pending
            frame 1
            slow started 1
            gate asked Decision
            gate waiting"
        )
    );
    assert_eq!(world.status(), RunStatus::Running);
    world.finish("slow");
    assert_eq!(
        world.events(),
        lines("slow finished 1\n frame 2 by slow\n RUN waiting-approval")
    );
}

#[test]
fn a_decision_while_tasks_run_needs_no_new_frame() {
    let tree = workflow([par([comp("slow").into(), asking(comp("guarded")).into()])]);
    let mut world = World::of(tree);
    world.events();
    world.decide("guarded", true).unwrap();
    assert_eq!(world.events(), lines("guarded granted\n guarded started 1"));
}

#[test]
fn a_run_with_two_open_questions_parks_again_after_the_first_answer() {
    let mut world = one(par([approval("a").into(), approval("b").into()]));
    world.events();
    world.decide("b", true).unwrap();
    assert_eq!(
        world.events(),
        lines(
            "b granted
            RUN started
            frame 2
            b started 1
            b finished 1
            frame 3 by b
            RUN waiting-approval"
        )
    );
    world.decide("a", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

/// Decides without letting the owner commit.
fn decide_uncommitted(world: &mut World, id: &str, approved: bool) {
    let fact = Fact::ApprovalDecided {
        node: NodeKey::new(id, 0),
        decision: answer(approved),
        actor: operator(),
    };
    let taken = world.state.accept(fact, world.now);
    taken.expect("the question is open");
}

#[test]
fn two_answers_can_share_a_step() {
    let mut world = one(par([approval("a").into(), approval("b").into()]));
    decide_uncommitted(&mut world, "a", true);
    decide_uncommitted(&mut world, "b", true);
    world.pump();
    assert_eq!(world.status(), RunStatus::Finished);
    assert!(world.closed);
}

#[test]
fn nothing_starts_after_a_denial_has_ended_the_run() {
    let mut world = one(par([approval("a").into(), approval("b").into()]));
    decide_uncommitted(&mut world, "b", true);
    decide_uncommitted(&mut world, "a", false);
    world.pump();
    assert_eq!(world.status(), RunStatus::Failed);
    assert_eq!(world.nodes(), "a=failed b=pending");
    assert_eq!(world.attempts(), "");
}

#[test]
fn an_answer_before_the_commit_takes_the_wish_to_park_back() {
    let tree = workflow([approval("gate").into(), comp("ship").into()]);
    let mut world = World::of(workflow([comp("x").into()]));
    world.crash();
    world.state.accept(Fact::TakenUp, world.now).unwrap();
    let parking = Fact::Rendered(tree.clone());
    world.state.accept(parking, world.now).unwrap();
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    let mut cancelled = world.clone();
    decide_uncommitted(&mut world, "gate", true);
    world.state.accept(Fact::Rendered(tree), world.now).unwrap();
    assert!(world.state.take_step().commands.is_empty());

    let cancel = Fact::CancelRequested { actor: operator() };
    cancelled.state.accept(cancel, cancelled.now).unwrap();
    assert_eq!(cancelled.state.take_step().commands, [Command::Close]);
}

#[test]
fn a_question_whose_node_is_gone_from_the_rows_cannot_be_decided() {
    let mut world = one(approval("gate"));
    world.store.nodes.clear();
    world.crash();
    let refused = world.decide("gate", true).unwrap_err();
    assert_eq!(
        refused,
        Refusal::NotWaiting {
            node: "gate".into()
        }
    );
}

#[test]
fn an_answer_that_is_not_awaited_is_passed_over_but_what_depends_on_it_waits() {
    let mut world = World::of(workflow([
        approval("later").in_background().into(),
        stat("next").into(),
        stat("needs").after("later").into(),
    ]));
    assert_eq!(
        world.nodes(),
        "later=waiting-approval needs=pending next=finished"
    );
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    world.decide("later", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(world.nodes(), "later=finished needs=finished next=finished");
}

#[test]
fn a_skipped_approval_asks_nobody() {
    let mut world = one(approval("gate").skipped());
    assert_eq!(world.status(), RunStatus::Finished);
    let events = world.events();
    assert!(events.contains(&"gate skipped".to_owned()), "{events:?}");
    assert!(world.store.approvals.is_empty());
}

#[test]
fn asking_takes_no_slot_of_a_full_group() {
    let tree = workflow([par_max(1, [comp("a").into(), asking(comp("b")).into()])]);
    let mut world = World::of(tree);
    assert_eq!(world.nodes(), "a=in-progress b=waiting-approval");
    world.decide("b", true).unwrap();
    assert_eq!(world.nodes(), "a=in-progress b=pending");
    world.finish("a");
    assert_eq!(world.nodes(), "a=finished b=in-progress");
}

#[test]
fn a_parked_run_that_was_read_back_goes_on_as_one_that_stayed_in_memory() {
    let tree = workflow([approval("gate").into(), stat("ship").into()]);
    let mut stayed = World::of(tree);
    let mut read_back = stayed.clone();
    read_back.crash();
    stayed.decide("gate", true).unwrap();
    read_back.decide("gate", true).unwrap();
    assert_eq!(stayed.steps, read_back.steps);
    assert_eq!(stayed.store, read_back.store);
}

#[test]
fn a_decision_is_stored_with_who_when_and_what_and_is_in_the_audit_trail() {
    let mut world = one(approval("gate"));
    world.now.0 += 500;
    world.decide("gate", true).unwrap();
    let approval = world.store.approvals.values().next().unwrap();
    let decision = approval.decision.as_ref().unwrap();
    assert_eq!(decision.decided_at.0, 1_500);
    assert_eq!(decision.token_id.as_deref(), Some("tok"));
    let record = world.store.audit.last().unwrap();
    let said = (
        record.kind.as_str(),
        record.outcome.as_str(),
        record.subject.as_deref(),
    );
    assert_eq!(said, ("approval", "approved", Some("gate")));
    let step = &world.steps[world.steps.len() - 1];
    assert!(
        step.changes
            .iter()
            .any(|change| format!("{change:?}").starts_with("DecideApproval"))
    );
    assert!(
        step.changes
            .iter()
            .any(|change| format!("{change:?}").starts_with("Audit"))
    );
}
