//! A plain sequential interpreter: goes through the parts of a run one after another and says how it must end.

use std::collections::BTreeMap;

use smithers_model::NodeKey;
use smithers_model::node::NodeState;
use smithers_model::run::RunStatus;

use crate::below::RESULT;
use crate::plan::{End, Leaf, Part, RunPlan};

/// State of a node, with what its row says: the number, or the answer as 0 or 1.
pub type Ending = (NodeState, Option<i64>);

/// How a run may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Status of the run.
    pub status: RunStatus,
    /// How each node may end: one way, or several where people race against time.
    pub nodes: BTreeMap<NodeKey, Vec<Ending>>,
}

/// The node of task `number`.
pub fn name(number: u32) -> String {
    format!("t{number}")
}

/// The node that ends a run badly.
pub const LAST: &str = "last";

/// What task `number` gives.
pub fn output(number: u32) -> i64 {
    i64::from(number * 7 % 5)
}

/// How `plan` must end when nobody cancels it.
pub fn outcome(plan: &RunPlan) -> Outcome {
    let mut nodes = BTreeMap::new();
    run(&plan.root, 0, &mut nodes);
    let status = match plan.end {
        End::Badly => {
            nodes.insert(NodeKey::new(LAST, 0), vec![(NodeState::Failed, None)]);
            RunStatus::Failed
        }
        End::Well | End::Cancelled(_) => RunStatus::Finished,
    };
    Outcome { status, nodes }
}

/// Goes through a part in one pass of the loop around it.
fn run(part: &Part, pass: u32, nodes: &mut BTreeMap<NodeKey, Vec<Ending>>) {
    let mut ends = |number: u32, leaf| {
        nodes.insert(node(number, pass), end(number, pass, leaf));
    };
    match part {
        Part::Leaf(number, leaf) => {
            ends(*number, *leaf);
        }
        Part::Seq(parts) | Part::Par(_, parts) => {
            parts.iter().for_each(|part| run(part, pass, nodes))
        }
        Part::Chain(leaves) => leaves
            .iter()
            .for_each(|(number, leaf)| ends(*number, *leaf)),
        Part::Loop(repeat) => {
            for pass in 0..repeat.passes() {
                repeat.body.iter().for_each(|part| run(part, pass, nodes));
                let counter = node(repeat.counter, pass);
                nodes.insert(counter, end(repeat.counter, pass, Leaf::Counts));
            }
        }
        Part::Saga(saga) => {
            saga.run(pass, nodes);
        }
        Part::Try(attempt) => attempt.run(pass, nodes),
        Part::Branch(number, first, second) => {
            ends(*number, Leaf::Compute);
            let taken = if output(*number) % 2 == 0 {
                first
            } else {
                second
            };
            run(taken, pass, nodes);
        }
    }
}

/// Task `number` in a pass.
pub(crate) fn node(number: u32, pass: u32) -> NodeKey {
    NodeKey::new(name(number).as_str(), pass)
}

/// How a task may end that comes to its turn.
pub(crate) fn end(number: u32, pass: u32, leaf: Leaf) -> Vec<Ending> {
    let ending = match leaf {
        Leaf::Waits(wait) => return wait.endings(number),
        Leaf::Skipped | Leaf::Gated(false) => (NodeState::Skipped, None),
        Leaf::Runs(_) => (NodeState::Finished, Some(output(RESULT))),
        Leaf::Kept(kept) => (NodeState::Finished, Some(kept.output())),
        Leaf::Counts => (NodeState::Finished, Some(i64::from(pass))),
        Leaf::Fails => (NodeState::Failed, None),
        Leaf::Asks(approved) => (NodeState::Finished, Some(i64::from(approved))),
        Leaf::Static | Leaf::Compute | Leaf::Flaky(_) | Leaf::Gated(true) => {
            (NodeState::Finished, Some(output(number)))
        }
    };
    vec![ending]
}
