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
    /// Failed in quarantine: what comes after it may start, what depends on it never does.
    Apart,
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

/// What the walk sees of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoopView {
    /// No pass follows, and nothing more of this one starts.
    pub(crate) ended: bool,
    /// It is not in its first pass.
    pub(crate) begun: bool,
}

/// What the walk sees of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// A task.
    Task(TaskView),
    /// A loop.
    Loop(LoopView),
    /// What is known from the tree alone.
    Other,
}

impl View {
    /// Where it stands, if it is a task.
    pub(crate) fn standing(&self) -> Option<Standing> {
        match self {
            Self::Task(view) => Some(view.standing),
            Self::Loop(_) | Self::Other => None,
        }
    }

    /// Nothing more will happen to it by itself.
    pub(crate) fn is_over(&self) -> bool {
        matches!(
            self.standing(),
            None | Some(Standing::Done | Standing::Apart)
        )
    }
}

/// What the walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Element indexes of the tasks that can start, highest priority first, else in document order.
    pub(crate) runnable: Vec<usize>,
    /// Element indexes of the loops whose body is over, in document order.
    pub(crate) ready: Vec<usize>,
    /// Every task is terminal or passed over.
    pub(crate) complete: bool,
}

/// Walks `frame`; `views` holds a view for each element.
pub(crate) fn walk(frame: &Frame, views: &[View]) -> Plan {
    let mut walk = Walk::new(frame, views);
    for root in frame.tree.roots() {
        walk.visit(root);
    }
    let complete = frame.tree.roots().all(|root| walk.summaries[root].passed);
    let Walk {
        mut runnable,
        ready,
        ..
    } = walk;
    runnable.sort_by_key(|&index| (Reverse(frame.task(index).priority), index));
    Plan {
        runnable,
        ready,
        complete,
    }
}

/// What is known of a subtree without walking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summary {
    /// Nothing in it holds up what comes after it.
    passed: bool,
    /// Something in it has been started.
    started: bool,
    /// Something in it goes on by itself: an attempt, a retry that is not due, a question.
    under_way: bool,
    /// Somebody is asked in it.
    asks: bool,
}

struct Walk<'a> {
    frame: &'a Frame,
    views: &'a [View],
    summaries: Vec<Summary>,
    /// For each Parallel: tasks in flight whose innermost group it is, with those found runnable.
    occupied: Vec<u32>,
    runnable: Vec<usize>,
    ready: Vec<usize>,
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
                Summary::of_task(view, self.frame.task(index).skip_if)
            }
            View::Loop(view) => Summary {
                passed: view.ended,
                started: view.begun || self.of_children(index).started,
                ..self.of_children(index)
            },
            View::Other => self.of_children(index),
        }
    }

    fn of_children(&self, index: usize) -> Summary {
        let children = self.frame.tree.children(index);
        children.fold(Summary::EMPTY, |sum, child| sum.and(self.summaries[child]))
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
            Kind::Workflow { .. } | Kind::Sequence => {
                let mut children = frame.tree.children(index);
                if let Some(next) = children.find(|&child| !self.summaries[child].passed) {
                    self.visit(next);
                }
            }
            Kind::Parallel(spec) => self.visit_parallel(index, spec),
            Kind::Loop(_) => self.visit_loop(index),
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
        let rank = |summary: Summary| match summary {
            Summary {
                under_way: true, ..
            } => 0,
            Summary { started: true, .. } => 1,
            _ => 2,
        };
        let mut active = 0;
        for wanted in 0..3 {
            for &child in &children {
                if rank(self.summaries[child]) != wanted {
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
        self.runnable.len() + self.ready.len()
    }

    fn visit_task(&mut self, index: usize, task: &TaskSpec) {
        let View::Task(view) = self.views[index] else {
            return;
        };
        let can_start = matches!(view.standing, Standing::Fresh | Standing::Ready);
        if !can_start || !self.dependencies_are_done(index, task) {
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
            upstream.is_some_and(|on| self.views[on].standing() == Some(Standing::Done))
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

impl Summary {
    /// Of an element without anything in it.
    const EMPTY: Self = Self {
        passed: true,
        started: false,
        under_way: false,
        asks: false,
    };

    /// A task that is left out has not been started.
    fn of_task(view: TaskView, left_out: bool) -> Self {
        let asks = matches!(view.standing, Standing::Waiting { .. });
        Self {
            passed: matches!(
                view.standing,
                Standing::Done | Standing::Apart | Standing::Waiting { passable: true }
            ),
            started: view.standing != Standing::Fresh && !left_out,
            under_way: asks || matches!(view.standing, Standing::InFlight | Standing::Resting),
            asks,
        }
    }

    /// Of two subtrees together.
    fn and(self, other: Self) -> Self {
        Self {
            passed: self.passed && other.passed,
            started: self.started || other.started,
            under_way: self.under_way || other.under_way,
            asks: self.asks || other.asks,
        }
    }
}
