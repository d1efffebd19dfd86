//! No image of a process that deals with bearers ever reaches a disk.

use anyhow::Context;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Switches core dumps off, for this process and those that it starts, and keeps other processes of the user out of its
/// memory.
pub(super) fn process() -> anyhow::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).context("failed to switch core dumps off")?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .context("failed to switch core dumps off")?;
    Ok(())
}
