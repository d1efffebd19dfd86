//! Threads that look at the store beside the runs: the copy of the audit trail, and the watch for alerts.

use std::io;

use crate::alerts::{Sources, Thresholds, Watch};
use crate::audit::{Copier, CopierOptions};
use crate::config::Config;

/// The threads; dropping this ends them once they have seen what is there.
pub(super) struct Observers {
    _watch: Option<Watch>,
    _copier: Copier,
}

impl Observers {
    /// Starts what the configuration asks for.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub(super) fn start(config: &Config, sources: Sources) -> io::Result<Self> {
        let copier = Copier::start(CopierOptions {
            backend: sources.backend.clone(),
            database: sources.database.clone(),
            sink: config.audit.sink.clone(),
            checkpoint: config.audit.checkpoint,
            clock: sources.clock.clone(),
        })?;
        let alerts = &config.alerts;
        let thresholds = Thresholds {
            approval_warning: alerts.approval_warning,
            approval_critical: alerts.approval_critical,
            run_stale: alerts.run_stale,
            backup_age: alerts.backup_age,
            drill_age: alerts.drill_age,
        };
        let watch = |interval| Watch::start(sources, thresholds, interval);
        Ok(Self {
            _watch: alerts.interval.map(watch).transpose()?,
            _copier: copier,
        })
    }
}
