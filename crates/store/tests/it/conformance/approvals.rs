//! Approvals are decided once, and what waits is listed oldest first.

use smithers_model::approval::ApprovalStatus;
use smithers_model::ownership::Custody;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};
use smithers_store::Refusal;
use smithers_store::read::ApprovalFilter;
use smithers_store::testkit::{
    RunScript, approval, counted_approval, custody, decision, owned_approval, vote,
};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_request_waits_until_it_is_decided,
    the_second_decision_is_refused_whichever_way_it_points,
    a_decision_that_nobody_asked_for_is_refused,
    one_step_may_ask_and_decide,
    asking_again_opens_the_approval_again,
    what_waits_is_listed_oldest_first,
    who_answers_for_an_approval_is_read_back_as_it_was_stored,
    asking_again_begins_with_new_owners,
    votes_are_read_back_in_the_order_they_came,
    asking_again_begins_without_votes,
    a_vote_about_what_is_decided_is_refused,
    a_vote_about_another_request_does_not_count,
    answers_are_kept_with_the_digest_of_what_was_asked,
];

/// A run of `workflow` that asks for `nodes` at their times.
fn asking(subject: &mut Subject, id: &str, workflow: &str, nodes: &[(&str, i64)]) -> RunScript {
    let mut script = RunScript::new(id);
    let launch = script.launch_with(|new| new.row.workflow_key = workflow.into());
    subject.commit(launch).unwrap();
    let requests = nodes.iter().map(|(node, at)| approval(&run(id), node, *at));
    subject
        .commit(script.step(vec![], requests.collect()))
        .unwrap();
    script
}

fn pending(subject: &Subject, filter: &ApprovalFilter) -> Vec<String> {
    let rows = subject.reader().pending(filter).unwrap();
    let name = |row: &smithers_store::read::PendingApproval| {
        let (run, node) = (&row.approval.run_id, &row.approval.node.node_id);
        format!("{run}/{node} of {}", row.workflow_key)
    };
    rows.iter().map(name).collect()
}

