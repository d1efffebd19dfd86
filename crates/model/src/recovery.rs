//! Elements that say what follows from a failure: sagas and try blocks (workflow-model 3.7, 3.8).
//!
//! Each holds regions, and each region its parts, which come one after another. Of a saga, part `n` of the
//! compensations undoes part `n` of the actions.

/// A saga as rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaSpec {
    /// Identity in the frame.
    pub id: String,
    /// What follows from an action that fails.
    pub on_failure: OnFailure,
    /// What is undone when the run is cancelled; none when nothing is.
    pub on_cancel: Option<CancelSpec>,
}

/// How a saga is undone when its run is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelSpec {
    /// How long all of that may take from the request on, milliseconds.
    pub limit_ms: u64,
}

/// What a saga does when one of its actions fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Undoes the actions before it; the workflow goes on.
    #[default]
    Compensate,
    /// Undoes the actions before it, then fails.
    CompensateAndFail,
    /// Fails.
    Fail,
}

/// A try block as rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrySpec {
    /// Identity in the frame.
    pub id: String,
    /// Codes of the failures that are caught; all are when there is none.
    pub catch_errors: Vec<String>,
}

/// A part of a saga or try block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// What a saga does.
    Actions,
    /// What undoes it.
    Compensations,
    /// What may fail.
    Try,
    /// What follows from a failure.
    Catch,
    /// What follows in any case.
    Finally,
}

impl Region {
    /// Its host tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Actions => "smithers:saga-actions",
            Self::Compensations => "smithers:saga-compensations",
            Self::Try => "smithers:tcf-try",
            Self::Catch => "smithers:tcf-catch",
            Self::Finally => "smithers:tcf-finally",
        }
    }

    /// A failure in it is dealt with by the element around it.
    pub fn is_guarded(self) -> bool {
        matches!(self, Self::Actions | Self::Try | Self::Catch)
    }
}
