//! How the command ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::FAILED;
use crate::cli::error::CliError;

/// What shells add to the number of the signal that ended a command.
const SIGNALLED: i32 = 128;

/// The end of the command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome(pub ExitStatus);

impl Outcome {
    /// Exit status of a command that could not be started.
    pub(super) const NOT_STARTED: i32 = 1;

    pub(super) fn is_success(&self) -> bool {
        self.0.success()
    }

    /// Returns the status as a shell would.
    pub(super) fn exit_status(&self) -> i32 {
        let by_signal = || SIGNALLED + self.0.signal().unwrap_or_default();
        self.0.code().unwrap_or_else(by_signal)
    }

    /// Tells the end of a command that did not succeed.
    pub(super) fn to_error(self) -> CliError {
        let status = self.exit_status();
        let message = match self.0.signal() {
            Some(signal) => format!("the command was ended by signal {signal}"),
            None => format!("the command exited with status {status}"),
        };
        let exit = u8::try_from(status).unwrap_or(crate::cli::error::FAILED);
        CliError::new(FAILED, message).exit(exit)
    }
}
