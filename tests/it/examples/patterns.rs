//! Examples of composites.

use serde_json::json;

use super::{Example, result_of};

#[tokio::test]
async fn panel_merges_what_most_agree_to() {
    for (lines, votes) in [(10, 3), (90, 2), (400, 1)] {
        let input = json!({ "change": "a cache", "lines": lines });
        let verdict = result_of("panel", input, "panel-moderator").await;
        assert_eq!(verdict, json!({ "merge": votes >= 2, "votes": votes }));
    }
}

#[tokio::test]
async fn escalation_chain_goes_as_far_as_it_must() {
    let example = Example::serve("escalation-chain").await;
    let small = example.launch(json!({ "ticket": "my password" })).await;
    small.finishes().await;
    assert_eq!(small.state_of("escalation-level-1").await, None);
    let large = example.launch(json!({ "ticket": "an invoice" })).await;
    large.finishes().await;
    assert_eq!(large.output("escalation-level-1").await["ok"], true);
    let person = example.launch(json!({ "ticket": "a leak" })).await;
    let yes = json!({ "approved": true });
    person.decide("escalation-human-fallback", yes).await;
    person.finishes().await;
    let answer = person.output("escalation-human-fallback").await;
    assert_eq!(answer["decidedBy"], "user:op");
}

#[tokio::test]
async fn check_suite_passes_when_most_checks_do() {
    for (version, passed) in [("1.2.3", true), ("soon", false)] {
        let input = json!({ "version": version });
        let verdict = result_of("check-suite", input, "checksuite-verdict").await;
        assert_eq!(verdict["passed"], passed, "{verdict}");
    }
}

#[tokio::test]
async fn poller_looks_until_it_is_done() {
    let report = result_of("poller", json!({}), "report").await;
    assert_eq!(report["looks"], 3);
}