fn a_request_waits_until_it_is_decided(subject: &mut Subject) {
    let mut script = asking(subject, "r", "w", &[("a", 5)]);
    assert_eq!(pending(subject, &ApprovalFilter::all(9)), ["r/a of w"]);
    subject
        .commit(script.step(vec![], vec![decision("a", true)]))
        .unwrap();
    assert!(pending(subject, &ApprovalFilter::all(9)).is_empty());
    let stored = subject
        .reader()
        .approval(&run("r"), &NodeKey::new("a", 0))
        .unwrap()
        .unwrap();
    assert_eq!(stored.status(), ApprovalStatus::Approved);
    let decision = stored.decision.unwrap();
    assert_eq!(decision.note.as_deref(), Some("seen"));
    assert_eq!(decision.token_id.as_deref(), Some("0850123315d21ab9"));
    assert_eq!(decision.value.unwrap().as_str(), r#"{"approved":true}"#);
}

fn the_second_decision_is_refused_whichever_way_it_points(subject: &mut Subject) {
    let mut script = asking(subject, "r", "w", &[("a", 5)]);
    subject
        .commit(script.step(vec![], vec![decision("a", false)]))
        .unwrap();
    for approved in [true, false] {
        let step = script.clone().step(vec![], vec![decision("a", approved)]);
        assert_eq!(
            subject.commit(step).unwrap_err(),
            Refusal::AlreadyDecided {
                node: NodeKey::new("a", 0),
                status: ApprovalStatus::Denied
            }
        );
    }
}

fn a_decision_that_nobody_asked_for_is_refused(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let step = script.step(vec![], vec![decision("a", true)]);
    assert!(matches!(
        subject.commit(step),
        Err(Refusal::Constraint { .. })
    ));
}

fn one_step_may_ask_and_decide(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let both = vec![approval(&run("r"), "a", 5), decision("a", true)];
    subject.commit(script.step(vec![], both)).unwrap();
    let mut twice = subject.launched("twice");
    let changes = vec![
        approval(&run("twice"), "a", 5),
        decision("a", true),
        decision("a", false),
    ];
    let refusal = subject.commit(twice.step(vec![], changes)).unwrap_err();
    assert!(
        matches!(refusal, Refusal::AlreadyDecided { .. }),
        "{refusal:?}"
    );
}

fn asking_again_opens_the_approval_again(subject: &mut Subject) {
    let mut script = asking(subject, "r", "w", &[("a", 5)]);
    subject
        .commit(script.step(vec![], vec![decision("a", false)]))
        .unwrap();
    let again = script.step(vec![], vec![approval(&run("r"), "a", 8)]);
    subject.commit(again).unwrap();
    let stored = subject
        .reader()
        .approval(&run("r"), &NodeKey::new("a", 0))
        .unwrap()
        .unwrap();
    assert_eq!((stored.decision, stored.requested_at.0), (None, 8));
    subject
        .commit(script.step(vec![], vec![decision("a", true)]))
        .unwrap();
}

fn what_waits_is_listed_oldest_first(subject: &mut Subject) {
    asking(subject, "r1", "w", &[("late", 9), ("early", 1)]);
    asking(subject, "r2", "typed", &[("middle", 5), ("same", 9)]);
    assert_eq!(
        pending(subject, &ApprovalFilter::all(9)),
        [
            "r1/early of w",
            "r2/middle of typed",
            "r1/late of w",
            "r2/same of typed"
        ]
    );
    assert_eq!(pending(subject, &ApprovalFilter::all(1)), ["r1/early of w"]);
    let of_run = ApprovalFilter {
        run: Some(run("r2")),
        ..ApprovalFilter::all(9)
    };
    assert_eq!(
        pending(subject, &of_run),
        ["r2/middle of typed", "r2/same of typed"]
    );
    let of_workflow = ApprovalFilter {
        workflow: Some("w".into()),
        ..ApprovalFilter::all(9)
    };
    assert_eq!(
        pending(subject, &of_workflow),
        ["r1/early of w", "r1/late of w"]
    );
    let of_neither = ApprovalFilter {
        run: Some(run("r2")),
        ..of_workflow
    };
    assert!(pending(subject, &of_neither).is_empty());
}

fn custody_of(subject: &Subject) -> Custody {
    let node = NodeKey::new("a", 0);
    let stored = subject.reader().approval(&run("r"), &node).unwrap();
    stored.unwrap().custody
}

fn who_answers_for_an_approval_is_read_back_as_it_was_stored(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let asked = custody(Some(50), Some(90));
    let request = owned_approval(&run("r"), "a", 5, asked.clone());
    subject.commit(script.step(vec![], vec![request])).unwrap();
    assert_eq!(custody_of(subject), asked);
    let escalated = Custody {
        escalated_at: Some(Timestamp(51)),
        expired_at: Some(Timestamp(91)),
        ..asked
    };
    let change = RowChange::PutCustody {
        node: NodeKey::new("a", 0),
        custody: escalated.clone(),
    };
    subject.commit(script.step(vec![], vec![change])).unwrap();
    assert_eq!(custody_of(subject), escalated);
    let listed = subject.reader().pending(&ApprovalFilter::all(9)).unwrap();
    assert_eq!(listed[0].approval.custody, escalated);
    assert_eq!(listed[0].workflow_key.as_str(), "w");
    let loaded = subject.reader().load_run(&run("r")).unwrap().unwrap();
    assert_eq!(loaded.approvals[0].custody, escalated);
}

fn asking_again_begins_with_new_owners(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let owned = owned_approval(&run("r"), "a", 5, custody(Some(50), None));
    let changes = vec![owned, decision("a", true), approval(&run("r"), "a", 8)];
    subject.commit(script.step(vec![], changes)).unwrap();
    assert_eq!(custody_of(subject), Custody::default());
}

fn voters(subject: &Subject) -> Vec<String> {
    let node = NodeKey::new("a", 0);
    let stored = subject.reader().approval(&run("r"), &node).unwrap();
    let votes = stored.unwrap().votes.into_iter();
    votes.filter_map(|vote| vote.decided_by).collect()
}

fn votes_are_read_back_in_the_order_they_came(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let request = counted_approval(&run("r"), "a", 5, 3);
    let changes = vec![request, vote("a", "user:zoe", true)];
    subject.commit(script.step(vec![], changes)).unwrap();
    let second = vec![vote("a", "user:ann", true)];
    subject.commit(script.step(vec![], second)).unwrap();
    assert_eq!(voters(subject), ["user:zoe", "user:ann"]);
    let stored = subject.reader().load_run(&run("r")).unwrap().unwrap();
    let listed = subject.reader().pending(&ApprovalFilter::all(9)).unwrap();
    assert_eq!(stored.approvals[0], listed[0].approval);
    let RowChange::CastVote { vote: cast, .. } = vote("a", "user:ann", true) else {
        unreachable!("a vote is a vote");
    };
    assert_eq!(stored.approvals[0].votes[1], cast);
    assert_eq!(stored.approvals[0].status(), ApprovalStatus::Requested);
}

fn asking_again_begins_without_votes(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let asked = |at| counted_approval(&run("r"), "a", at, 2);
    let changes = vec![asked(5), vote("a", "user:ann", true), asked(5)];
    subject.commit(script.step(vec![], changes)).unwrap();
    assert!(voters(subject).is_empty());
    let again = vec![vote("a", "user:ann", true)];
    subject.commit(script.step(vec![], again)).unwrap();
    assert_eq!(voters(subject), ["user:ann"]);
}

fn a_vote_about_what_is_decided_is_refused(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let changes = vec![counted_approval(&run("r"), "a", 5, 2), decision("a", false)];
    subject.commit(script.step(vec![], changes)).unwrap();
    let late = script.step(vec![], vec![vote("a", "user:ann", true)]);
    let refused = subject.commit(late).unwrap_err();
    assert!(matches!(refused, Refusal::AlreadyDecided { .. }));
}

fn a_vote_about_another_request_does_not_count(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let mut stray = vote("a", "user:ann", true);
    if let RowChange::CastVote { vote, .. } = &mut stray {
        vote.request_digest = Some("digest of something else".into());
    }
    let changes = vec![counted_approval(&run("r"), "a", 5, 2), stray];
    subject.commit(script.step(vec![], changes)).unwrap();
    let counted = vec![vote("a", "user:bob", true)];
    subject.commit(script.step(vec![], counted)).unwrap();
    assert_eq!(voters(subject), ["user:bob"]);
}

fn answers_are_kept_with_the_digest_of_what_was_asked(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let request = counted_approval(&run("r"), "a", 5, 2);
    let changes = vec![request, vote("a", "user:ann", true), decision("a", true)];
    subject.commit(script.step(vec![], changes)).unwrap();
    let stored = subject.reader().load_run(&run("r")).unwrap().unwrap();
    let approval = &stored.approvals[0];
    assert_eq!(approval.request_digest.as_deref(), Some("digest of a"));
    let answers = approval.votes.iter().chain(&approval.decision);
    for answer in answers {
        assert_eq!(answer.request_digest, approval.request_digest);
    }
}
