//! What of a tree its board needs to find its way: parents, roots, and who depends on whom.

use smithers_model::planted::{Bug, planted};

use crate::frame::Frame;

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
}

impl Shape {
    pub(super) fn new(frame: &Frame) -> Self {
        let size = frame.tree.elements().len();
        let mut shape = Self {
            parents: vec![NONE; size],
            roots: frame.tree.roots().collect(),
            dependents: vec![Vec::new(); size],
            unmounted: vec![0; size],
        };
        for index in 0..size {
            for child in frame.tree.children(index) {
                shape.parents[child] = index;
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
