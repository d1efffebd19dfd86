//! The order in which tasks must come: nothing begins before what it follows has ended.

use std::collections::BTreeMap;

use smithers_model::NodeKey;
use smithers_model::event::StoredEvent;

use crate::interpreter::node as node_in;
use crate::plan::Part;

/// Tasks, and others that must not begin before all of them have ended.
pub(crate) struct Rule {
    before: Vec<NodeKey>,
    after: Vec<NodeKey>,
}

/// Places in the log of a run at which a task began and ended.
#[derive(Default)]
struct Places {
    first_start: Option<u64>,
    last: Option<u64>,
}

/// Checks the log of a run of `root` against the order in which its parts stand; the error says what is broken.
pub(crate) fn check(root: &Part, events: &[StoredEvent]) -> Result<(), String> {
    let mut rules = Vec::new();
    rules_of(root, 0, &mut rules);
    let places = places(events);
    for rule in rules {
        let ended = rule.before.iter();
        let ended = ended.filter_map(|node| Some((places.get(node)?.last?, node)));
        let began = rule.after.iter();
        let began = began.filter_map(|node| Some((places.get(node)?.first_start?, node)));
        if let (Some((end, first)), Some((start, second))) = (ended.max(), began.min())
            && start < end
        {
            return Err(format!("{second} began before {first} had ended"));
        }
    }
    Ok(())
}

fn places(events: &[StoredEvent]) -> BTreeMap<NodeKey, Places> {
    let mut places = BTreeMap::<NodeKey, Places>::new();
    for event in events {
        let payload = event.payload.value();
        let (Some(id), Some(iteration)) =
            (payload["nodeId"].as_str(), payload["iteration"].as_u64())
        else {
            continue;
        };
        let iteration = u32::try_from(iteration).unwrap_or(u32::MAX);
        let own = places.entry(NodeKey::new(id, iteration)).or_default();
        match event.type_name.as_str() {
            "NodeStarted" => {
                own.first_start.get_or_insert(event.seq);
                own.last = Some(event.seq);
            }
            "NodeFinished" | "NodeFailed" | "NodeSkipped" => own.last = Some(event.seq),
            _ => {}
        }
    }
    places
}

/// Adds the rules of a part in one pass of the loop around it; returns its tasks.
fn rules_of(part: &Part, pass: u32, rules: &mut Vec<Rule>) -> Vec<NodeKey> {
    let node = |number: u32| node_in(number, pass);
    match part {
        Part::Leaf(number, _) => vec![node(*number)],
        Part::Par(_, parts) => {
            let parts = parts.iter();
            parts.flat_map(|part| rules_of(part, pass, rules)).collect()
        }
        Part::Seq(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| rules_of(part, pass, rules))
                .collect();
            follow(parts, rules)
        }
        Part::Chain(leaves) => {
            let parts = leaves.iter().map(|(number, _)| vec![node(*number)]);
            follow(parts.collect(), rules)
        }
        Part::Saga(saga) => saga.rules(pass, rules),
        Part::Try(attempt) => attempt.rules(pass, rules),
        Part::Branch(number, first, second) => {
            let mut taken = rules_of(first, pass, rules);
            taken.extend(rules_of(second, pass, rules));
            follow(vec![vec![node(*number)], taken], rules)
        }
        Part::Loop(repeat) => {
            let passes = (0..repeat.passes()).map(|pass| {
                let mut parts: Vec<_> = repeat
                    .body
                    .iter()
                    .map(|part| rules_of(part, pass, rules))
                    .collect();
                parts.push(vec![node_in(repeat.counter, pass)]);
                follow(parts, rules)
            });
            let passes: Vec<_> = passes.collect();
            follow(passes, rules)
        }
    }
}

/// Each part follows the one before it.
pub(crate) fn follow(parts: Vec<Vec<NodeKey>>, rules: &mut Vec<Rule>) -> Vec<NodeKey> {
    for pair in parts.windows(2) {
        rules.push(Rule {
            before: pair[0].clone(),
            after: pair[1].clone(),
        });
    }
    parts.concat()
}
