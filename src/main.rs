//! The `smithers` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    smithers::cli::run()
}
