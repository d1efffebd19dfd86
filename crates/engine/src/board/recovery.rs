//! Sagas and try blocks on the board: which compensation is next, which failures are caught, which get out.

use std::collections::BTreeSet;

use smithers_model::planted::{Bug, planted};
use smithers_model::tree::{Kind, OnFailure, Region};

use super::{Board, Mark, list};
use crate::course::{Course, Part, SagaParts, TryParts};
use crate::frame::Frame;
use crate::view::{Standing, Summary};

/// What is known of the steps of a saga, by their place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// Those with a failure.
    failed: BTreeSet<usize>,
    /// Those that did something and are not undone.
    due: BTreeSet<usize>,
}

impl Steps {
    /// The step whose compensation is next: the last before the first failure.
    pub(super) fn next(&self) -> Option<usize> {
        let end = self.failed.first().copied()?;
        let mut due = self.due.range(..end);
        match planted(Bug::CompensatesForwards) {
            true => due.next().copied(),
            false => due.next_back().copied(),
        }
    }

    /// The last step that did something and is not undone.
    pub(super) fn last_due(&self) -> Option<usize> {
        self.due.last().copied()
    }
}

impl Board {
    /// How far the saga or try block at element `index` has come; none when it is neither.
    pub(super) fn course(&self, frame: &Frame, index: usize) -> Option<Course> {
        let part = |index: Option<usize>| -> Part {
            let index = index?;
            Some((index, self.marks[index].summary))
        };
        match &frame.tree.elements()[index].kind {
            Kind::Saga(spec) => {
                let construct = &self.shape.constructs[&index];
                let next = self.steps.get(&index).and_then(Steps::next);
                let saga = SagaParts {
                    actions: part(construct.parts.first),
                    compensations: part(construct.parts.second),
                    next: next.map(|step| construct.compensations[step]),
                    on_failure: spec.on_failure,
                };
                Some(saga.course())
            }
            Kind::Try(_) => {
                let parts = &self.shape.constructs[&index].parts;
                let block = TryParts {
                    tried: part(parts.first),
                    caught: part(parts.second),
                    finally: part(parts.finally),
                    is_armed: self.is_armed(frame, index),
                };
                Some(block.course())
            }
            _ => None,
        }
    }

    /// Whether a failure stops the region at element `index`.
    pub(super) fn is_stopped(&self, frame: &Frame, index: usize) -> bool {
        let kind = &frame.tree.elements()[index].kind;
        let is_guarded = matches!(kind, Kind::Region(region) if region.is_guarded());
        is_guarded && self.cells[index].failed > 0
    }

    /// Enters a saga, try block or region whose mark has changed into the lists, or takes it out.
    pub(super) fn list_recovery(&mut self, frame: &Frame, index: usize, mark: Mark) {
        match frame.tree.elements()[index].kind {
            Kind::Saga(_) | Kind::Try(_) => {
                let is_fatal = mark.summary.failed && frame.guards.of(index).is_none();
                list(&mut self.fatal, index, is_fatal);
            }
            Kind::Region(_) => {
                let is_halted = mark.summary.asks && self.is_stopped(frame, index);
                list(&mut self.halted, index, is_halted);
            }
            _ => {}
        }
    }

    /// Notes how a part of a region stands; of a saga, which step has failed and which is to be undone.
    pub(super) fn note_step(&mut self, frame: &Frame, region: usize, part: usize) {
        let elements = frame.tree.elements();
        if !matches!(
            elements[region].kind,
            Kind::Region(Region::Actions | Region::Compensations)
        ) {
            return;
        }
        let Some(saga) = self.shape.parent(region) else {
            return;
        };
        let Some(construct) = self.shape.constructs.get(&saga) else {
            return;
        };
        let Some(step) = construct.step_of(part) else {
            return;
        };
        let at = |parts: &[usize]| parts.get(step).map(|&part| self.marks[part].summary);
        let action = at(&construct.actions).unwrap_or(Summary::EMPTY);
        let compensation = at(&construct.compensations).unwrap_or(Summary::EMPTY);
        let steps = self.steps.entry(saga).or_default();
        list(&mut steps.failed, step, action.failed);
        let is_due = action.is_completed() && !compensation.passed;
        list(&mut steps.due, step, is_due);
    }

    /// Whether the try block at element `index` catches the failure of what it tried.
    fn is_armed(&self, frame: &Frame, index: usize) -> bool {
        let Kind::Try(spec) = &frame.tree.elements()[index].kind else {
            return false;
        };
        let parts = &self.shape.constructs[&index].parts;
        let (Some(tried), Some(_)) = (parts.first, parts.second) else {
            return false;
        };
        if !self.marks[tried].summary.failed {
            return false;
        }
        let codes = &spec.catch_errors;
        let names = |task: usize| match self.views[task].standing() {
            Some(Standing::Caught { code: Some(code) }) => {
                codes.iter().any(|named| named == frame.guards.code(code))
            }
            _ => false,
        };
        let mut inside = self.caught.range(tried..frame.tree.end_of(tried));
        codes.is_empty() || inside.any(|&task| names(task) && self.gets_out(frame, task, tried))
    }

    /// Whether the failure of `task` gets out of everything that is inside `region`, which is around it.
    fn gets_out(&self, frame: &Frame, task: usize, region: usize) -> bool {
        let mut at = task;
        while let Some(guard) = frame.guards.of(at) {
            if guard == region {
                return true;
            }
            match self.shape.parent(guard) {
                Some(construct) if self.leaks(frame, construct, guard) => at = construct,
                _ => return false,
            }
        }
        false
    }

    /// Whether a failure in region `guard` is one because of which `construct` fails.
    fn leaks(&self, frame: &Frame, construct: usize, guard: usize) -> bool {
        if !self.marks[construct].summary.failed {
            return false;
        }
        let elements = frame.tree.elements();
        match (&elements[construct].kind, &elements[guard].kind) {
            (Kind::Saga(spec), _) => spec.on_failure != OnFailure::Compensate,
            (_, Kind::Region(Region::Catch)) => self.is_armed(frame, construct),
            _ => !self.is_armed(frame, construct),
        }
    }

    /// The first task because of whose failure the saga or try block at element `index` has failed.
    pub(crate) fn culprit(&self, frame: &Frame, index: usize) -> Option<usize> {
        let parts = &self.shape.constructs[&index].parts;
        let leaking = |&region: &usize| self.leaks(frame, index, region);
        let regions = [parts.first, parts.second].into_iter().flatten();
        let regions: Vec<usize> = regions.filter(leaking).collect();
        let mut inside = self.caught.range(index..frame.tree.end_of(index));
        let gets_out = |&&task: &&usize| {
            regions
                .iter()
                .any(|&region| self.gets_out(frame, task, region))
        };
        inside.find(gets_out).copied()
    }
}
