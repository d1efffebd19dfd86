//! Deltas come back as they were, add up to snapshots, and keep the layout of their version.

use super::*;
use crate::loops::LoopState;
use crate::signal::SignalAddress;
use crate::wait::{OnTimeout, WaitCause};

fn at(ms: i64) -> Timestamp {
    Timestamp(1_700_000_000_000 + ms)
}

fn node(id: &str, state: NodeState, last_attempt: u32, ms: i64) -> Change {
    Change::Node {
        node: NodeKey::new(id, 0),
        state,
        last_attempt,
        updated_at: at(ms),
    }
}

fn attempt(id: &str, attempt: u32, state: AttemptState) -> Change {
    Change::Attempt {
        node: NodeKey::new(id, 0),
        attempt,
        state,
        retry_at: None,
    }
}

fn output(id: &str) -> Change {
    Change::Output {
        table: "step".into(),
        node: NodeKey::new(id, 0),
    }
}

/// One change of every kind.
fn all_kinds() -> Delta {
    let key = NodeKey::new("deploy", 2);
    let cause = WaitCause::Event {
        address: SignalAddress {
            signal_name: "go".into(),
            correlation_id: Some("order-1".into()),
        },
        on_timeout: OnTimeout::Skip,
        tagged: true,
    };
    Delta {
        changes: vec![
            node("build", NodeState::Finished, 1, 0),
            attempt("build", 1, AttemptState::Finished),
            output("build"),
            Change::Frame(7),
            Change::Forgotten {
                table: "step".into(),
                node: NodeKey::new("build", 0),
            },
            Change::Loop(LoopRow {
                id: "again".into(),
                iteration: 3,
                state: LoopState::Exhausted,
                updated_at: at(5),
            }),
            Change::Asked(key.clone()),
            Change::Decided {
                node: key.clone(),
                approved: true,
                at: at(9),
            },
            Change::Withdrawn(key.clone()),
            Change::WaitBegun(Box::new(Wait {
                node: key.clone(),
                since: at(-20),
                due: Some(at(60_000)),
                cause,
            })),
            Change::WaitEnded(key.clone()),
            Change::SignalKept(4),
            Change::SignalTaken { seq: 4, node: key },
            Change::Frame(8),
        ],
    }
}

fn stored(n: u64, first_clock: u64, changes: Vec<Change>) -> StoredDelta {
    StoredDelta {
        n,
        first_clock,
        bytes: Delta { changes }.pack().bytes,
    }
}

#[test]
fn every_kind_of_change_comes_back_as_it_was() {
    let delta = all_kinds();
    let packed = delta.pack();
    assert_eq!(Delta::unpack(&packed.bytes), Ok(delta));
    assert_eq!((packed.first_frame, packed.last_frame), (Some(7), Some(8)));
}

/// What version 1 has stored must be read for ever: these bytes change only with a new version.
#[test]
fn the_layout_of_version_1_is_fixed() {
    let golden = include_str!("../../tests/golden/history-v1.hex").trim();
    assert_eq!(hex::encode(all_kinds().pack().bytes), golden);
    let bytes = hex::decode(golden).unwrap();
    assert_eq!(Delta::unpack(&bytes), Ok(all_kinds()));
}

#[test]
fn a_delta_that_is_cut_or_changed_is_refused_or_reads_as_another_but_never_panics() {
    let bytes = all_kinds().pack().bytes;
    for end in 0..bytes.len() {
        assert!(Delta::unpack(&bytes[..end]).is_err(), "cut at {end}");
    }
    for place in 0..bytes.len() {
        for value in [0, 1, 127, 250, 251, 252, 253, 255] {
            let mut changed = bytes.clone();
            changed[place] = value;
            let _ = Delta::unpack(&changed);
        }
    }
}

#[test]
fn a_task_that_runs_costs_few_bytes_more_than_its_name() {
    let changes = vec![
        node("step-0001", NodeState::Finished, 1, 4),
        attempt("step-0001", 1, AttemptState::Finished),
        output("step-0001"),
        Change::Frame(2),
        node("step-0002", NodeState::InProgress, 1, 4),
        attempt("step-0002", 1, AttemptState::InProgress),
    ];
    let bytes = Delta { changes }.pack().bytes.len();
    assert!(bytes <= 80, "{bytes} bytes");
}

#[test]
fn a_snapshot_is_what_came_before_its_frame() {
    let history = [
        stored(
            1,
            0,
            vec![
                node("a", NodeState::Pending, 0, 0),
                Change::Frame(1),
                node("a", NodeState::Finished, 1, 1),
                attempt("a", 1, AttemptState::Finished),
                output("a"),
            ],
        ),
        stored(
            2,
            1,
            vec![output("b"), Change::Frame(2), output("c"), Change::Frame(3)],
        ),
    ];
    let places = |frame| {
        let snapshot = Snapshot::at(frame, history.clone()).unwrap().unwrap();
        let places = snapshot.outputs.iter();
        places
            .map(|((_, node), place)| (node.to_string(), *place))
            .collect::<Vec<_>>()
    };
    assert_eq!(places(1), []);
    assert_eq!(places(2), [("a::0".to_owned(), 0), ("b::0".to_owned(), 1)]);
    assert_eq!(places(3).last(), Some(&("c::0".to_owned(), 2)));
    let first = Snapshot::at(1, history.clone()).unwrap().unwrap();
    assert_eq!(first.nodes[&NodeKey::new("a", 0)].state, NodeState::Pending);
    assert_eq!(first.deltas, 1);
    assert_eq!(Snapshot::at(4, history.clone()), Ok(None));
    let empty = Snapshot::at(0, history).unwrap().unwrap();
    assert!(empty.nodes.is_empty() && empty.deltas == 0);
}

#[test]
fn what_was_forgotten_is_in_no_later_snapshot() {
    let failed = vec![
        attempt("a", 1, AttemptState::Failed),
        output("b"),
        Change::Frame(1),
        Change::Forgotten {
            table: "step".into(),
            node: NodeKey::new("a", 0),
        },
        Change::Forgotten {
            table: "step".into(),
            node: NodeKey::new("b", 0),
        },
        Change::Frame(2),
    ];
    let history = [stored(1, 0, failed)];
    let state = |frame| {
        let snapshot = Snapshot::at(frame, history.clone()).unwrap().unwrap();
        let first = snapshot.attempts[&(NodeKey::new("a", 0), 1)].state;
        (first, snapshot.outputs.len())
    };
    assert_eq!(state(1), (AttemptState::Failed, 1));
    assert_eq!(state(2), (AttemptState::Cancelled, 0));
}

#[test]
fn a_run_that_begins_with_rows_of_another_has_them_in_frame_0() {
    let baseline = vec![
        Change::Loop(LoopRow {
            id: "again".into(),
            iteration: 4,
            state: LoopState::Going,
            updated_at: at(0),
        }),
        Change::Frame(0),
        node("a", NodeState::Pending, 0, 0),
        Change::Frame(1),
    ];
    let history = [stored(1, 12, baseline)];
    let start = Snapshot::at(0, history).unwrap().unwrap();
    assert_eq!(start.loops.len(), 1);
    assert!(start.nodes.is_empty());
    assert_eq!((start.own_from, start.deltas), (12, 1));
}
