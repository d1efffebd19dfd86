//! Scores: under way until they are given, listed by time, gone with their attempts.

use serde_json::json;
use smithers_model::NodeId;
use smithers_model::node::AttemptState;
use smithers_store::read::ScoreFilter;
use smithers_store::testkit::{RunScript, attempt, scored, scoring, scoring_key};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_scoring_is_on_record_until_it_has_ended,
    scores_are_listed_by_time_without_their_values,
    a_score_is_given_once,
    runs_with_scorings_are_found_page_by_page,
];

/// Two scorers have looked at the result of `a`, one at that of `b`, and one is still looking.
fn with_scores(subject: &mut Subject) -> RunScript {
    let mut script = subject.launched("r");
    let changes = vec![
        attempt("a", 1, AttemptState::Finished, None),
        attempt("b", 1, AttemptState::Finished, None),
        scoring("a", 1, "tone"),
        scoring("a", 1, "speed"),
        scoring("b", 1, "tone"),
        scoring("b", 1, "slow"),
    ];
    subject.commit(script.step(vec![], changes)).unwrap();
    let ends = vec![
        scored("a", 1, "tone", Some(50), 30),
        scored("a", 1, "speed", Some(100), 20),
        scored("b", 1, "tone", Some(0), 40),
    ];
    subject.commit(script.step(vec![], ends)).unwrap();
    script
}

fn listed(subject: &Subject, filter: &ScoreFilter, limit: usize) -> Vec<String> {
    let rows = subject.reader().scores(&run("r"), filter, limit).unwrap();
    let told = rows.iter().map(|row| {
        let judgement = &row.score.judgement;
        assert_eq!((&judgement.input, &judgement.output), (&None, &None));
        let score = judgement.score.get();
        format!("{} {} {score}", row.key.node.node_id, row.scorer_name)
    });
    told.collect()
}

fn a_scoring_is_on_record_until_it_has_ended(subject: &mut Subject) {
    let mut script = with_scores(subject);
    let open = |subject: &Subject| {
        let rows = subject.reader().load_run(&run("r")).unwrap().unwrap();
        rows.scorings
    };
    let [slow] = &open(subject)[..] else {
        panic!("one is under way");
    };
    assert_eq!(slow.key, scoring_key("b", 1, "slow"));
    assert_eq!((slow.scorer_id.as_str(), slow.latency_ms), ("slow-id", 7));
    let silent = vec![scored("b", 1, "slow", None, 50)];
    subject.commit(script.step(vec![], silent)).unwrap();
    assert!(open(subject).is_empty());
    assert_eq!(listed(subject, &ScoreFilter::default(), 10).len(), 3);
}

fn scores_are_listed_by_time_without_their_values(subject: &mut Subject) {
    with_scores(subject);
    let all = ScoreFilter::default();
    let in_order = ["a SPEED 1", "a TONE 0.5", "b TONE 0"];
    assert_eq!(listed(subject, &all, 10), in_order);
    assert_eq!(listed(subject, &all, 2), in_order[..2]);
    let newest = ScoreFilter {
        newest_first: true,
        ..ScoreFilter::default()
    };
    assert_eq!(listed(subject, &newest, 1), ["b TONE 0"]);
    let of_a = ScoreFilter {
        node: Some(NodeId::new("a")),
        scorer_id: Some("tone-id".into()),
        ..ScoreFilter::default()
    };
    assert_eq!(listed(subject, &of_a, 10), ["a TONE 0.5"]);
    let batch = ScoreFilter {
        source: Some("batch"),
        ..ScoreFilter::default()
    };
    assert_eq!(listed(subject, &batch, 10), Vec::<String>::new());
    let reader = subject.reader();
    let count = |filter| reader.count_scores(&run("r"), filter).unwrap();
    assert_eq!([&all, &of_a, &batch].map(count), [3, 1, 0]);
    let id = scoring_key("a", 1, "tone").id(&run("r"));
    let whole = reader.score(&run("r"), &id).unwrap().unwrap();
    let judgement = whole.score.judgement;
    assert_eq!(judgement.output.unwrap().value(), json!("a"));
    assert_eq!(judgement.reason.as_deref(), Some("tone of a"));
    assert_eq!(reader.score(&run("other"), &id).unwrap(), None);
}

fn a_score_is_given_once(subject: &mut Subject) {
    let mut script = with_scores(subject);
    let again = vec![
        scored("a", 1, "tone", Some(99), 60),
        scored("a", 1, "speed", None, 60),
        scored("nobody", 1, "tone", Some(99), 60),
    ];
    subject.commit(script.step(vec![], again)).unwrap();
    let all = listed(subject, &ScoreFilter::default(), 10);
    assert_eq!(all, ["a SPEED 1", "a TONE 0.5", "b TONE 0"]);
}

fn runs_with_scorings_are_found_page_by_page(subject: &mut Subject) {
    for id in ["r1", "r2", "r3", "r4"] {
        let mut script = subject.launched(id);
        let mut changes = vec![
            attempt("a", 1, AttemptState::Finished, None),
            scoring("a", 1, "tone"),
            scoring("a", 1, "speed"),
        ];
        if id == "r2" {
            changes.push(scored("a", 1, "tone", Some(1), 9));
            changes.push(scored("a", 1, "speed", None, 9));
        }
        subject.commit(script.step(vec![], changes)).unwrap();
    }
    let reader = subject.reader();
    let page = |after: Option<&str>| {
        let after = after.map(run);
        let ids = reader.runs_with_scorings(after.as_ref(), 2).unwrap();
        ids.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(page(None), ["r1", "r3"]);
    assert_eq!(page(Some("r3")), ["r4"]);
    assert_eq!(page(Some("r4")), Vec::<String>::new());
}
