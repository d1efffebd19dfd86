//! Where the elements of a frame stand, and the board that is kept of it.

use std::sync::Arc;

use smithers_model::loops::LoopState;
use smithers_model::tree::{Kind, LoopSpec, TaskBody, TaskSpec};
use smithers_model::wait::{OnTimeout, WaitKind};
use smithers_model::{LoopId, NodeKey, Timestamp};

use crate::board::Board;
use crate::frame::Frame;
use crate::lifecycle::TaskStatus;
use crate::state::RunState;
use crate::view::{LoopView, Standing, TaskView, View};

/// Tasks of the largest frame whose board a build for debugging holds against one made anew.
const MOST_CHECKED: usize = 100;

/// The board of a frame, and what has changed since it was looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings {
    placed: Option<(Arc<Frame>, Board)>,
    /// The latest time that a board was brought up to: what has become due stays so when the clock is set back.
    latest: Timestamp,
    nodes: Vec<NodeKey>,
    loops: Vec<LoopId>,
}

impl Standings {
    /// Notes that a node has moved.
    pub(crate) fn touch(&mut self, node: &NodeKey) {
        if self.placed.is_some() {
            self.nodes.push(node.clone());
        }
    }

    /// The tasks of `frame` of which is known that they are done, without asking for each.
    pub(crate) fn done_in(&self, frame: &Frame) -> Done<'_> {
        let placed = self.placed.as_ref();
        let board = placed.filter(|(of, _)| of.has_layout_of(frame));
        let moved = self.nodes.iter();
        Done {
            views: board.map_or(&[], |(_, board)| board.views()),
            moved: moved.filter_map(|node| frame.index_of(node)).collect(),
        }
    }

    /// Notes that a loop has moved.
    pub(crate) fn touch_loop(&mut self, id: &LoopId) {
        if self.placed.is_some() {
            self.loops.push(id.clone());
        }
    }
}

/// Tasks that are done, as the board has them, but for those that have moved since.
#[derive(Debug)]
pub(crate) struct Done<'a> {
    views: &'a [View],
    moved: Vec<usize>,
}

impl Done<'_> {
    /// Whether the task at element `index` is done for certain.
    pub(crate) fn has(&self, index: usize) -> bool {
        let is_done = self.views.get(index).is_some_and(View::is_done);
        is_done && !self.moved.contains(&index)
    }
}

impl RunState {
    /// The board of the newest frame, as everything stands `now`.
    pub(crate) fn board_of(&mut self, frame: &Arc<Frame>, now: Timestamp) -> &Board {
        let now = now.max(self.standings.latest);
        self.standings.latest = now;
        let nodes = std::mem::take(&mut self.standings.nodes);
        let loops = std::mem::take(&mut self.standings.loops);
        let kept = self.standings.placed.take();
        let fitting = kept.and_then(|(of, mut board)| {
            let fits = of.has_tree_of(frame) || self.refit(&mut board, &of, frame, now);
            fits.then_some(board)
        });
        let board = match fitting {
            Some(mut board) => {
                self.bring_up(&mut board, frame, (&nodes, &loops), now);
                board
            }
            None => Board::new(frame, self.views(frame, now)),
        };
        debug_assert!(
            frame.tasks().len() > MOST_CHECKED
                || board == Board::new(frame, self.views(frame, now)),
            "{board:?}"
        );
        let (_, board) = self.standings.placed.insert((Arc::clone(frame), board));
        board
    }

    /// Brings a board up to date with what has changed and what time has passed.
    fn bring_up(
        &self,
        board: &mut Board,
        frame: &Frame,
        (nodes, loops): (&[NodeKey], &[LoopId]),
        now: Timestamp,
    ) {
        let moved = nodes.iter().filter_map(|node| frame.index_of(node));
        for index in moved.chain(loops.iter().filter_map(|id| frame.index_of_loop(id))) {
            let view = self.view(frame, index, now);
            board.set(frame, index, view);
        }
        while let Some(index) = board.due(now) {
            let view = self.view(frame, index, now);
            board.set(frame, index, view);
        }
    }

    /// Makes the board of frame `of` that of one laid out alike. Returns false when it has to be made anew.
    fn refit(&self, board: &mut Board, of: &Frame, frame: &Frame, now: Timestamp) -> bool {
        if !of.has_layout_of(frame) {
            return false;
        }
        for &index in frame.tasks() {
            let (before, task) = (of.task(index), frame.task(index));
            if before.depends_on != task.depends_on {
                return false;
            }
            if !stands_alike(before, task) {
                board.set(frame, index, self.view(frame, index, now));
            }
        }
        true
    }

    fn views(&self, frame: &Frame, now: Timestamp) -> Vec<View> {
        let size = frame.tree.elements().len();
        (0..size)
            .map(|index| self.view(frame, index, now))
            .collect()
    }

