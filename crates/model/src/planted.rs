//! Bugs that the simulation plants to prove that it would find them. Without the feature `planted`, which nothing
//! that is shipped has, [`planted`] is a constant false and all of this is gone.

/// A bug, named after what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// A step of which nobody knows whether it was stored is told as committed.
    UnknownToldAsCommitted = 1,
    /// A result of an attempt that was replaced counts.
    LateResultAccepted,
    /// A result that comes a second time counts again.
    DuplicateResultAccepted,
    /// Failures do not use up the attempts of a task.
    RetryNotCounted,
    /// The last attempt that a task may have is not made.
    RetryLost,
    /// The next attempt does not wait for its time.
    RetryEarly,
    /// A run that is read back has no rows of its tasks.
    ReloadForgetsOutputs,
    /// A run that is read back asks its questions again.
    ReloadForgetsApprovals,
    /// A run that is read back does not know its attempts.
    ReloadForgetsAttempts,
    /// A start takes up nothing that was running.
    CrashLosesRuns,
    /// A run numbers its events from one that is not free when it is read back.
    NumberSkipped,
    /// A run that is read back has no signals.
    ReloadForgetsSignals,
    /// A run that is read back waits for nothing.
    ReloadForgetsWaits,
    /// A node takes signals of its name that are meant for others.
    CorrelationIgnored,
    /// A wait that ends by itself is over as soon as somebody looks.
    WaitEndsEarly,
    /// Who says nothing in time has said yes.
    SilenceApproves,
    /// A socket is told of what its greeting shows already.
    GreetedTwice,
    /// A task does not wait for those that it names.
    DependencyIgnored,
    /// The last pass that a loop may have is not made.
    LoopStopsEarly,
    /// A run counts as paused while something is under way in it.
    PausedTooSoon,
    /// Compensations run in the order of their actions.
    CompensatesForwards,
    /// What is to follow in any case does not follow a failure.
    FinallyForgotten,
    /// A cancelled run undoes nothing.
    CancelUndoesNothing,
    /// A run that is taken back keeps the rows of what came later.
    RewindKeepsRows,
    /// A run that is taken back has its loops where they were.
    RewindKeepsLoops,
    /// A kept result is used when its time is over.
    KeptTooLong,
    /// Who needs a result that another is making does not wait for it.
    TurnNotAwaited,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 27] = [
        Self::UnknownToldAsCommitted,
        Self::LateResultAccepted,
        Self::DuplicateResultAccepted,
        Self::RetryNotCounted,
        Self::RetryLost,
        Self::RetryEarly,
        Self::ReloadForgetsOutputs,
        Self::ReloadForgetsApprovals,
        Self::ReloadForgetsAttempts,
        Self::CrashLosesRuns,
        Self::NumberSkipped,
        Self::ReloadForgetsSignals,
        Self::ReloadForgetsWaits,
        Self::CorrelationIgnored,
        Self::WaitEndsEarly,
        Self::SilenceApproves,
        Self::GreetedTwice,
        Self::DependencyIgnored,
        Self::LoopStopsEarly,
        Self::PausedTooSoon,
        Self::CompensatesForwards,
        Self::FinallyForgotten,
        Self::CancelUndoesNothing,
        Self::RewindKeepsRows,
        Self::RewindKeepsLoops,
        Self::KeptTooLong,
        Self::TurnNotAwaited,
    ];
}

/// Returns whether `bug` is to show.
#[cfg(not(feature = "planted"))]
#[inline]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted")]
pub use switched::{plant, planted};

#[cfg(feature = "planted")]
mod switched {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Bug;

    /// The bug of this process; 0 is none.
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Returns whether `bug` is to show.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u8
    }

    /// Plants `bug` in this process, in place of the one before.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(0, |bug| bug as u8), Ordering::Relaxed);
    }
}
