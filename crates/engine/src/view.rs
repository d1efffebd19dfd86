//! What deciding needs to know of the elements of a frame, and what it comes to (workflow-model 7.1, 7.2).

use smithers_model::Timestamp;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing has happened to it yet.
    Fresh,
    /// Can start, and has been started or asked about before.
    Ready,
    /// Its retry is due then.
    Resting {
        /// When it is ready.
        due: Timestamp,
    },
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
    /// Failed or cut off inside a saga or try block, which deals with that.
    Caught {
        /// Number of its code among those that try blocks of the frame name.
        code: Option<usize>,
    },
    /// Failed, and nothing handles the failure.
    Broken,
}

/// What is known of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskView {
    /// Where it stands.
    pub(crate) standing: Standing,
    /// To start it means to ask or to leave it out, which takes no slot of its group.
    pub(crate) weightless: bool,
    /// The workflow leaves it out: it never starts, whatever becomes of it.
    pub(crate) left_out: bool,
    /// It ended well.
    pub(crate) worked: bool,
}

/// What is known of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoopView {
    /// No pass follows, and nothing more of this one starts.
    pub(crate) ended: bool,
    /// It is not in its first pass.
    pub(crate) begun: bool,
}

/// What is known of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// A task.
    Task(TaskView),
    /// A loop.
    Loop(LoopView),
    /// Where the run is to go on as a new one.
    Handover,
    /// What is known from the tree alone.
    Other,
}

/// What can go on in a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Element indexes of the tasks that can start, highest priority first, else in document order.
    pub(crate) runnable: Vec<usize>,
    /// Element indexes of the loops whose body is over, in document order.
    pub(crate) ready: Vec<usize>,
    /// Element index of the first reached place where the run goes on as a new one.
    pub(crate) handover: Option<usize>,
    /// Every task is terminal or passed over.
    pub(crate) complete: bool,
    /// Element index of the first saga or try block that has failed, where nothing around it deals with that.
    pub(crate) fatal: Option<usize>,
    /// Element index of the first region that a failure stops while somebody is asked in it.
    pub(crate) halted: Option<usize>,
}

/// What a subtree looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Nothing in it holds up what comes after it.
    pub(crate) passed: bool,
    /// Something in it has been started.
    pub(crate) started: bool,
    /// Something in it goes on by itself: an attempt, a retry that is not due, a question.
    pub(crate) under_way: bool,
    /// Somebody is asked in it.
    pub(crate) asks: bool,
    /// A task in it failed, and what is around it has to deal with that.
    pub(crate) failed: bool,
    /// An attempt is under way in it, or somebody is asked.
    pub(crate) engaged: bool,
    /// A task in it ended well.
    pub(crate) worked: bool,
}

impl View {
    /// Where it stands, if it is a task.
    pub(crate) fn standing(&self) -> Option<Standing> {
        match self {
            Self::Task(view) => Some(view.standing),
            Self::Loop(_) | Self::Handover | Self::Other => None,
        }
    }

    /// Nothing more will happen to it by itself.
    pub(crate) fn is_over(&self) -> bool {
        matches!(
            self.standing(),
            None | Some(Standing::Done | Standing::Apart | Standing::Caught { .. })
        )
    }

    /// What depends on it may start.
    pub(crate) fn is_done(&self) -> bool {
        matches!(
            self.standing(),
            Some(Standing::Done | Standing::Caught { .. })
        )
    }

    /// It failed, and a saga or try block deals with that.
    pub(crate) fn is_caught(&self) -> bool {
        matches!(self.standing(), Some(Standing::Caught { .. }))
    }
}

impl TaskView {
    /// It could start if it were its turn.
    pub(crate) fn can_start(self) -> bool {
        matches!(self.standing, Standing::Fresh | Standing::Ready)
    }

    /// The task as a subtree. One that is left out has not been started.
    pub(crate) fn summary(self) -> Summary {
        let asks = matches!(self.standing, Standing::Waiting { .. });
        let goes_on = matches!(self.standing, Standing::InFlight | Standing::Resting { .. });
        Summary {
            passed: matches!(
                self.standing,
                Standing::Done
                    | Standing::Apart
                    | Standing::Caught { .. }
                    | Standing::Waiting { passable: true }
            ),
            started: self.standing != Standing::Fresh && !self.left_out,
            under_way: asks || goes_on,
            asks,
            failed: matches!(self.standing, Standing::Caught { .. }),
            engaged: asks || self.standing == Standing::InFlight,
            worked: self.worked,
        }
    }
}

impl Summary {
    /// Of a place where the run goes on as a new one: nothing comes after it in this run.
    pub(crate) const HANDOVER: Self = Self {
        passed: false,
        ..Self::EMPTY
    };

    /// Of an element without anything in it.
    pub(crate) const EMPTY: Self = Self {
        passed: true,
        started: false,
        under_way: false,
        asks: false,
        failed: false,
        engaged: false,
        worked: false,
    };

    /// It ended well, and not because it was left out.
    pub(crate) fn is_completed(self) -> bool {
        self.passed && self.worked && !self.failed
    }

    /// It goes on by itself and holds up what comes after it.
    pub(crate) fn is_busy(self) -> bool {
        self.under_way && !self.passed
    }

    /// In which turn a Parallel with few subtrees visits one: those under way, those begun, new ones.
    pub(crate) fn rank(self) -> usize {
        match self {
            Self {
                under_way: true, ..
            } => 0,
            Self { started: true, .. } => 1,
            _ => 2,
        }
    }
}
