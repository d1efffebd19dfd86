//! What tests need, of this crate and of those above it: steps to write, everything to read, faults on request.
//! Only with the feature `testkit`.

mod clock;
mod collect;
mod faulty;
mod reading;
mod rows;
mod scratch;
mod script;
mod vfs;

pub use clock::ManualClock;
pub use collect::{Collector, commit, commit_all, outcome_of};
pub use faulty::{FaultSwitch, FaultyStore, Moment};
pub use reading::Everything;
pub use rows::{
    approval, attempt, audit_record, counted_approval, custody, decision, definition, deployment,
    field, for_signal, frame, linked, node, output, owned_approval, repeated, scored, scoring,
    scoring_key, signal, table, tool_call, typed_definition, vote, wait,
};
pub use scratch::ScratchDb;
pub use script::RunScript;
pub use vfs::{DiskFault, FaultyDisk, Operation, Place};