    fn view(&self, frame: &Frame, index: usize, now: Timestamp) -> View {
        match &frame.tree.elements()[index].kind {
            Kind::Task(task) => {
                let mut view = self.task_view(task, now);
                if frame.guards.of(index).is_some() {
                    view.standing = self.guarded(frame, task, view.standing);
                }
                View::Task(view)
            }
            Kind::Loop(spec) => View::Loop(self.loop_view(spec)),
            Kind::ContinueAsNew { .. } => View::Handover,
            _ => View::Other,
        }
    }

    fn loop_view(&self, spec: &LoopSpec) -> LoopView {
        let row = self.loops.get(&spec.id);
        LoopView {
            ended: row.is_some_and(|row| row.state != LoopState::Going),
            begun: row.is_some_and(|row| row.iteration > 0),
        }
    }

    fn task_view(&self, task: &TaskSpec, now: Timestamp) -> TaskView {
        let asks = task.approval.is_some() && !self.approvals.contains_key(&task.node);
        TaskView {
            standing: self.standing(task, now),
            weightless: task.skip_if || asks || only_waits(task),
            left_out: task.skip_if,
            worked: self.has_finished(task),
        }
    }

    fn has_finished(&self, task: &TaskSpec) -> bool {
        let node = self.nodes.get(&task.node);
        node.is_some_and(|node| node.status == TaskStatus::Finished)
    }

    /// How a task stands inside a saga or try block, which deals with every failure: also with one that the task
    /// itself allows. Only a wait whose author says what follows when it is over has not failed then.
    fn guarded(&self, frame: &Frame, task: &TaskSpec, standing: Standing) -> Standing {
        let status = self.nodes.get(&task.node).map(|node| node.status);
        match status {
            Some(TaskStatus::Failed) if !goes_on_without_signal(task) => Standing::Caught {
                code: self.code_of(frame, &task.node),
            },
            Some(TaskStatus::Cancelled) => Standing::Caught { code: None },
            _ => standing,
        }
    }

    /// The code of a failure, as a number among those that try blocks name.
    fn code_of(&self, frame: &Frame, node: &NodeKey) -> Option<usize> {
        let code = self.cause_of(node)?.code?;
        frame.guards.number_of(&code)
    }

    fn standing(&self, task: &TaskSpec, now: Timestamp) -> Standing {
        let Some(node) = self.nodes.get(&task.node) else {
            return Standing::Fresh;
        };
        let passable = |kind| match (kind, &task.body) {
            (WaitKind::Event, TaskBody::Event(spec)) => spec.wait_async,
            (WaitKind::Approval, _) => {
                let spec = task.approval.as_ref();
                spec.is_some_and(|spec| spec.request.wait_async)
            }
            _ => false,
        };
        match node.status {
            TaskStatus::Pending => {
                let touched = node.last_attempt > 0 || self.approvals.contains_key(&task.node);
                if touched {
                    Standing::Ready
                } else {
                    Standing::Fresh
                }
            }
            TaskStatus::Backoff { due } if due <= now => Standing::Ready,
            TaskStatus::Backoff { due } => Standing::Resting { due },
            TaskStatus::Waiting(WaitKind::Event) if self.inbox.has_taken(&task.node) => {
                Standing::Ready
            }
            TaskStatus::Waiting(kind @ (WaitKind::Bound | WaitKind::Stale))
                if task.skip_if || self.bound_by(task) != Some(kind) =>
            {
                Standing::Ready
            }
            TaskStatus::Waiting(kind) => Standing::Waiting {
                passable: passable(kind),
            },
            TaskStatus::ChildWaits(_) => Standing::Waiting { passable: false },
            TaskStatus::Running { .. } => Standing::InFlight,
            TaskStatus::Failed if task.continue_on_fail => Standing::Done,
            TaskStatus::Failed if task.quarantine => Standing::Apart,
            TaskStatus::Failed => Standing::Broken,
            TaskStatus::Finished | TaskStatus::Skipped | TaskStatus::Cancelled => Standing::Done,
        }
    }
}

/// Whether all that a task does is to wait.
pub(crate) fn only_waits(task: &TaskSpec) -> bool {
    matches!(task.body, TaskBody::Timer(_) | TaskBody::Event(_))
}

/// Whether a task waits for a signal, and its author says what follows when none comes.
fn goes_on_without_signal(task: &TaskSpec) -> bool {
    matches!(&task.body, TaskBody::Event(spec) if spec.on_timeout != OnTimeout::Fail)
}

/// Whether two renderings of a task are in the same standing, whatever that is.
fn stands_alike(one: &TaskSpec, other: &TaskSpec) -> bool {
    let waits = |task: &TaskSpec| match (&task.approval, &task.body) {
        (Some(approval), _) => Some(approval.request.wait_async),
        (None, TaskBody::Event(spec)) => Some(spec.wait_async),
        (None, _) => None,
    };
    one.skip_if == other.skip_if
        && one.continue_on_fail == other.continue_on_fail
        && one.quarantine == other.quarantine
        && waits(one) == waits(other)
        && only_waits(one) == only_waits(other)
}
