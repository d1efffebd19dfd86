//! Approvals that several people have to give.

use smithers_engine::Refusal;
use smithers_model::NodeKey;
use smithers_model::approval::{ApprovalStatus, Decision};
use smithers_model::ownership::Ownership;
use smithers_model::party::Party;
use smithers_model::run::{Actor, RunStatus};

use crate::support::world::answer;
use crate::support::{World, approval, lines, stat, workflow};

fn by(user: Option<&str>, approved: bool) -> (Decision, Actor) {
    let decision = Decision {
        decided_by: user.map(str::to_owned),
        ..answer(approved)
    };
    let actor = Actor {
        user_id: user.map(str::to_owned),
        holds_all: true,
        ..Actor::default()
    };
    (decision, actor)
}

fn vote(world: &mut World, user: &str, approved: bool) -> Result<(), Refusal> {
    let (decision, actor) = by(Some(user), approved);
    world.decide_as("gate", decision, actor)
}

fn needing(approvals: u32) -> World {
    let gate = approval("gate").requiring(approvals);
    World::of(workflow([gate.into(), stat("ship").into()]))
}

fn status(world: &World) -> ApprovalStatus {
    world.store.approvals[&NodeKey::new("gate", 0)].status()
}

fn voters(world: &World) -> Vec<Option<&str>> {
    let approval = &world.store.approvals[&NodeKey::new("gate", 0)];
    let votes = approval.votes.iter();
    votes.map(|vote| vote.decided_by.as_deref()).collect()
}

#[test]
fn an_approval_waits_until_so_many_different_people_have_said_yes() {
    let mut world = needing(2);
    world.events();
    vote(&mut world, "ann", true).unwrap();
    assert_eq!(world.events(), lines("gate voted 1 of 2"));
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    assert_eq!(status(&world), ApprovalStatus::Requested);
    assert_eq!(world.store.audit.last().unwrap().outcome, "voted");
    vote(&mut world, "bob", true).unwrap();
    assert_eq!(world.events()[0], "gate voted 2 of 2");
    assert_eq!(status(&world), ApprovalStatus::Approved);
    assert_eq!(world.status(), RunStatus::Finished);
    assert_eq!(voters(&world), [Some("ann"), Some("bob")]);
}

#[test]
fn everybody_has_one_vote_and_the_second_changes_nothing() {
    let mut world = needing(3);
    vote(&mut world, "ann", true).unwrap();
    let before = world.store.clone();
    for approved in [true, false] {
        let again = vote(&mut world, "ann", approved);
        assert_eq!(again, Err(Refusal::AlreadyVoted));
    }
    assert!(world.store == before, "a refused vote has left something");
}

#[test]
fn a_single_no_decides_at_once() {
    let mut world = needing(3);
    vote(&mut world, "ann", true).unwrap();
    vote(&mut world, "bob", false).unwrap();
    assert_eq!(status(&world), ApprovalStatus::Denied);
    assert_eq!(world.status(), RunStatus::Failed);
    let late = vote(&mut world, "eve", true);
    assert!(matches!(late, Err(Refusal::AlreadyDecided { .. })));
}

#[test]
fn a_yes_of_nobody_in_particular_does_not_count_and_a_no_does() {
    let mut world = needing(2);
    let (yes, nobody) = by(None, true);
    let refused = world.decide_as("gate", yes, nobody.clone());
    assert_eq!(refused, Err(Refusal::VoterUnknown));
    let (no, _) = by(None, false);
    world.decide_as("gate", no, nobody).unwrap();
    assert_eq!(status(&world), ApprovalStatus::Denied);
}

#[test]
fn votes_outlive_a_restart() {
    let mut world = needing(2);
    vote(&mut world, "ann", true).unwrap();
    world.crash();
    let again = vote(&mut world, "ann", true);
    assert_eq!(again, Err(Refusal::AlreadyVoted));
    vote(&mut world, "bob", true).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn only_who_may_decide_may_vote() {
    let owned = Ownership {
        owner: Some(Party::Team("release".into())),
        ..Ownership::default()
    };
    let gate = approval("gate").owned(owned).requiring(2);
    let mut world = World::of(workflow([gate.into()]));
    let stranger = vote(&mut world, "eve", true);
    assert_eq!(stranger, Err(Refusal::NotAnOwner));
    assert!(voters(&world).is_empty());
}

/// Ann has read the request with this digest.
fn read(world: &mut World, user: &str, digest: &str) -> Result<(), Refusal> {
    let (decision, actor) = by(Some(user), true);
    let decision = Decision {
        request_digest: Some(digest.to_owned()),
        ..decision
    };
    world.decide_as("gate", decision, actor)
}

fn digest(world: &World) -> String {
    let approval = &world.store.approvals[&NodeKey::new("gate", 0)];
    approval
        .request_digest
        .clone()
        .expect("it was asked by this version")
}

#[test]
fn a_decision_about_another_request_is_refused_and_changes_nothing() {
    for required in [1, 2] {
        let mut world = needing(required);
        let (before, asked) = (world.store.clone(), digest(&world));
        let refused = read(&mut world, "ann", "of something else");
        let expected = Refusal::AnotherQuestion {
            node: "gate".into(),
            asked: Some(asked.clone()),
        };
        assert_eq!(refused, Err(expected));
        assert!(world.store == before, "a refused answer has left something");
        read(&mut world, "ann", &asked).unwrap();
    }
}

#[test]
fn every_answer_is_kept_with_the_digest_of_what_was_asked() {
    let mut world = needing(2);
    let asked = digest(&world);
    vote(&mut world, "ann", true).unwrap();
    vote(&mut world, "bob", true).unwrap();
    let approval = &world.store.approvals[&NodeKey::new("gate", 0)];
    let answers = approval.votes.iter().chain(&approval.decision);
    let digests: Vec<_> = answers
        .map(|answer| answer.request_digest.clone())
        .collect();
    assert_eq!(digests, vec![Some(asked.clone()); 3]);
    let recorded = world.store.audit.iter();
    let recorded = recorded.filter(|record| record.kind == "approval");
    let recorded: Vec<_> = recorded.map(|record| record.detail.value()).collect();
    assert_eq!(recorded.len(), 2);
    for detail in recorded {
        assert_eq!(detail["requestDigest"], asked.as_str());
    }
}
