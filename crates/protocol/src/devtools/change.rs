//! What has to be done to one tree so that it becomes another.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::node::{Node, Task};

/// One step from a tree to the next. Steps are applied in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change<'a> {
    /// Takes a node with all inside it away.
    RemoveNode {
        /// Which.
        id: u32,
    },
    /// Puts a node with all inside it among the children of another.
    AddNode {
        /// Of which.
        parent_id: u32,
        /// In front of the child that is there now.
        index: usize,
        /// The node.
        node: &'a Node,
    },
    /// Replaces the properties of a node.
    UpdateProps {
        /// Of which.
        id: u32,
        /// All of them.
        props: &'a Arc<Map<String, Value>>,
    },
    /// Replaces how the task of a node stands.
    UpdateTask {
        /// Of which.
        id: u32,
        /// How it stands now.
        task: &'a Task,
    },
    /// Replaces everything.
    ReplaceRoot {
        /// The tree.
        node: &'a Node,
    },
}

/// The steps from `old` to `new`, in this order: what goes, the deepest first; what comes; properties; tasks.
pub fn changes<'a>(old: &Node, new: &'a Node) -> Vec<Change<'a>> {
    if !is_same_place(old, new) || is_task(old) != is_task(new) {
        return vec![Change::ReplaceRoot { node: new }];
    }
    let mut found = Found::default();
    found.compare(old, new);
    found
        .gone
        .sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    let gone = found.gone.into_iter();
    let gone = gone.map(|(_, id)| Change::RemoveNode { id });
    gone.chain(found.come)
        .chain(found.props)
        .chain(found.tasks)
        .collect()
}

#[derive(Default)]
struct Found<'a> {
    gone: Vec<(u32, u32)>,
    come: Vec<Change<'a>>,
    props: Vec<Change<'a>>,
    tasks: Vec<Change<'a>>,
}

impl<'a> Found<'a> {
    /// Compares two nodes of one place.
    fn compare(&mut self, old: &Node, new: &'a Node) {
        if old.props != new.props {
            let (id, props) = (new.id, &new.props);
            self.props.push(Change::UpdateProps { id, props });
        }
        if let Some(task) = &new.task
            && old.task.as_ref() != Some(task)
        {
            self.tasks.push(Change::UpdateTask { id: new.id, task });
        }
        self.compare_children(old, new);
    }

    /// Children that stay keep their order; one that would not is taken away and put in again.
    fn compare_children(&mut self, old: &Node, new: &'a Node) {
        let places = new.children.iter().enumerate();
        let places: HashMap<u32, usize> = places.map(|(at, child)| (child.id, at)).collect();
        let mut stays: Vec<Option<&Node>> = vec![None; new.children.len()];
        let mut last = None;
        for child in &old.children {
            let at = places.get(&child.id).copied();
            let at = at.filter(|at| last < Some(*at) && can_stay(child, &new.children[*at]));
            match at {
                Some(at) => {
                    stays[at] = Some(child);
                    last = Some(at);
                }
                None => self.gone.push((child.depth, child.id)),
            }
        }
        for (index, (node, stays)) in new.children.iter().zip(stays).enumerate() {
            match stays {
                Some(old) => self.compare(old, node),
                None => self.come.push(Change::AddNode {
                    parent_id: new.id,
                    index,
                    node,
                }),
            }
        }
    }
}

fn can_stay(old: &Node, new: &Node) -> bool {
    is_same_place(old, new) && is_task(old) == is_task(new)
}

fn is_same_place(old: &Node, new: &Node) -> bool {
    (old.id, old.kind, old.depth) == (new.id, new.kind, new.depth) && old.name == new.name
}

fn is_task(node: &Node) -> bool {
    node.task.is_some()
}

#[cfg(test)]
mod tests;
