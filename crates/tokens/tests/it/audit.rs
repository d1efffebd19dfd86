//! The audit trail: complete, in order, and telling when somebody touched it.

use std::io::Write;

use serde_json::Value;
use smithers_tokens::{Issue, Revocation, Target, Trail};

use crate::support::*;

fn trail_of_three() -> Store {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    store.revoke(&issued.grant.token_id, NOW);
    assert_eq!(store.trail().records, 3);
    store
}

#[test]
fn records_are_numbered_and_each_names_the_hash_of_the_one_before() {
    let store = trail_of_three();
    let records = store.records();
    let numbers: Vec<u64> = records
        .iter()
        .map(|record| record["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(records[0]["prevHash"], "0".repeat(64));
    assert_eq!(store.history(), ["issued", "action_issued", "revoked"]);
    for record in &records {
        assert_eq!(record["cliVersion"], "0.0.0-test");
        assert!(
            record["actor"]["user"].is_string() && record["host"].is_string(),
            "{record}"
        );
    }
    assert_eq!(
        (store.trail().broken_at, store.trail().damaged),
        (None, Vec::new())
    );
}

#[test]
fn a_record_that_is_changed_removed_or_put_in_is_noticed() {
    type Tamper = fn(&mut Vec<String>);
    let cases: [(Tamper, u64); 4] = [
        (|lines| lines[0] = lines[0].replace("operator", "nobody"), 2),
        (|lines| drop(lines.remove(1)), 2),
        (|lines| lines.insert(1, lines[0].clone()), 2),
        (|lines| drop(lines.remove(0)), 1),
    ];
    for (tamper, line) in cases {
        let store = trail_of_three();
        let mut lines: Vec<String> = store
            .text("tokens.json.audit.jsonl")
            .lines()
            .map(str::to_owned)
            .collect();
        tamper(&mut lines);
        store.write(
            "tokens.json.audit.jsonl",
            (lines.join("\n") + "\n").as_bytes(),
        );
        assert_eq!(store.trail().broken_at, Some(line));
    }
}

#[test]
fn a_process_that_dies_within_a_record_breaks_nothing() {
    let store = trail_of_three();
    let mut file = std::fs::File::options()
        .append(true)
        .open(store.file("tokens.json.audit.jsonl"))
        .unwrap();
    file.write_all(br#"{"seq":4,"prevHash":"12"#).unwrap();
    store.issue(&["run:read"]);
    let trail = Trail {
        records: 5,
        damaged: vec![4],
        broken_at: None,
    };
    assert_eq!(store.trail(), trail);
}

#[test]
fn no_record_holds_a_bearer_even_when_somebody_gives_one_as_a_reason() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    let careless = Issue {
        role: bearer(&issued).into(),
        user_id: Some(handle(&issued).into()),
        ..issue(&["run:read"])
    };
    store.ledger().issue(careless, NOW).unwrap();
    let revocation = Revocation {
        target: Target::All,
        reason: Some(format!(
            "it was {} and {}",
            bearer(&issued),
            handle(&issued)
        )),
    };
    store.ledger().revoke(&revocation, NOW).unwrap();
    let text = store.text("tokens.json.audit.jsonl");
    assert!(
        !text.contains(bearer(&issued)) && !text.contains(handle(&issued)),
        "{text}"
    );
    assert_eq!(store.trail().broken_at, None);
    assert!(store.records().iter().all(Value::is_object));
}

#[test]
fn a_trail_that_cannot_be_written_is_told_and_the_revocation_holds() {
    let store = Store::new();
    let issued = store.issue(&["run:read"]);
    std::fs::remove_file(store.file("tokens.json.audit.jsonl")).unwrap();
    std::fs::create_dir(store.file("tokens.json.audit.jsonl")).unwrap();
    let told = store.ledger().revoke(&one(&issued.grant.token_id), NOW);
    assert_eq!(told.unwrap_err().code(), "TOKEN_STORE_UNREADABLE");
    assert_eq!(
        store.standing(bearer(&issued), NOW),
        Some(smithers_tokens::Standing::Revoked)
    );
}
