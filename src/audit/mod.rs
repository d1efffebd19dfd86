//! What the gateway itself puts on record (what exactly was started, with which settings), and the copies of the trail.
//!
//! ```text
//! _smithers_audit ──Copier──► SMITHERS_AUDIT_SINK (lines of JSON)
//!                      └────► .audit-checkpoints.jsonl (signed ends)
//! ```

mod access;
pub mod checkpoint;
mod copier;
mod deployment;
pub mod journal;
pub mod vcs;
pub mod verify;

pub use access::{AccessTrail, TrailKeeper};
pub use copier::{Copier, CopierOptions};
pub use deployment::{BUILD_COMMIT, config_digest, deployment, module_revision};
