//! What webhooks have taken: found again by workflow and id, and forgotten in bounded portions.

use smithers_model::delivery::Delivery;
use smithers_model::{RawJson, Timestamp};

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_delivery_reads_back_as_it_was_written_and_its_answer_is_added,
    what_has_expired_is_forgotten_oldest_first_and_not_all_at_once,
];

fn delivery(id: &str, taken_at: i64, expires_at: i64) -> Delivery {
    Delivery {
        workflow_key: "w".into(),
        id: id.into(),
        taken_at: Timestamp(taken_at),
        expires_at: Timestamp(expires_at),
        targets: vec![run("a"), run("b")],
        answer: None,
    }
}

fn stored(subject: &Subject, workflow: &str, id: &str) -> Option<Delivery> {
    subject.reader().delivery(&workflow.into(), id).unwrap()
}

fn a_delivery_reads_back_as_it_was_written_and_its_answer_is_added(subject: &mut Subject) {
    let taken = delivery("d", 10, 100);
    subject.transactions().keep_delivery(&taken, 1).unwrap();
    assert_eq!(stored(subject, "w", "d"), Some(taken.clone()));
    assert_eq!(stored(subject, "other", "d"), None);
    assert_eq!(stored(subject, "w", "e"), None);
    let answered = Delivery {
        answer: Some(RawJson::empty_object()),
        ..taken
    };
    subject.transactions().keep_delivery(&answered, 1).unwrap();
    assert_eq!(stored(subject, "w", "d"), Some(answered));
}

fn what_has_expired_is_forgotten_oldest_first_and_not_all_at_once(subject: &mut Subject) {
    let mut keep = |delivery: Delivery| subject.transactions().keep_delivery(&delivery, 2).unwrap();
    keep(delivery("c", 1, 30));
    keep(delivery("a", 1, 10));
    keep(delivery("b", 1, 20));
    keep(delivery("live", 1, 31));
    keep(delivery("new", 30, 90));
    let known = |id| stored(subject, "w", id).is_some();
    let all = ["a", "b", "c", "live", "new"].map(known);
    assert_eq!(all, [false, false, true, true, true]);
}
