//! What is examined: one deployment, as its configuration describes it.

use std::cell::OnceCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use smithers_model::Timestamp;
use smithers_store::ops::{self, Depth};

use crate::config::Config;

/// A deployment to examine.
#[derive(Debug)]
pub struct Site<'a> {
    /// The configuration, as the gateway of this deployment reads it.
    pub config: &'a Config,
    /// The time of the examination.
    pub now: Timestamp,
    /// Whether to read everything that is stored instead of a sample.
    pub is_thorough: bool,
    /// What the examination of the database found; several checks tell parts of it.
    database_report: OnceCell<Result<ops::Report, ops::Error>>,
}

impl<'a> Site<'a> {
    /// Takes the deployment that `config` describes.
    pub fn new(config: &'a Config, now: Timestamp, is_thorough: bool) -> Self {
        Self {
            config,
            now,
            is_thorough,
            database_report: OnceCell::new(),
        }
    }

    /// Examines the database, once: every page is read, which takes as long as the file is large.
    pub(super) fn database_report(&self) -> Result<&ops::Report, &ops::Error> {
        let examine = || {
            let depth = match self.is_thorough {
                true => Depth::Full,
                false => Depth::Quick,
            };
            ops::check(self.database(), depth, &mut |_| {})
        };
        self.database_report.get_or_init(examine).as_ref()
    }

    /// Returns the database file.
    pub fn database(&self) -> &Path {
        &self.config.storage.db_path
    }

    /// Returns where the gateway is reached on this machine.
    pub fn address(&self) -> SocketAddr {
        let listen = self.config.listen.address();
        match listen.ip().is_unspecified() {
            true => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port()),
            false => listen,
        }
    }

    /// Returns how long ago `at_ms` was, in milliseconds; 0 for a time that has not come.
    pub(super) fn age_ms(&self, at_ms: i64) -> u64 {
        u64::try_from(self.now.0.saturating_sub(at_ms)).unwrap_or(0)
    }
}
