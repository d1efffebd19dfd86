//! Streams of trees: in how many frames a tree comes, and what each of them changes, is a matter of timing. What has
//! come up to a frame adds up to one tree, and those are compared.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::frame::event_name;
use super::recording::{Action, Step};

/// Part of the volatile sentence that leaves this to timing.
const SENTENCE: &str = "delta grouping";

/// True when the recording leaves it to timing.
pub(crate) fn is_left_open(volatile: &[String]) -> bool {
    volatile.iter().any(|entry| entry.contains(SENTENCE))
}

/// Whether the frame tells of a tree.
pub(crate) fn is_event(frame: &Value) -> bool {
    event_name(frame) == Some("devtools.event")
}

/// Merges what is told of one tree in a row into one snapshot, which says nothing of how its run stands: that has
/// changed meanwhile.
pub(crate) fn merge(steps: &mut Vec<Step>) -> Result<()> {
    let mut merged: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps.drain(..) {
        if let Action::Receive { on, frame } = &step.action
            && is_event(frame)
            && let Some(last) = merged.last_mut()
            && let Action::Receive {
                on: before,
                frame: known,
            } = &mut last.action
            && is_event(known)
            && (on, stream(frame)) == (&*before, stream(known))
        {
            let mut tree = Folded::default();
            tree.add(known)?;
            tree.add(frame)?;
            *known = tree.shown(frame)?;
            if let Some(snapshot) = snapshot_of(known) {
                snapshot.remove("runState");
            }
            continue;
        }
        merged.push(step);
    }
    *steps = merged;
    Ok(())
}

fn stream(frame: &Value) -> &Value {
    &frame["payload"]["streamId"]
}

fn snapshot_of(frame: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    frame["payload"]["event"]["snapshot"].as_object_mut()
}

/// The number of the frame that an event tells of.
pub(crate) fn seq(frame: &Value) -> Option<u64> {
    let event = &frame["payload"]["event"];
    let seq = event["snapshot"]["seq"].as_u64();
    seq.or_else(|| event["delta"]["seq"].as_u64())
}

/// Removes what the expectation does not speak of.
pub(crate) fn spoken_of(expected: &Value, mut actual: Value) -> Value {
    let is_silent = expected["payload"]["event"]["snapshot"]["runState"].is_null();
    if is_silent && let Some(snapshot) = snapshot_of(&mut actual) {
        snapshot.remove("runState");
    }
    actual
}

/// What events add up to.
#[derive(Debug, Default)]
pub(crate) struct Folded(Option<Value>);

impl Folded {
    /// Adds an event; the error says why it does not fit those before it.
    pub(crate) fn add(&mut self, frame: &Value) -> Result<()> {
        let event = &frame["payload"]["event"];
        if event["kind"] == "snapshot" {
            self.0 = Some(event["snapshot"].clone());
            return Ok(());
        }
        let (delta, tree) = (&event["delta"], self.0.as_mut());
        let tree = tree.context("a change came before any tree")?;
        ensure!(
            delta["baseSeq"] == tree["seq"],
            "a change of frame {} came where frame {} was told last",
            delta["baseSeq"],
            tree["seq"]
        );
        for change in delta["ops"].as_array().into_iter().flatten() {
            apply(&mut tree["root"], change)
                .with_context(|| format!("the change {change} does not fit"))?;
        }
        tree["seq"] = delta["seq"].clone();
        tree["frameNo"] = delta["seq"].clone();
        Ok(())
    }

    /// `frame` as if it told all of the tree.
    pub(crate) fn shown(&self, frame: &Value) -> Result<Value> {
        let mut shown = frame.clone();
        let tree = self.0.as_ref().context("nothing was told")?;
        shown["payload"]["event"] = json!({ "version": 1, "kind": "snapshot", "snapshot": tree });
        Ok(shown)
    }
}

fn apply(root: &mut Value, change: &Value) -> Result<()> {
    match change["op"].as_str().unwrap_or_default() {
        "replaceRoot" => *root = change["node"].clone(),
        "addNode" => {
            let parent = find(root, &change["parentId"]).context("no such parent")?;
            let children = parent["children"].as_array_mut().context("no children")?;
            let index = change["index"].as_u64().context("no index")?;
            let index = usize::try_from(index)?;
            ensure!(index <= children.len(), "there are too few children");
            children.insert(index, change["node"].clone());
        }
        "removeNode" => ensure!(remove(root, &change["id"]), "no such node"),
        "updateProps" => {
            find(root, &change["id"]).context("no such node")?["props"] = change["props"].clone();
        }
        "updateTask" => {
            find(root, &change["id"]).context("no such node")?["task"] = change["task"].clone();
        }
        other => anyhow::bail!("unknown change `{other}`"),
    }
    Ok(())
}

fn find<'a>(node: &'a mut Value, id: &Value) -> Option<&'a mut Value> {
    if node["id"] == *id {
        return Some(node);
    }
    let mut children = node["children"].as_array_mut()?.iter_mut();
    children.find_map(|child| find(child, id))
}

fn remove(node: &mut Value, id: &Value) -> bool {
    let Some(children) = node["children"].as_array_mut() else {
        return false;
    };
    if let Some(at) = children.iter().position(|child| child["id"] == *id) {
        children.remove(at);
        return true;
    }
    children.iter_mut().any(|child| remove(child, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event: &Value) -> Value {
        json!({ "type": "event", "event": "devtools.event", "payload": { "streamId": "s", "event": event } })
    }

    fn snapshot() -> Value {
        let root = json!({ "id": 1, "children": [{ "id": 2, "props": {}, "children": [] }] });
        event(
            &json!({ "kind": "snapshot", "snapshot": { "seq": 1, "frameNo": 1, "root": root, "runState": {} } }),
        )
    }

    fn delta(base: u64, ops: &Value) -> Value {
        let delta = json!({ "baseSeq": base, "seq": base + 1, "ops": ops });
        event(&json!({ "kind": "delta", "delta": delta }))
    }

    #[test]
    fn events_in_a_row_are_one_tree() {
        let receive = |frame| Step {
            index: 0,
            action: Action::Receive {
                on: "ws".into(),
                frame,
            },
        };
        let ops = json!([
            { "op": "removeNode", "id": 2 },
            { "op": "addNode", "parentId": 1, "index": 0, "node": { "id": 3, "children": [] } },
            { "op": "updateTask", "id": 3, "task": { "state": "pending" } },
        ]);
        let mut steps = vec![receive(snapshot()), receive(delta(1, &ops))];
        merge(&mut steps).unwrap();
        let Action::Receive { frame, .. } = &steps[0].action else {
            panic!("a frame");
        };
        assert_eq!((steps.len(), seq(frame)), (1, Some(2)));
        let root = &frame["payload"]["event"]["snapshot"]["root"];
        let child = json!({ "id": 3, "children": [], "task": { "state": "pending" } });
        assert_eq!(root["children"], json!([child]));
    }

    #[test]
    fn changes_that_do_not_fit_are_refused() {
        let mut tree = Folded::default();
        assert!(tree.add(&delta(1, &json!([]))).is_err());
        tree.add(&snapshot()).unwrap();
        assert!(tree.add(&delta(2, &json!([]))).is_err());
        let gone = json!([{ "op": "removeNode", "id": 9 }]);
        assert!(tree.add(&delta(1, &gone)).is_err());
    }
}
