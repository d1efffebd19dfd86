//! The board: where every element of a frame stands. A change of one task costs its depth, not the size of the tree.
//!
//! Every element tells its parent a *mark*: what it looks like from outside, and whether a visit would find
//! something. A container keeps counts over the marks of its children, a Sequence also its place, the others which
//! children have something to offer. A change climbs as far as marks change.

mod ending;
mod plan;
mod recovery;
mod shape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use smithers_model::Timestamp;
use smithers_model::tree::Kind;

use self::recovery::Steps;
use self::shape::Shape;
use crate::course::Course;
use crate::frame::Frame;
use crate::view::{Standing, Summary, View};

/// What an element tells its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    summary: Summary,
    /// A visit would find a task that can start or a loop whose body is over, were there room for it.
    offers: bool,
}

/// What a container knows of its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cell {
    /// Those that hold up what comes after them.
    open: u32,
    /// Those in which something was started.
    started: u32,
    /// Those in which something goes on by itself.
    under_way: u32,
    /// Those that both hold up and go on.
    busy: u32,
    /// Those in which somebody is asked.
    asks: u32,
    /// Those with a failure that is not dealt with in them.
    failed: u32,
    /// Those in which an attempt is under way or somebody is asked.
    engaged: u32,
    /// Those in which something ended well.
    worked: u32,
    /// In a Sequence: the first that is open, or the end of the Sequence.
    place: usize,
    /// Elsewhere: those that offer something.
    offering: BTreeSet<usize>,
}

/// The state of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Board {
    shape: Shape,
    views: Vec<View>,
    marks: Vec<Mark>,
    cells: Vec<Cell>,
    /// For each task, on how many it depends that are not done.
    unmet: Vec<u32>,
    /// For each Parallel, tasks in flight whose innermost group it is.
    occupied: Vec<u32>,
    /// Tasks whose failure nothing handles.
    broken: BTreeSet<usize>,
    /// Tasks whose retry is not due, by the time when it is.
    resting: BTreeSet<(Timestamp, usize)>,
    /// How many tasks failed in quarantine.
    apart: u32,
    /// Tasks whose failure a saga or try block deals with.
    caught: BTreeSet<usize>,
    /// Steps of the sagas in which something has happened.
    steps: BTreeMap<usize, Steps>,
    /// Sagas and try blocks that have failed, where nothing around them deals with that.
    fatal: BTreeSet<usize>,
    /// Regions that a failure stops while somebody is asked in them.
    halted: BTreeSet<usize>,
}

impl Board {
    /// The board of `frame`; `views` holds a view for each element.
    pub(crate) fn new(frame: &Frame, views: Vec<View>) -> Self {
        let size = views.len();
        let shape = Shape::new(frame);
        let mut board = Self {
            marks: vec![Mark::NOTHING; size],
            cells: vec![Cell::default(); size],
            unmet: shape.unmounted.clone(),
            occupied: vec![0; size],
            broken: BTreeSet::new(),
            resting: BTreeSet::new(),
            apart: 0,
            caught: BTreeSet::new(),
            steps: BTreeMap::new(),
            fatal: BTreeSet::new(),
            halted: BTreeSet::new(),
            shape,
            views,
        };
        for index in 0..size {
            board.cells[index].place = frame.tree.end_of(index);
            board.record(frame, index, true);
            if !board.views[index].is_done() {
                for &dependent in &board.shape.dependents[index] {
                    board.unmet[dependent] += 1;
                }
            }
        }
        // Children come after their parent, so backwards every element finds its children done.
        for index in (0..size).rev() {
            let (_, mark) = board.renew(frame, index);
            if let Some(parent) = board.shape.parent(index) {
                board.tell(frame, parent, index, Mark::NOTHING, mark);
            }
        }
        board
    }

    /// Where every element stands.
    pub(crate) fn views(&self) -> &[View] {
        &self.views
    }

    /// The first task whose failure nothing handles.
    pub(crate) fn first_broken(&self) -> Option<usize> {
        self.broken.first().copied()
    }

    /// Returns whether a task failed in quarantine.
    pub(crate) fn has_quarantine(&self) -> bool {
        self.apart > 0
    }

    /// Returns whether a retry is not due yet.
    pub(crate) fn rests(&self) -> bool {
        !self.resting.is_empty()
    }

    /// Returns whether somebody is asked.
    pub(crate) fn asks(&self) -> bool {
        let mut roots = self.shape.roots.iter();
        roots.any(|&root| self.marks[root].summary.asks)
    }

    /// The next task whose retry is due by `now`.
    pub(crate) fn due(&self, now: Timestamp) -> Option<usize> {
        let first = self.resting.first().filter(|(due, _)| *due <= now);
        first.map(|&(_, index)| index)
    }

    /// Says that element `index` now stands as `view` says.
    pub(crate) fn set(&mut self, frame: &Frame, index: usize, view: View) {
        let before = self.views[index];
        if before == view {
            return;
        }
        self.record(frame, index, false);
        self.views[index] = view;
        self.record(frame, index, true);
        self.climb(frame, index, before.is_caught() || view.is_caught());
        if before.is_done() == view.is_done() {
            return;
        }
        for dependent in self.shape.dependents[index].clone() {
            match view.is_done() {
                true => self.unmet[dependent] -= 1,
                false => self.unmet[dependent] += 1,
            }
            self.climb(frame, dependent, false);
        }
    }

