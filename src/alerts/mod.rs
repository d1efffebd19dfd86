//! Alerts: conditions that somebody should know of, looked for at intervals and told once (operations 9).
//!
//! ```text
//! store, files, counts --Watch--> Sight --rules--> Board --changes--> log, metrics
//! ```
//!
//! Rules are plain functions of a [`Sight`]; nothing here changes the gateway. Sending messages is the business of
//! whatever collects the log or the metrics.

mod board;
mod rules;
mod sight;
mod tally;
mod watch;

pub use board::{Board, Change};
pub use rules::{Firing, RULES, Rule, Severity, Thresholds};
pub use sight::{Sight, Waiting};
pub use tally::{Counts, TALLY, Tally};
pub use watch::{Sources, Watch};
