//! What the gateway itself puts on record: what exactly was started, and with which settings.

mod deployment;
pub mod vcs;

pub use deployment::{config_digest, deployment, module_revision};
