//! The walk: which tasks of a frame can start now (workflow-model 7.1, 7.2). A function from values to values.

use std::cmp::Reverse;

use smithers_model::tree::{Kind, ParallelSpec, TaskSpec};

use crate::frame::Frame;

/// Where a task stands, as far as the walk needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing has happened to it yet.
    Fresh,
    /// Can start, and has been started or asked about before.
    Ready,
    /// Its retry is not due.
    Resting,
    /// Somebody is asked.
    Waiting {
        /// The walk passes over it meanwhile.
        passable: bool,
    },
    /// An attempt is under way.
    InFlight,
    /// Terminal: what comes after it may start.
    Done,
    /// Failed, and nothing handles the failure.
    Broken,
}

/// What the walk sees of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskView {
    /// Where it stands.
    pub(crate) standing: Standing,
    /// To start it means to ask or to leave it out, which takes no slot of its group.
    pub(crate) weightless: bool,
}

/// What the walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Element indexes of the tasks that can start, highest priority first, else in document order.
    pub(crate) runnable: Vec<usize>,
    /// Every task is terminal or passed over.
    pub(crate) complete: bool,
}

/// Walks `frame`; `views` holds a view for each element that is a task.
pub(crate) fn walk(frame: &Frame, views: &[Option<TaskView>]) -> Plan {
    let mut walk = Walk::new(frame, views);
    for root in frame.tree.roots() {
        walk.visit(root);
    }
    let complete = frame.tree.roots().all(|root| walk.passed[root]);
    let mut runnable = walk.runnable;
    runnable.sort_by_key(|&index| Reverse(frame.task(index).priority));
    Plan { runnable, complete }
}

struct Walk<'a> {
    frame: &'a Frame,
    views: &'a [Option<TaskView>],
    /// For each element: nothing in it holds up what comes after it.
    passed: Vec<bool>,
    /// For each element: something in it has been started.
    started: Vec<bool>,
    /// For each Parallel: tasks in flight whose innermost group it is, with those found runnable.
    occupied: Vec<u32>,
    runnable: Vec<usize>,
}

impl<'a> Walk<'a> {
    fn new(frame: &'a Frame, views: &'a [Option<TaskView>]) -> Self {
        let size = views.len();
        let mut walk = Self {
            frame,
            views,
            passed: vec![true; size],
            started: vec![false; size],
            occupied: vec![0; size],
            runnable: Vec::new(),
        };
        // Children come after their parent, so backwards every element finds its children done.
        for index in (0..size).rev() {
            walk.summarise(index);
        }
        walk
    }

    fn summarise(&mut self, index: usize) {
        let Some(view) = self.views[index] else {
            let mut children = self.frame.tree.children(index);
            self.passed[index] = children.clone().all(|child| self.passed[child]);
            self.started[index] = children.any(|child| self.started[child]);
            return;
        };
        self.passed[index] = matches!(
            view.standing,
            Standing::Done | Standing::Waiting { passable: true }
        );
        self.started[index] = view.standing != Standing::Fresh && !self.left_out(index);
        if view.standing == Standing::InFlight {
            self.occupy(index);
        }
    }

    /// A task that was skipped has not been started.
    fn left_out(&self, index: usize) -> bool {
        self.frame.task(index).skip_if
    }

    fn occupy(&mut self, index: usize) {
        if let Some(group) = self.frame.groups[index] {
            self.occupied[group] += 1;
        }
    }

    fn visit(&mut self, index: usize) {
        if self.passed[index] {
            return;
        }
        let frame = self.frame;
        match &frame.tree.elements()[index].kind {
            Kind::Task(task) => self.visit_task(index, task),
            Kind::Workflow { .. } | Kind::Sequence => {
                let mut children = frame.tree.children(index);
                if let Some(next) = children.find(|&child| !self.passed[child]) {
                    self.visit(next);
                }
            }
            Kind::Parallel(spec) => self.visit_parallel(index, spec),
            Kind::Group | Kind::Text(_) | Kind::Later { .. } => {
                frame
                    .tree
                    .children(index)
                    .for_each(|child| self.visit(child));
            }
        }
    }

    /// Visits the children that are under way, and others while there is room for another subtree.
    fn visit_parallel(&mut self, index: usize, spec: &ParallelSpec) {
        let frame = self.frame;
        let Some(limit) = spec.subtree_concurrency.filter(|&limit| limit > 0) else {
            frame
                .tree
                .children(index)
                .for_each(|child| self.visit(child));
            return;
        };
        let under_way = |walk: &Self, child: usize| walk.started[child] && !walk.passed[child];
        let mut active = frame
            .tree
            .children(index)
            .filter(|&child| under_way(self, child))
            .count();
        for child in frame.tree.children(index) {
            if under_way(self, child) {
                self.visit(child);
            } else if active < limit as usize {
                let before = self.runnable.len();
                self.visit(child);
                active += usize::from(self.runnable.len() > before);
            }
        }
    }

    fn visit_task(&mut self, index: usize, task: &TaskSpec) {
        let Some(view) = self.views[index] else {
            return;
        };
        let can_start = matches!(view.standing, Standing::Fresh | Standing::Ready);
        if !can_start || !self.dependencies_are_done(task) {
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
    fn dependencies_are_done(&self, task: &TaskSpec) -> bool {
        task.depends_on.iter().all(|id| {
            let view = self.frame.index_of(id).and_then(|index| self.views[index]);
            view.is_some_and(|view| view.standing == Standing::Done)
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
}
