//! How many tasks of a run are in flight at most (workflow-model 7.10).

use crate::frame::Frame;
use crate::state::RunState;

/// Cap of a run that names none and states no limits, unless the operator names one.
pub const CONCURRENCY_CEILING: u32 = 16;
/// What no ceiling goes below.
const LEAST: u32 = 4;

/// The cap on tasks in flight. Tasks that run inside a step take none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cap {
    /// The launch named it.
    Pinned(usize),
    /// As many as are asked for, up to a ceiling or to the widest limit that the workflow states.
    ByDemand {
        /// The ceiling.
        ceiling: u32,
    },
}

impl RunState {
    /// Sets how many tasks may be in flight when neither the launch nor the workflow says more; at least 4.
    #[must_use]
    pub fn with_ceiling(mut self, ceiling: u32) -> Self {
        if let Cap::ByDemand { .. } = self.cap {
            let ceiling = ceiling.max(LEAST);
            self.cap = Cap::ByDemand { ceiling };
        }
        self
    }
}

impl Cap {
    /// The cap of a run that was launched with `named`.
    pub(crate) fn of(named: Option<u32>) -> Self {
        let ceiling = CONCURRENCY_CEILING;
        named.map_or(Self::ByDemand { ceiling }, |named| {
            Self::Pinned(named.max(1) as usize)
        })
    }

    /// How many tasks of `frame` may be in flight.
    pub(crate) fn slots(self, frame: &Frame) -> usize {
        match self {
            Self::Pinned(cap) => cap,
            Self::ByDemand { ceiling } => ceiling.max(frame.widest) as usize,
        }
    }
}
