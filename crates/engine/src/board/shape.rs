//! What of a tree its board needs to find its way: parents, roots, and who depends on whom.

use std::collections::BTreeMap;

use smithers_model::planted::{Bug, planted};
use smithers_model::tree::Kind;

use crate::frame::Frame;
use crate::guard::Parts;

/// Stands for the parent of a root.
const NONE: usize = usize::MAX;

/// The relations between the elements of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    parents: Vec<usize>,
    /// Indexes of the roots.
    pub(super) roots: Vec<usize>,
    /// For each element, the tasks that depend on it.
    pub(super) dependents: Vec<Vec<usize>>,
    /// For each element, on how many tasks it depends that are not mounted.
    pub(super) unmounted: Vec<u32>,
    /// The sagas and try blocks.
    pub(super) constructs: BTreeMap<usize, Construct>,
}

/// What is inside a saga or try block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Construct {
    pub(super) parts: Parts,
    /// The children of its first part.
    pub(super) actions: Vec<usize>,
    /// The children of its second part.
    pub(super) compensations: Vec<usize>,
}

impl Construct {
    fn new(frame: &Frame, index: usize) -> Self {
        let parts = Parts::of(&frame.tree, index);
        let inside = |part: Option<usize>| match part {
            Some(part) => frame.tree.children(part).collect(),
            None => Vec::new(),
        };
        Self {
            actions: inside(parts.first),
            compensations: inside(parts.second),
            parts,
        }
    }

    /// The step of a saga that the action or compensation at element `index` belongs to.
    pub(super) fn step_of(&self, index: usize) -> Option<usize> {
        let action = self.actions.binary_search(&index);
        action
            .or_else(|_| self.compensations.binary_search(&index))
            .ok()
    }
}

impl Shape {
    pub(super) fn new(frame: &Frame) -> Self {
        let size = frame.tree.elements().len();
        let mut shape = Self {
            parents: vec![NONE; size],
            roots: frame.tree.roots().collect(),
            dependents: vec![Vec::new(); size],
            unmounted: vec![0; size],
            constructs: BTreeMap::new(),
        };
        for index in 0..size {
            for child in frame.tree.children(index) {
                shape.parents[child] = index;
            }
            if let Kind::Saga(_) | Kind::Try(_) = frame.tree.elements()[index].kind {
                let construct = Construct::new(frame, index);
                shape.constructs.insert(index, construct);
            }
        }
        for &index in frame.tasks() {
            for id in &frame.task(index).depends_on {
                match frame.dependency(index, id) {
                    Some(_) if planted(Bug::DependencyIgnored) => {}
                    Some(upstream) => shape.dependents[upstream].push(index),
                    None => shape.unmounted[index] += 1,
                }
            }
        }
        shape
    }

    pub(super) fn parent(&self, index: usize) -> Option<usize> {
        Some(self.parents[index]).filter(|&parent| parent != NONE)
    }
}
