//! How far a saga or try block has come, told from how far its parts have (workflow-model 7.7, 7.8).
//!
//! Nothing of it is stored: the rows of the nodes say which task failed and which are undone, so a run that is read
//! back goes on in the middle of a compensation.

use smithers_model::planted::{Bug, planted};
use smithers_model::tree::OnFailure;

use crate::view::Summary;

/// How far a saga or try block has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// The part at this element index goes on.
    Going(usize),
    /// A failure stops it: nothing starts, what is under way comes to its end.
    Stopping,
    /// It is over, and what comes after it may start.
    Passed,
    /// It is over as if it had done nothing.
    Undone,
    /// It fails itself.
    Failed,
}

/// A part and how it stands.
pub(crate) type Part = Option<(usize, Summary)>;

/// What decides about a try block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TryParts {
    pub(crate) tried: Part,
    pub(crate) caught: Part,
    pub(crate) finally: Part,
    /// A failure of what was tried is one of those that are caught.
    pub(crate) is_armed: bool,
}

impl TryParts {
    /// How far the try block has come.
    pub(crate) fn course(self) -> Course {
        if failed(self.finally) {
            return Course::Failed;
        }
        if !failed(self.tried) {
            return going(self.tried).unwrap_or_else(|| self.end(Course::Passed));
        }
        if engaged(self.tried) {
            return Course::Stopping;
        }
        if planted(Bug::FinallyForgotten) && going(self.caught).is_none() {
            return Course::Passed;
        }
        if !self.is_armed {
            return self.end(Course::Failed);
        }
        match failed(self.caught) {
            true if engaged(self.caught) => Course::Stopping,
            true => self.end(Course::Failed),
            false => going(self.caught).unwrap_or_else(|| self.end(Course::Passed)),
        }
    }

    /// What follows in any case, then `outcome`.
    fn end(self, outcome: Course) -> Course {
        going(self.finally).unwrap_or(outcome)
    }
}

/// What decides about a saga.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SagaParts {
    pub(crate) actions: Part,
    pub(crate) compensations: Part,
    /// The compensation that is next once an action has failed.
    pub(crate) next: Option<usize>,
    pub(crate) on_failure: OnFailure,
}

impl SagaParts {
    /// How far the saga has come.
    pub(crate) fn course(self) -> Course {
        if failed(self.compensations) {
            return Course::Failed;
        }
        if !failed(self.actions) {
            return going(self.actions).unwrap_or(Course::Passed);
        }
        if engaged(self.actions) {
            return Course::Stopping;
        }
        match (self.on_failure, self.next) {
            (OnFailure::Fail, _) | (OnFailure::CompensateAndFail, None) => Course::Failed,
            (_, Some(next)) => Course::Going(next),
            (OnFailure::Compensate, None) => Course::Undone,
        }
    }
}

impl Course {
    /// A saga or try block from outside; `children` is what its parts come to together.
    pub(crate) fn summary(self, children: Summary) -> Summary {
        Summary {
            passed: matches!(self, Self::Passed | Self::Undone),
            failed: self == Self::Failed,
            worked: children.worked && self != Self::Undone,
            ..children
        }
    }
}

fn failed(part: Part) -> bool {
    part.is_some_and(|(_, summary)| summary.failed)
}

fn engaged(part: Part) -> bool {
    part.is_some_and(|(_, summary)| summary.engaged)
}

/// The part, when it holds up what comes after it.
fn going(part: Part) -> Option<Course> {
    let (index, _) = part.filter(|(_, summary)| !summary.passed)?;
    Some(Course::Going(index))
}
