//! How many tasks of a run are in flight at most (workflow-model 7.10).

use crate::frame::Frame;

/// Cap of a run that names none and states no limits.
const CEILING: usize = 16;

/// The cap on tasks in flight. Tasks that run inside a step take none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cap {
    /// The launch named it.
    Pinned(usize),
    /// As many as are asked for, up to a ceiling or to the widest limit that the workflow states.
    ByDemand,
}

impl Cap {
    /// The cap of a run that was launched with `named`.
    pub(crate) fn of(named: Option<u32>) -> Self {
        named.map_or(Self::ByDemand, |named| Self::Pinned(named.max(1) as usize))
    }

    /// How many tasks of `frame` may be in flight.
    pub(crate) fn slots(self, frame: &Frame) -> usize {
        match self {
            Self::Pinned(cap) => cap,
            Self::ByDemand => CEILING.max(frame.widest as usize),
        }
    }
}
