//! The recorded event orders of the probes (docs/contract/probes), with the resumes as ours do them:
//! one frame without a trigger, and no second dispatch of what has finished.

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::approval::{Decision, OnDeny};
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::tree::Backoff;

use crate::support::world::{answer, operator};
use crate::support::{World, approval, asking, comp, lines, par_max, select, seq, stat, workflow};

#[test]
fn sequence_skipif() {
    let mut world = World::of(workflow([seq([
        stat("one").into(),
        stat("two").skipped().into(),
        comp("three").into(),
        comp("sum").into(),
    ])]));
    world.finish("three");
    world.finish("sum");
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            one pending
            two skipped
            three pending
            sum pending
            frame 1
            one started 1
            one finished 1
            frame 2 by one
            three started 1
            three finished 1
            frame 3 by three
            sum started 1
            sum finished 1
            frame 4 by sum
            frame 5 stability-check
            RUN finished"
        )
    );
    assert_eq!(
        world.nodes(),
        "one=finished sum=finished three=finished two=skipped"
    );
    assert_eq!(
        world.attempts(),
        "one#1=finished sum#1=finished three#1=finished"
    );
    assert!(world.closed);
}

#[test]
fn parallel_limit() {
    let four = ["a", "b", "c", "d"].map(|id| comp(id).into());
    let tree = workflow([seq([par_max(2, four), comp("report").into()])]);
    let mut world = World::of(tree);
    for id in ["b", "c", "a", "d", "report"] {
        world.finish(id);
    }
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            a pending
            b pending
            c pending
            d pending
            report pending
            frame 1
            a started 1
            b started 1
            b finished 1
            frame 2 by b
            c started 1
            c finished 1
            frame 3 by c
            d started 1
            a finished 1
            frame 4 by a
            d finished 1
            frame 5 by d
            report started 1
            report finished 1
            frame 6 by report
            frame 7 stability-check
            RUN finished"
        )
    );
}

#[test]
fn approval_approve() {
    let mut world = World::of(workflow([seq([
        stat("before").into(),
        approval("gate").scopes(&["approve:ship"]).into(),
        select("pick", &["eu", "us"]).into(),
        asking(comp("gated")).into(),
    ])]));
    assert_eq!(world.status(), RunStatus::WaitingApproval);
    let early = world.decide("gated", true).unwrap_err();
    assert_eq!(early.to_string(), "Node gated is not waiting for approval.");

    let yes = Decision {
        note: Some("looks good".into()),
        decided_by: Some("user:probe".into()),
        ..answer(true)
    };
    world.decide_as("gate", yes, operator()).unwrap();
    let us = Decision {
        value: Some(RawJson::of(&json!({"selected": "us", "notes": "closer"}))),
        ..answer(true)
    };
    world.decide_as("pick", us, operator()).unwrap();
    world.decide("gated", true).unwrap();
    world.finish("gated");
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            before pending
            frame 1
            before started 1
            before finished 1
            frame 2 by before
            gate asked Decision
            gate waiting
            RUN waiting-approval
            gate granted
            RUN started
            frame 3
            gate started 1
            gate finished 1
            frame 4 by gate
            pick asked Select
            pick waiting
            RUN waiting-approval
            pick granted
            RUN started
            frame 5
            pick started 1
            pick finished 1
            frame 6 by pick
            gated asked Gate
            gated waiting
            RUN waiting-approval
            gated granted
            RUN started
            frame 7
            gated started 1
            gated finished 1
            frame 8 by gated
            frame 9 stability-check
            RUN finished"
        )
    );
    let gate = json!({
        "approved": true, "note": "looks good", "decidedBy": "user:probe",
        "decidedAt": "1970-01-01T00:00:01.000Z",
    });
    assert_eq!(world.row("gate"), Some(gate));
    let pick = json!({"selected": "us", "notes": "closer"});
    assert_eq!(world.row("pick"), Some(pick));
}

#[test]
fn approval_deny_skip() {
    let mut world = World::reactive(|rows| {
        let decided = rows.get("gate").map(|row| row["approved"] == true);
        let mut children = vec![
            stat("auto").into(),
            approval("gate").on_deny(OnDeny::Skip).into(),
        ];
        if decided == Some(true) {
            children.push(stat("risky").into());
        }
        let seen = decided.map_or("none".into(), |approved| approved.to_string());
        children.push(stat("tail").value(json!({ "v": seen })).into());
        Ok(workflow([seq(children)]))
    });
    let no = Decision {
        note: Some("too risky".into()),
        ..answer(false)
    };
    world.decide_as("gate", no, operator()).unwrap();
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            auto pending
            tail pending
            frame 1
            auto started 1
            auto finished 1
            frame 2 by auto
            gate asked Decision
            gate waiting
            RUN waiting-approval
            gate denied
            RUN started
            frame 3
            gate started 1
            gate finished 1
            frame 4 by gate
            tail started 1
            tail finished 1
            frame 5 by tail
            frame 6 stability-check
            RUN finished"
        )
    );
    assert_eq!(world.row("tail"), Some(json!({"v": "false"})));
    assert_eq!(world.row("gate").unwrap()["approved"], false);
}

#[test]
fn kill9_resume() {
    let mut world = World::of(workflow([seq([
        stat("first").into(),
        comp("long").into(),
        stat("last").into(),
    ])]));
    world.crash();
    world.accept(Fact::TakenUp).unwrap();
    world.finish("long");
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            first pending
            long pending
            last pending
            frame 1
            first started 1
            first finished 1
            frame 2 by first
            long started 1
            RUN started
            frame 3
            long started 2
            long finished 2
            frame 4 by long
            last started 1
            last finished 1
            frame 5 by last
            frame 6 stability-check
            RUN finished"
        )
    );
    assert_eq!(
        world.attempts(),
        "first#1=finished last#1=finished long#1=cancelled long#2=finished"
    );
}

#[test]
fn retries_backoff() {
    let mut world = World::of(workflow([seq([
        comp("flaky").retries(3, Backoff::Linear, 40).into(),
        comp("slow")
            .retries(1, Backoff::Fixed, 10)
            .may_fail()
            .into(),
        comp("badshape")
            .retries(5, Backoff::Exponential, 1000)
            .may_fail()
            .into(),
    ])]));
    world.fail("flaky", "boom 1");
    world.wait_ms(40);
    world.fail("flaky", "boom 2");
    world.wait_ms(80);
    world.finish("flaky");
    world.fail("slow", "late");
    world.wait_ms(10);
    world.fail("slow", "late");
    world.finish_with("badshape", json!({"v": 7}));
    assert_eq!(
        world.events(),
        lines(
            "RUN started
            flaky pending
            slow pending
            badshape pending
            frame 1
            flaky started 1
            flaky failed 1: boom 1
            flaky retrying 2
            flaky started 2
            flaky failed 2: boom 2
            flaky retrying 3
            flaky started 3
            flaky finished 3
            frame 2 by flaky
            slow started 1
            slow failed 1: late
            slow retrying 2
            slow started 2
            slow failed 2: late
            frame 3 by slow
            badshape started 1
            badshape failed 1: INVALID_OUTPUT
            frame 4 by badshape
            frame 5 stability-check
            RUN finished, failed: slow::0 badshape::0"
        )
    );
}
