//! The access log: one line for each request, over HTTP and over sockets (operations 5).
//!
//! ```text
//! edge, sessions ──line──► bounded queue ──► thread ──► file, moved aside by size and by day
//!                     └──► log target `smithers::access`, when no file is configured
//! ```
//!
//! Handlers [`note`] what they find out about a request; the edge writes the line when the answer has ended.

mod file;
mod frames;
mod line;
mod noted;
mod thread;

use std::io;
use std::sync::Arc;

use smithers_model::time::Clock;
use tracing::{Level, field};

pub use frames::{FrameLog, launched};
pub(crate) use line::milliseconds;
pub use line::{Line, Particulars};
pub use noted::{Noted, Outcome, note};

use crate::config::AccessLogging;
use file::Rules;
use thread::Writer;

/// Target of lines in the log of the process.
const TARGET: &str = "smithers::access";

/// Where lines go; clones share it. The default is the log of the process.
#[derive(Debug, Clone, Default)]
pub struct AccessLog(Option<Arc<Writer>>);

impl AccessLog {
    /// Opens the file of the configuration, if there is one.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(config: &AccessLogging, clock: Arc<dyn Clock>) -> io::Result<AccessLog> {
        let Some(path) = &config.path else {
            return Ok(AccessLog::default());
        };
        let rules = Rules {
            max_bytes: config.max_bytes,
            keep_days: config.keep_days,
        };
        Ok(AccessLog(Some(Arc::new(Writer::start(
            path, rules, clock,
        )?))))
    }

    /// Returns whether lines go anywhere, so that nobody makes one for nothing.
    pub fn is_read(&self) -> bool {
        self.0.is_some() || tracing::enabled!(target: TARGET, Level::INFO)
    }

    /// Writes a line. Never waits: a line that finds no place is dropped and counted.
    pub fn write(&self, line: Line) {
        match &self.0 {
            Some(writer) => writer.write(line),
            None => trace(&line),
        }
    }

    /// Opens the file again, in case somebody has moved it.
    pub fn reopen(&self) {
        if let Some(writer) = &self.0 {
            writer.reopen();
        }
    }

    /// Waits until what was written so far is in the file, for about two seconds at most.
    pub fn close(&self) {
        if let Some(writer) = &self.0 {
            writer.close();
        }
    }
}

/// Writes a line to the log of the process.
fn trace(line: &Line) {
    let particulars = &line.particulars;
    tracing::info!(
        target: TARGET,
        transport = line.transport,
        method = line.method.map(field::display),
        path = line.path.as_deref().map(field::display),
        route = line.route.as_deref().map(field::display),
        rpc.method = line.rpc_method.map(field::display),
        status = line.status,
        outcome = line.outcome.map(field::display),
        duration_ms = line.duration_ms,
        bytes = line.bytes,
        request.id = %line.request_id,
        connection.id = line.connection_id.as_deref().map(field::display),
        remote = line.remote.map(field::display),
        token.id = particulars.token_id.as_deref().map(field::display),
        user.id = particulars.user_id.as_deref().map(field::display),
        run.id = particulars.run_id.as_deref().map(field::display),
        "request served"
    );
}
