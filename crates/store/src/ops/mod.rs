//! Work on a database file by commands of the operator: beside a running gateway, or without one.
//!
//! ```text
//! database ──copy──► snapshot ──inspect, check──► manifest        backup = folder {snapshot, manifest, files}
//!                                                     ▲                │
//! database ◄──rename── temporary file ◄──copy── verify┴────────────────┘
//! ```
//!
//! Reading never waits for a gateway and never stops it. Only [`restore()`] and [`migrate()`] take the owner's lock, and
//! so refuse a file on which a gateway runs.

pub mod audit;
mod backup;
mod cache;
mod catalogue;
mod check;
mod copy;
mod disk;
mod error;
mod files;
mod hash;
mod inspect;
mod longest;
mod manifest;
mod migrate;
mod module;
mod open;
mod progress;
mod reading;
mod replace;
mod restore;
mod settings;
mod status;
mod texts;
mod verify;

pub use backup::{Attachment, BackupOptions, CreatedBackup, backup};
pub use cache::clear_cache;
pub use catalogue::{ListedBackup, list};
pub use check::{Depth, Finding, Outcome, Report, check};
pub use copy::Method;
pub use disk::{FileSystem, file_system, free_percent};
pub use error::Error;
pub use inspect::{AuditHead, Contents, Sequences, inspect};
pub use longest::{LongestRun, longest_run};
pub use manifest::{IncludedFile, Manifest};
pub(crate) use migrate::keep_before;
pub use migrate::{Step, migrate, plan};
pub use progress::{Progress, Stage, Watcher};
pub use reading::reader;
pub use restore::{RestoreOptions, Restored, WaitingApproval, restore};
pub use settings::{Setting, settings};
pub use status::{OwnerRow, Status, status};
pub use texts::{TextPlace, texts};
pub use verify::{Verified, verify};
