//! What is left to undo in a run that is ending. Looked for in the whole tree, once for each compensation.

use smithers_model::NodeKey;

use super::Board;
use super::recovery::Steps;
use crate::frame::Frame;

impl Board {
    /// The compensations that are at work. When none is, the next one: of the last saga that has one, that of its last
    /// step.
    pub(crate) fn undos(&self, frame: &Frame) -> Vec<usize> {
        let sagas = self.sagas_to_undo(frame);
        let sagas = sagas.iter().rev();
        let mut next: Vec<usize> = sagas
            .filter_map(|&saga| self.next_undo_of(frame, saga))
            .collect();
        // Sagas that failed before the end was asked for may be at it side by side.
        match next.iter().any(|&undo| self.is_at_work(undo)) {
            true => next.retain(|&undo| self.is_at_work(undo)),
            false => next.truncate(1),
        }
        next
    }

    fn is_at_work(&self, undo: usize) -> bool {
        self.marks[undo].summary.under_way
    }

    /// The compensation of a saga that is next, when it goes on or can start. One that failed is the last.
    fn next_undo_of(&self, frame: &Frame, saga: usize) -> Option<usize> {
        let construct = &self.shape.constructs[&saga];
        let region = construct.parts.second?;
        let mut broken = self.broken.range(region..frame.tree.end_of(region));
        if self.marks[region].summary.failed || broken.next().is_some() {
            return None;
        }
        let step = self.steps.get(&saga).and_then(Steps::last_due)?;
        let next = construct.compensations.get(step).copied()?;
        (self.marks[next].offers || self.is_at_work(next)).then_some(next)
    }

    /// The tasks that were to undo something and have not.
    pub(crate) fn left_to_undo(&self, frame: &Frame) -> Vec<NodeKey> {
        let sagas = self.sagas_to_undo(frame);
        let parts = sagas.iter().flat_map(|&saga| self.completed(saga));
        let tasks = parts.flat_map(|(_, compensation)| {
            let inside = compensation..frame.tree.end_of(compensation);
            let tasks = frame.tasks().iter().copied();
            tasks.filter(move |index| inside.contains(index))
        });
        let is_left = |index: &usize| {
            let view = self.views[*index];
            !view.is_over() || view.is_caught()
        };
        let left = tasks.filter(is_left);
        left.map(|index| frame.task(index).node.clone()).collect()
    }

    /// Sagas that are undone on cancel, but for those inside of what is undone as a whole or undoes something itself.
    fn sagas_to_undo(&self, frame: &Frame) -> Vec<usize> {
        let (cancellable, others): (Vec<usize>, Vec<usize>) = frame
            .sagas()
            .partition(|&saga| frame.saga_at(saga).on_cancel.is_some());
        let whole = cancellable.iter().flat_map(|&saga| self.completed(saga));
        let whole = whole.map(|(action, _)| action);
        let undoing = cancellable.iter().chain(&others);
        let undoing = undoing.filter_map(|saga| self.shape.constructs[saga].parts.second);
        let parts: Vec<_> = whole
            .chain(undoing)
            .map(|part| part..frame.tree.end_of(part))
            .collect();
        let is_inside = |saga: &usize| parts.iter().any(|part| part.contains(saga));
        let sagas = cancellable.iter().copied();
        sagas.filter(|saga| !is_inside(saga)).collect()
    }

    /// The actions of a saga that are completed, with what undoes each.
    fn completed(&self, saga: usize) -> impl Iterator<Item = (usize, usize)> {
        let construct = &self.shape.constructs[&saga];
        let actions = construct.actions.iter().copied();
        let steps = actions.zip(construct.compensations.iter().copied());
        steps.filter(|&(action, _)| self.marks[action].summary.is_completed())
    }
}
