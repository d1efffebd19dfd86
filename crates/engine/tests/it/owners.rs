//! Owners of approvals: who may decide when, and what time does to an approval that nobody answers.

use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::approval::{ApprovalStatus, OnDeny};
use smithers_model::command::Lapse;
use smithers_model::fact::Fact;
use smithers_model::ownership::{ApprovalPolicy, OnExpire, Ownership};
use smithers_model::party::Party;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::{NodeKey, Timestamp};

use crate::support::world::answer;
use crate::support::{El, World, approval, comp, lines, par, stat, workflow};

fn party(text: &str) -> Option<Party> {
    Some(Party::parse(text).expect("the tests name somebody"))
}

/// Owned by Ann, after 100 ms by Bob too.
fn owned() -> Ownership {
    Ownership {
        owner: party("ann"),
        fallback_owner: party("bob"),
        escalate_after_ms: Some(100),
        ..Ownership::default()
    }
}

fn expiring(after_ms: u64, on_expire: OnExpire) -> Ownership {
    Ownership {
        expires_after_ms: Some(after_ms),
        on_expire,
        ..Ownership::default()
    }
}

fn user(id: &str) -> Actor {
    Actor {
        user_id: Some(id.into()),
        holds_all: true,
        ..Actor::default()
    }
}

fn one(element: impl Into<El>) -> World {
    World::of(workflow([element.into(), stat("ship").into()]))
}

fn decided_by(world: &World, node: &str) -> Option<String> {
    let approval = &world.store.approvals[&NodeKey::new(node, 0)];
    approval.decision.as_ref()?.decided_by.clone()
}

fn audited(world: &World) -> Vec<String> {
    let line = |record: &smithers_model::audit::AuditRecord| {
        let actor = record.actor_id.as_deref().unwrap_or("nobody");
        format!("{} {} by {actor}", record.kind, record.outcome)
    };
    world.store.audit.iter().map(line).collect()
}

