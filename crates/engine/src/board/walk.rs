//! The walk over a whole frame (workflow-model 7.1, 7.2): what the board must come to, written to be read.

use std::cmp::Reverse;

use smithers_model::tree::{Kind, OnFailure, ParallelSpec, TaskSpec, TrySpec};

use crate::course::{Course, Part, SagaParts, TryParts};
use crate::frame::Frame;
use crate::guard::Parts;
use crate::view::{Plan, Standing, Summary, View};

/// Walks `frame`; `views` holds a view for each element.
pub(crate) fn walk(frame: &Frame, views: &[View]) -> Plan {
    let mut walk = Walk::new(frame, views);
    for root in frame.tree.roots() {
        walk.visit(root);
    }
    let complete = frame.tree.roots().all(|root| walk.summaries[root].passed);
    let size = views.len();
    let fatal = (0..size).find(|&index| walk.is_fatal(index));
    let halted = (0..size).find(|&index| walk.is_halted(index));
    let Walk {
        mut runnable,
        mut ready,
        handover,
        ..
    } = walk;
    ready.sort_unstable();
    runnable.sort_by_key(|&index| (Reverse(frame.task(index).priority), index));
    Plan {
        runnable,
        ready,
        handover,
        complete,
        fatal,
        halted,
    }
}

struct Walk<'a> {
    frame: &'a Frame,
    views: &'a [View],
    summaries: Vec<Summary>,
    /// For each Parallel: tasks in flight whose innermost group it is, with those found runnable.
    occupied: Vec<u32>,
    runnable: Vec<usize>,
    ready: Vec<usize>,
    handover: Option<usize>,
}

impl<'a> Walk<'a> {
    fn new(frame: &'a Frame, views: &'a [View]) -> Self {
        let size = views.len();
        let mut walk = Self {
            frame,
            views,
            summaries: vec![Summary::EMPTY; size],
            occupied: vec![0; size],
            runnable: Vec::new(),
            ready: Vec::new(),
            handover: None,
        };
        // Children come after their parent, so backwards every element finds its children done.
        for index in (0..size).rev() {
            walk.summaries[index] = walk.summarise(index);
        }
        walk
    }

    fn summarise(&mut self, index: usize) -> Summary {
        match self.views[index] {
            View::Task(view) => {
                if view.standing == Standing::InFlight {
                    self.occupy(index);
                }
                view.summary()
            }
            View::Loop(view) => Summary {
                passed: view.ended,
                started: view.begun || self.of_children(index).started,
                ..self.of_children(index)
            },
            View::Handover => Summary::HANDOVER,
            View::Other => match self.course(index) {
                Some(course) => course.summary(self.of_children(index)),
                None => self.of_children(index),
            },
        }
    }

    fn of_children(&self, index: usize) -> Summary {
        let children = self.frame.tree.children(index);
        children.fold(Summary::EMPTY, |sum, child| {
            let child = self.summaries[child];
            Summary {
                passed: sum.passed && child.passed,
                started: sum.started || child.started,
                under_way: sum.under_way || child.under_way,
                asks: sum.asks || child.asks,
                failed: sum.failed || child.failed,
                engaged: sum.engaged || child.engaged,
                worked: sum.worked || child.worked,
            }
        })
    }

    fn occupy(&mut self, index: usize) {
        if let Some(group) = self.frame.groups[index] {
            self.occupied[group] += 1;
        }
    }

    fn visit(&mut self, index: usize) {
        if self.summaries[index].passed {
            return;
        }
        let frame = self.frame;
        match &frame.tree.elements()[index].kind {
            Kind::Task(task) => self.visit_task(index, task),
            Kind::Region(_) if self.is_stopped(index) => {}
            Kind::Workflow { .. } | Kind::Sequence | Kind::Region(_) => {
                let mut children = frame.tree.children(index);
                if let Some(next) = children.find(|&child| !self.summaries[child].passed) {
                    self.visit(next);
                }
            }
            Kind::Saga(_) | Kind::Try(_) => {
                if let Some(Course::Going(part)) = self.course(index) {
                    self.visit(part);
                }
            }
            Kind::Parallel(spec) => self.visit_parallel(index, spec),
            Kind::Loop(_) => self.visit_loop(index),
            Kind::ContinueAsNew { .. } => {
                self.handover.get_or_insert(index);
            }
            Kind::Group | Kind::Text(_) | Kind::Deferred { .. } | Kind::Later { .. } => {
                self.visit_children(index);
            }
        }
    }

    fn visit_children(&mut self, index: usize) {
        let children = self.frame.tree.children(index);
        children.for_each(|child| self.visit(child));
    }

    /// A body is over when each of its tasks is; one that is only passed over meanwhile is not.
    fn visit_loop(&mut self, index: usize) {
        let body = self.of_children(index);
        if body.passed && !body.asks {
            self.ready.push(index);
        } else {
            self.visit_children(index);
        }
    }

    /// Visits the children that are under way, then those that have begun, then new ones, while there is room
    /// for another subtree. One that has begun but waits for something outside of it leaves its room to others.
    fn visit_parallel(&mut self, index: usize, spec: &ParallelSpec) {
        let Some(limit) = spec.subtree_concurrency.filter(|&limit| limit > 0) else {
            return self.visit_children(index);
        };
        let open = |walk: &Self, child: usize| !walk.summaries[child].passed;
        let children = self.frame.tree.children(index);
        let children: Vec<usize> = children.filter(|&child| open(self, child)).collect();
        let mut active = 0;
        for wanted in 0..3 {
            for &child in &children {
                if self.summaries[child].rank() != wanted {
                    continue;
                }
                if wanted == 0 || active < limit as usize {
                    let before = self.found();
                    self.visit(child);
                    active += usize::from(wanted == 0 || self.found() > before);
                }
            }
        }
    }

