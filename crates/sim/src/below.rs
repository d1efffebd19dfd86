//! Runs of runs: what a task that stands for a run of its own finds below it, and what must hold of that.

use smithers_model::rows::RunRows;
use smithers_model::run::RunStatus;
use smithers_store::Reader;

use crate::people::run_id;
use crate::plan::{End, Leaf, Part, RunPlan};
use crate::waits::Wait;
use crate::workflow::leaf_of;

/// More children than any run of a plan has.
const ALL: usize = 1_000;
/// Task of a child that gives its row.
pub(crate) const RESULT: u32 = 2;

/// What a child does before it gives its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// Nothing.
    Works,
    /// It fails once.
    Stumbles,
    /// It sleeps so many milliseconds.
    Sleeps(u64),
    /// It waits so many milliseconds for a signal that nobody sends.
    Listens(u64),
}

impl Below {
    /// The run of a child.
    pub(crate) fn plan(self) -> RunPlan {
        let (before, work) = match self {
            Self::Works => (Leaf::Skipped, Leaf::Compute),
            Self::Stumbles => (Leaf::Skipped, Leaf::Flaky(1)),
            Self::Sleeps(ms) => (Leaf::Waits(Wait::Timer(ms)), Leaf::Compute),
            Self::Listens(ms) => (Leaf::Waits(Wait::left_alone(ms)), Leaf::Compute),
        };
        RunPlan {
            root: Part::Seq(vec![Part::Leaf(1, before), Part::Leaf(RESULT, work)]),
            end: End::Well,
            launch_at: 0,
            pause: None,
            travels: Vec::new(),
        }
    }
}

/// What a child does, by the task that it stands for.
pub(crate) fn plan_of(parent: &RunPlan, node: &str) -> Option<RunPlan> {
    match leaf_of(&parent.root, node)? {
        Leaf::Runs(below) => Some(RunPlan {
            // It begins again when its task does.
            travels: parent.travels.clone(),
            ..below.plan()
        }),
        _ => None,
    }
}

/// The children of run `index` with what they do.
///
/// # Errors
/// There is one that nobody has planned.
pub(crate) fn children(
    reader: &dyn Reader,
    index: usize,
    parent: &RunPlan,
) -> Result<Vec<(RunPlan, RunRows)>, String> {
    let found = reader.children(&run_id(index), ALL).unwrap_or_default();
    let with_plan = found.into_iter().map(|child| {
        let node = child.as_str().split(':').nth(2).unwrap_or_default();
        let rows = reader.load_run(&child).ok().flatten();
        let planned = plan_of(parent, node).zip(rows);
        planned.ok_or_else(|| format!("nobody has planned run {child}"))
    });
    with_plan.collect()
}

/// A child of a run that has ended has ended too; one of a run that ended well has ended well.
pub(crate) fn check_end(parent: RunStatus, child: &RunRows) -> Result<(), String> {
    let (run, status) = (&child.row.run_id, child.row.status);
    match (parent, status) {
        (_, RunStatus::Finished) => Ok(()),
        (RunStatus::Finished, _) => Err(format!("{run} is {status:?} below a run that finished")),
        (_, status) if status.is_terminal() => Ok(()),
        _ => Err(format!("{run} goes on although its parent has ended")),
    }
}