#[test]
fn the_fallback_owner_is_refused_before_the_escalation_and_decides_after_it() {
    let mut world = one(approval("gate").owned(owned()));
    world.events();
    for stranger in ["bob", "eve"] {
        let refused = world.decide_as("gate", answer(true), user(stranger));
        assert_eq!(refused, Err(Refusal::NotAnOwner));
    }
    world.wait_ms(100);
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    assert_eq!(world.events(), lines("gate escalated to bob"));
    let eve = world.decide_as("gate", answer(true), user("eve"));
    assert_eq!(eve, Err(Refusal::NotAnOwner));
    world.decide_as("gate", answer(true), user("bob")).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn the_owner_decides_at_any_time() {
    for wait in [0, 100] {
        let mut world = one(approval("gate").owned(owned()));
        world.wait_ms(wait);
        world.decide_as("gate", answer(true), user("ann")).unwrap();
        assert_eq!(world.status(), RunStatus::Finished);
    }
}

#[test]
fn an_escalation_is_recorded_once_with_an_audit_row_and_a_notice() {
    let mut world = one(approval("gate").owned(owned()));
    assert_eq!(world.wakes, [Timestamp(1_100)]);
    world.wait_ms(100);
    for _ in 0..3 {
        world.accept(Fact::TimeReached).unwrap();
    }
    assert_eq!(
        audited(&world)[1..],
        ["approval.escalated escalated by system:escalation"]
    );
    let record = world.store.audit.last().unwrap();
    assert_eq!(
        record.detail.value(),
        json!({"iteration": 0, "owner": "ann", "fallbackOwner": "bob"})
    );
    let gate = NodeKey::new("gate", 0);
    assert_eq!(world.notices, [(gate, Lapse::Escalated)]);
    assert_eq!(world.state.next_due(), None);
}

#[test]
fn an_escalation_whose_time_came_while_the_process_was_away_is_made_up_for() {
    let mut world = one(approval("gate").owned(owned()));
    world.crash();
    world.wait_ms(5_000);
    let events = world.events();
    assert_eq!(events.last().unwrap(), "gate escalated to bob");
    world.crash();
    world.decide_as("gate", answer(true), user("bob")).unwrap();
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn an_answer_after_the_escalation_time_is_preceded_by_the_escalation_although_nobody_noticed() {
    let mut world = one(approval("gate").owned(owned()));
    world.events();
    world.now = Timestamp(1_100);
    world.decide_as("gate", answer(true), user("bob")).unwrap();
    let events = world.events();
    assert_eq!(
        events[..3],
        lines("gate escalated to bob\n gate granted\n RUN started")
    );
}

#[test]
fn allowed_users_narrow_the_owners_and_allowed_scopes_hold_beside_them() {
    let narrow = approval("gate").owned(owned()).users(&["bob"]);
    let mut world = one(narrow.scopes(&["release"]));
    let may = |world: &mut World, actor: Actor| world.decide_as("gate", answer(true), actor);
    assert_eq!(
        may(&mut world, user("ann")),
        Err(Refusal::UserNotAllowed),
        "the owner is not on the list"
    );
    assert_eq!(may(&mut world, user("bob")), Err(Refusal::NotAnOwner));
    world.wait_ms(100);
    let unscoped = Actor {
        holds_all: false,
        ..user("bob")
    };
    assert_eq!(may(&mut world, unscoped), Err(Refusal::ScopeMissing));
    may(&mut world, user("bob")).unwrap();
}

#[test]
fn teams_and_roles_own_approvals_too() {
    let by_group = Ownership {
        owner: party("team:release"),
        fallback_owner: party("role:lead"),
        ..owned()
    };
    let mut world = one(approval("gate").owned(by_group));
    let lead = Actor {
        role: "lead".into(),
        ..user("eve")
    };
    let member = Actor {
        scopes: vec!["team:release".into()],
        ..Actor::default()
    };
    let early = world.decide_as("gate", answer(true), lead.clone());
    assert_eq!(early, Err(Refusal::NotAnOwner));
    let mut escalated = world.clone();
    world.decide_as("gate", answer(true), member).unwrap();
    escalated.wait_ms(100);
    escalated.decide_as("gate", answer(true), lead).unwrap();
}

#[test]
fn silence_is_never_a_yes_and_denies_only_where_the_author_says_so() {
    let mut waiting = one(approval("gate").owned(expiring(50, OnExpire::Wait)));
    waiting.events();
    for _ in 0..3 {
        waiting.wait_ms(50);
    }
    assert_eq!(waiting.events(), lines("gate expired: wait"));
    assert_eq!(waiting.status(), RunStatus::WaitingApproval);
    assert_eq!(
        audited(&waiting)[1..],
        ["approval.expired waiting by system:expiry"]
    );
    waiting
        .decide_as("gate", answer(true), user("eve"))
        .unwrap();

    let mut denying = one(approval("gate").owned(expiring(50, OnExpire::Deny)));
    denying.events();
    denying.wait_ms(50);
    assert_eq!(
        denying.events(),
        lines(
            "gate expired: deny
            gate denied
            RUN started
            frame 2
            RUN failed SESSION_ERROR: Task failed: gate <- denied by system:expiry"
        )
    );
    assert_eq!(
        audited(&denying)[1..],
        [
            "approval.expired denied by system:expiry",
            "approval denied by system:expiry"
        ]
    );
}

#[test]
fn a_denial_by_expiry_follows_on_deny_like_any_other() {
    for on_deny in [OnDeny::Continue, OnDeny::Skip] {
        let gate = approval("gate").owned(expiring(50, OnExpire::Deny));
        let mut world = one(gate.on_deny(on_deny));
        world.wait_ms(50);
        assert_eq!(world.status(), RunStatus::Finished);
        let row = world.row("gate").unwrap();
        assert_eq!(
            (&row["approved"], &row["decidedBy"]),
            (&json!(false), &json!("system:expiry"))
        );
    }
}

#[test]
fn an_answer_after_the_expiry_meets_the_denial_even_before_it_is_recorded() {
    let mut world = one(approval("gate").owned(expiring(50, OnExpire::Deny)));
    world.now = Timestamp(1_050);
    let denied = Err(Refusal::AlreadyDecided {
        node: "gate".into(),
        status: ApprovalStatus::Denied,
    });
    assert_eq!(
        world.decide_as("gate", answer(true), user("eve")),
        denied.clone()
    );
    assert_eq!(decided_by(&world, "gate"), None);
    world.accept(Fact::TimeReached).unwrap();
    assert_eq!(world.decide_as("gate", answer(true), user("eve")), denied);
    assert_eq!(decided_by(&world, "gate").unwrap(), "system:expiry");
}

#[test]
fn what_became_due_together_happens_in_the_order_of_the_due_times() {
    let late = Ownership {
        expires_after_ms: Some(200),
        on_expire: OnExpire::Deny,
        ..owned()
    };
    let early = Ownership {
        expires_after_ms: Some(50),
        ..late.clone()
    };
    let story = |ownership| {
        let mut world = one(approval("gate").owned(ownership));
        world.events();
        world.wait_ms(1_000);
        world.events()[..2].to_vec()
    };
    assert_eq!(
        story(late),
        lines("gate escalated to bob\n gate expired: deny")
    );
    assert_eq!(story(early), lines("gate expired: deny\n gate denied"));
}

#[test]
fn time_passes_for_approvals_beside_running_tasks_too() {
    let tree = workflow([par([
        comp("slow").into(),
        approval("gate")
            .owned(expiring(50, OnExpire::Deny))
            .on_deny(OnDeny::Continue)
            .into(),
    ])]);
    let mut world = World::of(tree);
    world.wait_ms(50);
    assert_eq!(world.nodes(), "gate=finished slow=in-progress");
    world.finish("slow");
    assert_eq!(world.status(), RunStatus::Finished);
}

#[test]
fn nothing_is_due_any_more_once_an_approval_is_decided_or_its_run_is_over() {
    let both = Ownership {
        expires_after_ms: Some(200),
        ..owned()
    };
    let mut decided = World::of(workflow([
        approval("gate").owned(both.clone()).into(),
        approval("next").into(),
    ]));
    decided
        .decide_as("gate", answer(true), user("ann"))
        .unwrap();
    let mut cancelled = one(approval("gate").owned(both));
    cancelled.cancel().unwrap();
    for world in [&mut decided, &mut cancelled] {
        let gate = &world.store.approvals[&NodeKey::new("gate", 0)];
        assert_eq!(gate.next_due(), None);
        assert_eq!(world.state.next_due(), None);
        world.now = Timestamp(9_000);
        let woken = world.accept(Fact::TimeReached);
        assert_eq!(woken.is_err(), world.status().is_terminal());
        assert!(world.notices.is_empty());
    }
}

#[test]
fn the_launcher_cannot_decide_where_the_author_or_the_operator_forbids_it() {
    let launcher = user("user:op");
    let unnamed = Actor {
        user_id: None,
        ..launcher.clone()
    };
    let by_author = Ownership {
        forbid_self_approval: true,
        ..Ownership::default()
    };
    let by_operator = ApprovalPolicy {
        forbid_self: true,
        ..ApprovalPolicy::default()
    };
    let worlds = [
        one(approval("gate").owned(by_author)),
        World::under(by_operator, workflow([approval("gate").into()])),
    ];
    for mut world in worlds {
        for approved in [true, false] {
            for actor in [&launcher, &unnamed] {
                let refused = world.decide_as("gate", answer(approved), actor.clone());
                assert_eq!(refused, Err(Refusal::SelfApproval));
            }
        }
        world.decide_as("gate", answer(true), user("ann")).unwrap();
    }
}

#[test]
fn a_rule_of_the_operator_holds_for_approvals_that_were_asked_before_it() {
    let mut world = one(approval("gate"));
    world.restart_under(ApprovalPolicy {
        owner: party("ann"),
        forbid_self: true,
        ..ApprovalPolicy::default()
    });
    let launcher = world.decide_as("gate", answer(true), user("user:op"));
    assert_eq!(launcher, Err(Refusal::SelfApproval));
    world.decide_as("gate", answer(true), user("eve")).unwrap();
}

#[test]
fn an_approval_keeps_the_owners_it_was_asked_with_when_the_configuration_changes() {
    let policy = |owner| ApprovalPolicy {
        owner: party(owner),
        enforce_owner: true,
        ..ApprovalPolicy::default()
    };
    let mut world = World::under(policy("ann"), workflow([approval("gate").into()]));
    world.restart_under(policy("bob"));
    let bob = world.decide_as("gate", answer(true), user("bob"));
    assert_eq!(bob, Err(Refusal::NotAnOwner));
    world.decide_as("gate", answer(true), user("ann")).unwrap();
}

#[test]
fn many_approvals_that_are_due_together_are_cut_into_steps_of_bounded_size() {
    let gates = (0..150).map(|n| {
        approval(&format!("g{n}"))
            .owned(expiring(50, OnExpire::Deny))
            .on_deny(OnDeny::Continue)
            .into()
    });
    let mut world = World::of(workflow([par(gates)]));
    let before = world.steps.len();
    world.now = Timestamp(1_050);
    while world.status() != RunStatus::Finished {
        world.accept(Fact::TimeReached).unwrap();
    }
    let most = world.steps[before..].iter().map(|step| step.events.len());
    assert!(most.max().unwrap() < 400);
}
