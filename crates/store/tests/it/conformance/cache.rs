//! Kept results: kept with the step that made them, found by key, swept and cleared in bounded batches.

use std::time::Duration;

use smithers_model::cache::{CacheFilter, CacheRow, CacheScope};
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson, Timestamp};
use smithers_store::CacheSweep;

use super::{Subject, for_each_backend};

for_each_backend!(
    a_result_is_found_by_its_key_and_a_newer_one_takes_its_place,
    a_result_of_a_refused_step_is_not_kept,
    what_has_expired_goes_oldest_first_and_not_all_at_once,
    those_used_longest_ago_go_until_the_rest_fits,
    rows_are_counted_by_workflow_task_and_key,
);

fn kept(key: &str, at: i64, ttl_ms: Option<u64>) -> CacheRow {
    CacheRow {
        key: key.into(),
        created_at: Timestamp(at),
        expires_at: ttl_ms.map(|ttl| Timestamp(at).plus(Duration::from_millis(ttl))),
        last_used_at: Timestamp(at),
        scope: CacheScope::Workflow,
        workflow_name: "w".into(),
        node: NodeKey::new("t", 2),
        output_table: "result".into(),
        schema_sig: "s".into(),
        output_schema_sig: "o".into(),
        agent_sig: Some("a".into()),
        tools_sig: None,
        version: Some("1".into()),
        source_run_id: "r".into(),
        source_attempt: 3,
        payload: RawJson::trusted(r#"{"ok":true}"#),
    }
}

fn keep(subject: &mut Subject, rows: impl IntoIterator<Item = CacheRow>) {
    let mut script = subject.launched("r");
    let changes = rows
        .into_iter()
        .map(|row| RowChange::PutCache(Box::new(row)));
    subject
        .commit(script.step(vec![], changes.collect()))
        .unwrap();
}

fn left(subject: &Subject, keys: &[&str]) -> String {
    let reader = subject.reader();
    let is_kept = |key: &&&str| reader.cached(key).unwrap().is_some();
    let left: Vec<&str> = keys.iter().filter(is_kept).copied().collect();
    left.join(" ")
}

fn sweep(now: i64, cap_bytes: u64, most: u32) -> CacheSweep {
    CacheSweep {
        now: Timestamp(now),
        cap_bytes,
        most,
    }
}

fn a_result_is_found_by_its_key_and_a_newer_one_takes_its_place(subject: &mut Subject) {
    let old = kept("k", 10, Some(5));
    let new = kept("k", 20, None);
    keep(subject, [old]);
    assert_eq!(subject.reader().cached("other").unwrap(), None);
    let mut script = subject.launched("r2");
    let touch = RowChange::TouchCache {
        key: "k".into(),
        at: Timestamp(33),
    };
    let put = RowChange::PutCache(Box::new(new.clone()));
    subject
        .commit(script.step(vec![], vec![put, touch]))
        .unwrap();
    let found = subject.reader().cached("k").unwrap().unwrap();
    let expected = CacheRow {
        last_used_at: Timestamp(33),
        ..new
    };
    assert_eq!(found, expected);
}

fn a_result_of_a_refused_step_is_not_kept(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let mut step = script.step(
        vec![],
        vec![RowChange::PutCache(Box::new(kept("k", 10, None)))],
    );
    step.expected_seq += 1;
    assert!(subject.commit(step).is_err());
    assert_eq!(left(subject, &["k"]), "");
}

fn what_has_expired_goes_oldest_first_and_not_all_at_once(subject: &mut Subject) {
    let rows = [
        ("c", Some(30)),
        ("a", Some(10)),
        ("b", Some(20)),
        ("live", Some(31)),
        ("ever", None),
    ];
    keep(subject, rows.map(|(key, ttl)| kept(key, 0, ttl)));
    let all = ["a", "b", "c", "live", "ever"];
    let swept = subject
        .transactions()
        .sweep_cache(&sweep(30, 1000, 2))
        .unwrap();
    assert_eq!((swept, &*left(subject, &all)), (2, "c live ever"));
    let swept = subject
        .transactions()
        .sweep_cache(&sweep(30, 1000, 2))
        .unwrap();
    assert_eq!((swept, &*left(subject, &all)), (1, "live ever"));
}

fn those_used_longest_ago_go_until_the_rest_fits(subject: &mut Subject) {
    let rows = [("a", 1), ("b", 2), ("c", 3), ("d", 4)];
    keep(subject, rows.map(|(key, at)| kept(key, at, None)));
    let mut script = subject.launched("user");
    let touch = RowChange::TouchCache {
        key: "a".into(),
        at: Timestamp(9),
    };
    subject.commit(script.step(vec![], vec![touch])).unwrap();
    let all = ["a", "b", "c", "d"];
    // Each takes 11 bytes.
    let transactions = subject.transactions();
    assert_eq!(transactions.sweep_cache(&sweep(9, 44, 10)).unwrap(), 0);
    assert_eq!(transactions.sweep_cache(&sweep(9, 23, 10)).unwrap(), 2);
    assert_eq!(left(subject, &all), "a d");
    let swept = subject.transactions().sweep_cache(&sweep(9, 0, 1)).unwrap();
    assert_eq!((swept, &*left(subject, &all)), (1, "a"));
}

fn rows_are_counted_by_workflow_task_and_key(subject: &mut Subject) {
    let other = CacheRow {
        workflow_name: "other".into(),
        node: NodeKey::new("u", 0),
        ..kept("c", 5, None)
    };
    keep(
        subject,
        [kept("a", 1, Some(3)), kept("b", 2, Some(9)), other],
    );
    let all = CacheFilter::default();
    let stats = subject.reader().cache_stats(&all, Timestamp(4)).unwrap();
    assert_eq!(
        (stats.rows, stats.bytes, stats.expired, stats.unbounded),
        (3, 33, 1, 1)
    );
    assert_eq!(stats.oldest_at_ms, Some(Timestamp(1)));
    let of_task = CacheFilter {
        workflow: Some("w".into()),
        key: Some("t".into()),
    };
    let by_key = CacheFilter {
        workflow: None,
        key: Some("c".into()),
    };
    let count = |filter| {
        subject
            .reader()
            .cache_stats(filter, Timestamp(4))
            .unwrap()
            .rows
    };
    assert_eq!([&of_task, &by_key].map(count), [2, 1]);
}
