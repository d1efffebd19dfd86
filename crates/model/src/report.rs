//! Reports: what the body of a task tells while it runs, before it gives its result.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::RawJson;
use crate::agent::AgentReport;

/// Where a task writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputStream {
    /// What it does.
    Stdout,
    /// What went wrong.
    Stderr,
}

impl OutputStream {
    /// Both, in the order in which they are stored.
    pub const ALL: [Self; 2] = [Self::Stdout, Self::Stderr];

    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Something that a body tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It wrote something. Pieces of one stream follow each other; they may be cut and joined anywhere.
    Output {
        /// Where to.
        stream: OutputStream,
        /// What; need not end with a line.
        text: String,
    },
    /// It is alive.
    Heartbeat {
        /// What it wants the next attempt to know, should there be one; at most 1 MB.
        data: Option<RawJson>,
    },
    /// An agent tells of its work.
    Agent(Box<AgentReport>),
    /// More was written than is kept. Said once for an attempt, by whoever bounds its output, never by a body.
    Truncated {
        /// Where the piece was written to that did not fit.
        stream: OutputStream,
        /// The bound, in bytes.
        limit: u64,
    },
}

/// Takes the reports of one attempt. Cheap to clone; never blocks, and never fails: what comes after the end of
/// the attempt, or beyond what may be kept of it, is dropped.
#[derive(Clone)]
pub struct Reporter(Arc<dyn Fn(Report) + Send + Sync>);

impl Reporter {
    /// Hands every report to `take`, which must neither block nor panic.
    pub fn new(take: impl Fn(Report) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Drops every report.
    pub fn deaf() -> Self {
        Self::new(|_| ())
    }

    /// Reports something.
    pub fn report(&self, report: Report) {
        (self.0)(report);
    }

    /// Reports that the body wrote `text`.
    pub fn output(&self, stream: OutputStream, text: impl Into<String>) {
        let text = text.into();
        self.report(Report::Output { stream, text });
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reporter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_word_of_a_stream_is_that_of_the_wire() {
        for stream in OutputStream::ALL {
            let stored = serde_json::to_value(stream).unwrap();
            assert_eq!(stored, stream.as_str());
        }
    }
}