    /// Enters element `index` into the lists by standing, or takes it out.
    fn record(&mut self, frame: &Frame, index: usize, enters: bool) {
        match self.views[index].standing() {
            Some(Standing::InFlight) => {
                if let Some(group) = frame.groups[index] {
                    count(&mut self.occupied[group], enters);
                }
            }
            Some(Standing::Caught { .. }) => list(&mut self.caught, index, enters),
            Some(Standing::Broken) => list(&mut self.broken, index, enters),
            Some(Standing::Resting { due }) => list(&mut self.resting, (due, index), enters),
            Some(Standing::Apart) => count(&mut self.apart, enters),
            _ => {}
        }
    }

    /// Tells the parents of `index` what has changed, as far up as something has; to the roots when a failure is to
    /// be dealt with, which is not only a matter of marks.
    fn climb(&mut self, frame: &Frame, mut index: usize, to_the_roots: bool) {
        loop {
            let (before, mark) = self.renew(frame, index);
            let goes_on = mark != before || to_the_roots || is_region(frame, index);
            let Some(parent) = self.shape.parent(index).filter(|_| goes_on) else {
                return;
            };
            self.tell(frame, parent, index, before, mark);
            index = parent;
        }
    }

    /// Makes the mark of element `index` anew. Returns the one before and the new one.
    fn renew(&mut self, frame: &Frame, index: usize) -> (Mark, Mark) {
        let mark = self.mark(frame, index);
        let before = std::mem::replace(&mut self.marks[index], mark);
        self.list_recovery(frame, index, mark);
        (before, mark)
    }

    /// Brings what `parent` knows of its child `index` from one mark to another.
    fn tell(&mut self, frame: &Frame, parent: usize, index: usize, before: Mark, mark: Mark) {
        let cell = &mut self.cells[parent];
        let (was, is) = (before.summary, mark.summary);
        adjust(&mut cell.open, !was.passed, !is.passed);
        adjust(&mut cell.started, was.started, is.started);
        adjust(&mut cell.under_way, was.under_way, is.under_way);
        adjust(&mut cell.busy, was.is_busy(), is.is_busy());
        adjust(&mut cell.asks, was.asks, is.asks);
        adjust(&mut cell.failed, was.failed, is.failed);
        adjust(&mut cell.engaged, was.engaged, is.engaged);
        adjust(&mut cell.worked, was.worked, is.worked);
        if !is_ordered(frame, parent) {
            list(&mut cell.offering, index, mark.offers);
        } else if !is.passed {
            cell.place = cell.place.min(index);
        } else if cell.place == index {
            let end = frame.tree.end_of(parent);
            let mut next = frame.tree.end_of(index);
            while next < end && self.marks[next].summary.passed {
                next = frame.tree.end_of(next);
            }
            self.cells[parent].place = next;
        }
        self.note_step(frame, parent, index);
    }

    fn mark(&self, frame: &Frame, index: usize) -> Mark {
        let children = self.children(index);
        if let Some(course) = self.course(frame, index) {
            return Mark {
                summary: course.summary(children),
                offers: matches!(course, Course::Going(part) if self.marks[part].offers),
            };
        }
        let summary = self.summary(index, children);
        Mark {
            summary,
            offers: !summary.passed && self.has_offer(frame, index),
        }
    }

    /// What the children of element `index` come to together.
    fn children(&self, index: usize) -> Summary {
        let cell = &self.cells[index];
        Summary {
            passed: cell.open == 0,
            started: cell.started > 0,
            under_way: cell.under_way > 0,
            asks: cell.asks > 0,
            failed: cell.failed > 0,
            engaged: cell.engaged > 0,
            worked: cell.worked > 0,
        }
    }

    fn summary(&self, index: usize, children: Summary) -> Summary {
        match self.views[index] {
            View::Task(view) => view.summary(),
            View::Loop(view) => Summary {
                passed: view.ended,
                started: view.begun || children.started,
                ..children
            },
            View::Handover => Summary::HANDOVER,
            View::Other => children,
        }
    }

    fn has_offer(&self, frame: &Frame, index: usize) -> bool {
        let cell = &self.cells[index];
        match self.views[index] {
            View::Task(view) => view.can_start() && self.unmet[index] == 0,
            View::Handover => true,
            View::Loop(_) => self.is_body_over(index) || !cell.offering.is_empty(),
            View::Other if is_region(frame, index) && self.is_stopped(frame, index) => false,
            View::Other if is_ordered(frame, index) => {
                cell.place < frame.tree.end_of(index) && self.marks[cell.place].offers
            }
            View::Other => !cell.offering.is_empty(),
        }
    }

    /// A body is over when each of its tasks is; one that is only passed over meanwhile is not.
    fn is_body_over(&self, index: usize) -> bool {
        let cell = &self.cells[index];
        cell.open == 0 && cell.asks == 0
    }
}

impl Mark {
    /// Of an element that is not there.
    const NOTHING: Self = Self {
        summary: Summary::EMPTY,
        offers: false,
    };
}

fn is_ordered(frame: &Frame, index: usize) -> bool {
    matches!(
        frame.tree.elements()[index].kind,
        Kind::Workflow { .. } | Kind::Sequence | Kind::Region(_)
    )
}

fn is_region(frame: &Frame, index: usize) -> bool {
    matches!(frame.tree.elements()[index].kind, Kind::Region(_))
}

fn adjust(number: &mut u32, was: bool, is: bool) {
    if was != is {
        count(number, is);
    }
}

fn count(number: &mut u32, up: bool) {
    match up {
        true => *number += 1,
        false => *number -= 1,
    }
}

fn list<T: Ord>(set: &mut BTreeSet<T>, item: T, enters: bool) {
    match enters {
        true => drop(set.insert(item)),
        false => drop(set.remove(&item)),
    }
}