    /// How much can go on of what was visited so far.
    fn found(&self) -> usize {
        self.runnable.len() + self.ready.len() + usize::from(self.handover.is_some())
    }

    fn visit_task(&mut self, index: usize, task: &TaskSpec) {
        let View::Task(view) = self.views[index] else {
            return;
        };
        if !view.can_start() || !self.dependencies_are_done(index, task) {
            return;
        }
        if view.weightless {
            self.runnable.push(index);
        } else if self.has_room(index) {
            self.occupy(index);
            self.runnable.push(index);
        }
    }

    /// A dependency that is not mounted never satisfies; one that is passed over does not either.
    fn dependencies_are_done(&self, index: usize, task: &TaskSpec) -> bool {
        task.depends_on.iter().all(|id| {
            let upstream = self.frame.dependency(index, id);
            upstream.is_some_and(|on| self.views[on].is_done())
        })
    }

    fn has_room(&self, index: usize) -> bool {
        let Some(group) = self.frame.groups[index] else {
            return true;
        };
        match &self.frame.tree.elements()[group].kind {
            Kind::Parallel(ParallelSpec {
                max_concurrency: Some(limit),
                ..
            }) if *limit > 0 => self.occupied[group] < *limit,
            _ => true,
        }
    }

    /// How far the saga or try block at element `index` has come; none when it is neither.
    fn course(&self, index: usize) -> Option<Course> {
        let tree = &self.frame.tree;
        let parts = Parts::of(tree, index);
        let part =
            |index: Option<usize>| -> Part { index.map(|index| (index, self.summaries[index])) };
        match &tree.elements()[index].kind {
            Kind::Saga(spec) => {
                let saga = SagaParts {
                    actions: part(parts.first),
                    compensations: part(parts.second),
                    next: self.next_undo(&parts),
                    on_failure: spec.on_failure,
                };
                Some(saga.course())
            }
            Kind::Try(spec) => {
                let block = TryParts {
                    tried: part(parts.first),
                    caught: part(parts.second),
                    finally: part(parts.finally),
                    is_armed: self.is_armed(spec, &parts),
                };
                Some(block.course())
            }
            _ => None,
        }
    }

    /// The compensation of the last step before the first failure that did something and is not undone.
    fn next_undo(&self, parts: &Parts) -> Option<usize> {
        let tree = &self.frame.tree;
        let actions = tree.children(parts.first?);
        let steps: Vec<(usize, usize)> = actions.zip(tree.children(parts.second?)).collect();
        let failed = tree.children(parts.first?);
        let failed = failed.take_while(|&action| !self.summaries[action].failed);
        let before = failed.count();
        let is_due = |&&(action, compensation): &&(usize, usize)| {
            self.summaries[action].is_completed() && !self.summaries[compensation].passed
        };
        let steps = &steps[..before.min(steps.len())];
        let last = steps.iter().rev().find(is_due);
        last.map(|&(_, compensation)| compensation)
    }

    fn is_armed(&self, spec: &TrySpec, parts: &Parts) -> bool {
        let (Some(tried), Some(_)) = (parts.first, parts.second) else {
            return false;
        };
        let escaping = self.escaping(tried);
        let names = |code: Option<usize>| {
            let code = code.map(|code| self.frame.guards.code(code));
            code.is_some_and(|code| spec.catch_errors.iter().any(|named| named == code))
        };
        self.summaries[tried].failed
            && (spec.catch_errors.is_empty() || escaping.into_iter().any(names))
    }

    /// The codes of the failures in element `index` that nothing in it deals with.
    fn escaping(&self, index: usize) -> Vec<Option<usize>> {
        let tree = &self.frame.tree;
        if let Some(Standing::Caught { code }) = self.views[index].standing() {
            return vec![code];
        }
        let parts = Parts::of(tree, index);
        let inside: Vec<usize> = match &tree.elements()[index].kind {
            Kind::Saga(_) | Kind::Try(_) if !self.summaries[index].failed => Vec::new(),
            Kind::Saga(spec) if spec.on_failure == OnFailure::Compensate => {
                parts.second.into_iter().collect()
            }
            Kind::Try(spec) if self.is_armed(spec, &parts) => {
                parts.second.into_iter().chain(parts.finally).collect()
            }
            Kind::Try(_) => parts.first.into_iter().chain(parts.finally).collect(),
            _ => tree.children(index).collect(),
        };
        let escaping = inside.into_iter().map(|part| self.escaping(part));
        escaping.flatten().collect()
    }

    fn is_stopped(&self, index: usize) -> bool {
        let kind = &self.frame.tree.elements()[index].kind;
        let is_guarded = matches!(kind, Kind::Region(region) if region.is_guarded());
        is_guarded && self.summaries[index].failed
    }

    fn is_fatal(&self, index: usize) -> bool {
        let kind = &self.frame.tree.elements()[index].kind;
        matches!(kind, Kind::Saga(_) | Kind::Try(_))
            && self.summaries[index].failed
            && self.frame.guards.of(index).is_none()
    }

    fn is_halted(&self, index: usize) -> bool {
        self.is_stopped(index) && self.summaries[index].asks
    }
}
