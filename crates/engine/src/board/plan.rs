//! What can go on, found by visiting only what has something to offer.

use std::cmp::Reverse;

use smithers_model::tree::{Kind, ParallelSpec};

use super::Board;
use crate::course::Course;
use crate::frame::Frame;
use crate::view::{Plan, View};

impl Board {
    /// Finds what can start now, and which loops have had their pass.
    pub(crate) fn plan(&self, frame: &Frame) -> Plan {
        let mut plan = self.plan_of(frame, &self.shape.roots);
        let mut roots = self.shape.roots.iter();
        plan.complete = roots.all(|&root| self.marks[root].summary.passed);
        plan.fatal = self.fatal.first().copied();
        plan.halted = self.halted.first().copied();
        plan
    }

    /// Finds what can start now inside `elements`, and which loops there have had their pass.
    pub(crate) fn plan_of(&self, frame: &Frame, elements: &[usize]) -> Plan {
        let mut visit = Visit {
            frame,
            board: self,
            taken: Vec::new(),
            plan: Plan::default(),
        };
        for &element in elements {
            visit.element(element);
        }
        let mut plan = visit.plan;
        plan.ready.sort_unstable();
        let priority = |&index: &usize| (Reverse(frame.task(index).priority), index);
        plan.runnable.sort_unstable_by_key(priority);
        plan
    }
}

struct Visit<'a> {
    frame: &'a Frame,
    board: &'a Board,
    /// Places in groups that tasks of the plan take, by group.
    taken: Vec<(usize, u32)>,
    plan: Plan,
}

impl Visit<'_> {
    fn element(&mut self, index: usize) {
        if !self.board.marks[index].offers {
            return;
        }
        match &self.frame.tree.elements()[index].kind {
            Kind::Task(_) => self.task(index),
            Kind::Workflow { .. } | Kind::Sequence | Kind::Region(_) => {
                self.element(self.board.cells[index].place);
            }
            Kind::Saga(_) | Kind::Try(_) => {
                if let Some(Course::Going(part)) = self.board.course(self.frame, index) {
                    self.element(part);
                }
            }
            Kind::Parallel(spec) => self.parallel(index, spec),
            Kind::ContinueAsNew { .. } => {
                self.plan.handover.get_or_insert(index);
            }
            Kind::Loop(_) if self.board.is_body_over(index) => self.plan.ready.push(index),
            Kind::Loop(_)
            | Kind::Group
            | Kind::Text(_)
            | Kind::Deferred { .. }
            | Kind::Later { .. } => self.children(index),
        }
    }

    fn children(&mut self, index: usize) {
        for &child in &self.board.cells[index].offering {
            self.element(child);
        }
    }

    /// Visits the children that are under way, then those that have begun, then new ones, while there is room
    /// for another subtree. One that has begun but waits for something outside of it leaves its room to others.
    fn parallel(&mut self, index: usize, spec: &ParallelSpec) {
        let Some(limit) = spec.subtree_concurrency.filter(|&limit| limit > 0) else {
            return self.children(index);
        };
        let mut active = self.board.cells[index].busy;
        for rank in 0..3 {
            for &child in &self.board.cells[index].offering {
                if self.board.marks[child].summary.rank() != rank {
                    continue;
                }
                if rank == 0 {
                    self.element(child);
                } else if active < limit {
                    let before = self.found();
                    self.element(child);
                    active += u32::from(self.found() > before);
                }
            }
        }
    }

    /// How much can go on of what was visited so far.
    fn found(&self) -> usize {
        self.plan.runnable.len() + self.plan.ready.len() + usize::from(self.plan.handover.is_some())
    }

    fn task(&mut self, index: usize) {
        let View::Task(view) = self.board.views[index] else {
            return;
        };
        if view.weightless || self.takes_room(index) {
            self.plan.runnable.push(index);
        }
    }

    /// Takes a place in the innermost group of a task. Returns false when there is none left.
    fn takes_room(&mut self, index: usize) -> bool {
        let Some(group) = self.frame.groups[index] else {
            return true;
        };
        let Kind::Parallel(ParallelSpec {
            max_concurrency: Some(limit),
            ..
        }) = self.frame.tree.elements()[group].kind
        else {
            return true;
        };
        let at = match self.taken.iter().position(|(taken, _)| *taken == group) {
            Some(at) => at,
            None => {
                self.taken.push((group, self.board.occupied[group]));
                self.taken.len() - 1
            }
        };
        let places = &mut self.taken[at].1;
        let has_room = limit == 0 || *places < limit;
        *places += u32::from(has_room);
        has_room
    }
}
