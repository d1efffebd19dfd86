//! What holds tasks back: the rows that they are bound to, and the tokens that their run has used.

use smithers_model::agent::TokenUsage;
use smithers_model::event::Event;
use smithers_model::node::{NodeRow, NodeState};
use smithers_model::proof::Proof;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};

use super::{Subject, for_each_backend, run};

for_each_backend![
    what_a_node_is_bound_to_is_kept_and_taken_back,
    tokens_of_a_run_are_added_up,
    nodes_are_listed_in_their_newest_iterations,
];

fn ship(state: NodeState, bound: Option<Vec<Proof>>) -> NodeRow {
    NodeRow {
        node: NodeKey::new("ship", 3),
        state,
        last_attempt: None,
        updated_at: Timestamp(7),
        output_table: Some("result".into()),
        label: None,
        bound,
    }
}

fn nodes_are_listed_in_their_newest_iterations(subject: &mut Subject) {
    let mut script = subject.launched("r");
    assert_eq!(subject.reader().newest_nodes(&run("r")).unwrap(), []);
    let keys = [("b", 0), ("a", 10), ("a", 2), ("b", 1), ("ab", 0), ("a", 9)];
    let rows = keys.map(|(id, iteration)| NodeRow {
        node: NodeKey::new(id, iteration),
        ..ship(NodeState::Pending, None)
    });
    let changes = rows.iter().cloned().map(RowChange::PutNode).collect();
    subject.commit(script.step(vec![], changes)).unwrap();
    let mut other = subject.launched("s");
    let change = RowChange::PutNode(ship(NodeState::Pending, None));
    subject.commit(other.step(vec![], vec![change])).unwrap();
    let newest = subject.reader().newest_nodes(&run("r")).unwrap();
    let expected = [rows[1].clone(), rows[4].clone(), rows[3].clone()];
    assert_eq!(newest, expected);
}

fn what_a_node_is_bound_to_is_kept_and_taken_back(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let proof = Proof {
        table: "result".into(),
        node_id: "plan".into(),
        iteration: 2,
        digest: "ab".repeat(32),
    };
    let rows = [
        ship(NodeState::WaitingBound, None),
        ship(NodeState::BoundStale, Some(vec![proof.clone(), proof])),
        ship(NodeState::Pending, None),
    ];
    for row in rows {
        let change = RowChange::PutNode(row.clone());
        subject.commit(script.step(vec![], vec![change])).unwrap();
        let reader = subject.reader();
        assert_eq!(reader.nodes(&run("r")).unwrap(), std::slice::from_ref(&row));
        assert_eq!(reader.node(&run("r"), &row.node).unwrap(), Some(row));
    }
}

fn tokens_of_a_run_are_added_up(subject: &mut Subject) {
    let mut script = subject.launched("r");
    subject.launched("other");
    assert_eq!(subject.reader().tokens(&run("r")).unwrap(), 0);
    for (input_tokens, output_tokens) in [(7, 5), (0, 0), (1 << 40, 3)] {
        let usage = TokenUsage {
            model: "m".into(),
            agent: "a".into(),
            input_tokens,
            output_tokens,
            cache_read_tokens: 1000,
            cache_write_tokens: 1000,
            reasoning_tokens: 1000,
        };
        let event = Event::TokenUsageReported {
            node: NodeKey::new("a", 0),
            attempt: 1,
            usage,
        };
        subject
            .commit(script.step(vec![event, Event::RunStarted], vec![]))
            .unwrap();
    }
    let reader = subject.reader();
    assert_eq!(reader.tokens(&run("r")).unwrap(), (1 << 40) + 15);
    let rows = reader.load_run(&run("r")).unwrap().unwrap();
    assert_eq!(rows.tokens, (1 << 40) + 15);
    assert_eq!(reader.tokens(&run("other")).unwrap(), 0);
    assert_eq!(reader.tokens(&run("none")).unwrap(), 0);
}
