//! Whatever two trees are, the steps from one to the other lead there.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::devtools::NodeType;

/// A tree with unique numbers: each node has what it is, its task's attempt, and its children.
fn trees() -> impl Strategy<Value = Node> {
    let leaf = (0..12_u32, 0..2_u32, 0..3_u32)
        .prop_map(|(id, kind, attempt)| node(id, kind, attempt, Vec::new()));
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        let children = prop::collection::vec(inner, 0..4);
        (0..12_u32, 0..2_u32, 0..3_u32, children)
            .prop_map(|(id, kind, attempt, children)| node(id, kind, attempt, children))
    });
    tree.prop_map(|mut root| {
        (root.id, root.kind, root.task) = (100, NodeType::Workflow, None);
        settle(&mut root, 0, &mut BTreeSet::from([100]));
        root
    })
}

fn node(id: u32, kind: u32, attempt: u32, children: Vec<Node>) -> Node {
    let task = Task {
        node_id: "t".into(),
        kind: "static".into(),
        iteration: 0,
        state: "pending",
        attempt,
        label: None,
    };
    let is_task = kind == 0;
    Node {
        id,
        kind: if is_task {
            NodeType::Task
        } else {
            NodeType::Sequence
        },
        name: "n".into(),
        props: Arc::new(
            [("p".to_owned(), Value::from(attempt))]
                .into_iter()
                .collect(),
        ),
        task: is_task.then_some(task),
        children,
        depth: 0,
    }
}

/// Takes away nodes whose number another has, and says how deep each is.
fn settle(node: &mut Node, depth: u32, seen: &mut BTreeSet<u32>) {
    node.depth = depth;
    node.children.retain(|child| seen.insert(child.id));
    for child in &mut node.children {
        settle(child, depth + 1, seen);
    }
}

fn find(node: &mut Node, id: u32) -> Option<&mut Node> {
    if node.id == id {
        return Some(node);
    }
    node.children.iter_mut().find_map(|child| find(child, id))
}

fn remove(node: &mut Node, id: u32) -> bool {
    let before = node.children.len();
    node.children.retain(|child| child.id != id);
    before != node.children.len() || node.children.iter_mut().any(|child| remove(child, id))
}

fn apply(root: &mut Node, change: &Change<'_>) {
    match change {
        Change::ReplaceRoot { node } => *root = (*node).clone(),
        Change::RemoveNode { id } => assert!(remove(root, *id), "{id} is there"),
        Change::AddNode {
            parent_id,
            index,
            node,
        } => {
            let parent = find(root, *parent_id).expect("the parent is there");
            parent.children.insert(*index, (*node).clone());
        }
        Change::UpdateProps { id, props } => {
            find(root, *id).expect("the node is there").props = (*props).clone();
        }
        Change::UpdateTask { id, task } => {
            find(root, *id).expect("the node is there").task = Some((*task).clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_steps_from_one_tree_to_another_lead_there(old in trees(), new in trees()) {
        let mut tree = old.clone();
        for change in changes(&old, &new) {
            apply(&mut tree, &change);
        }
        prop_assert_eq!(tree, new);
    }
}

#[test]
fn equal_trees_need_no_step() {
    let tree = node(1, 1, 0, vec![node(2, 0, 1, Vec::new())]);
    assert_eq!(changes(&tree, &tree), []);
}

#[test]
fn steps_are_written_as_clients_read_them() {
    let (old, new) = (node(1, 0, 0, Vec::new()), node(1, 0, 1, Vec::new()));
    let written = serde_json::to_string(&changes(&old, &new)).unwrap();
    let task = r#"{"nodeId":"t","kind":"static","iteration":0,"state":"pending","attempt":1}"#;
    let props = r#"{"op":"updateProps","id":1,"props":{"p":1}}"#;
    assert_eq!(
        written,
        format!(r#"[{props},{{"op":"updateTask","id":1,"task":{task}}}]"#)
    );
}
