//! What a list of cases came to: printed as it goes, summed at the end.

use std::future::Future;
use std::time::Instant;

use anyhow::{Error, Result, anyhow};

use crate::console;

/// The outcome of one suite.
#[derive(Debug)]
pub(crate) struct Report {
    suite: &'static str,
    passed: usize,
    failed: Vec<String>,
    skipped: usize,
}

impl Report {
    /// Starts the report of `suite`.
    pub(crate) fn new(suite: &'static str) -> Self {
        console::heading(suite);
        Self {
            suite,
            passed: 0,
            failed: Vec::new(),
            skipped: 0,
        }
    }

    /// Makes the report of a suite that could not be started.
    pub(crate) fn broken(suite: &'static str, error: &Error) -> Self {
        console::line(&format!("  FAIL  {suite}\n    {error:#}"));
        Self {
            suite,
            passed: 0,
            failed: vec![suite.to_owned()],
            skipped: 0,
        }
    }

    /// Runs one case and prints how it went.
    pub(crate) async fn case(&mut self, name: &str, case: impl Future<Output = Result<()>>) {
        let start = Instant::now();
        let outcome = case.await;
        let seconds = start.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => {
                self.passed += 1;
                console::line(&format!("  ok    {name} ({seconds:.1} s)"));
            }
            Err(error) => {
                self.failed.push(name.to_owned());
                console::line(&format!("  FAIL  {name} ({seconds:.1} s)\n    {error:#}"));
            }
        }
    }

    /// Counts and prints a case that cannot be run here, with the reason.
    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        self.skipped += 1;
        console::line(&format!("  skip  {name}\n    skipped: {reason}"));
    }

    /// Adds the cases of another program that reported its own.
    pub(crate) fn add(&mut self, passed: usize, failed: impl IntoIterator<Item = String>) {
        self.passed += passed;
        self.failed.extend(failed);
    }

    /// Returns how many cases passed.
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Returns how many cases failed.
    pub(crate) fn failed(&self) -> usize {
        self.failed.len()
    }

    /// Returns how many cases could not be run here.
    pub(crate) fn skipped(&self) -> usize {
        self.skipped
    }

    /// Prints the sum of the suite.
    pub(crate) fn print(&self) {
        let sum = sum(self.passed, self.failed.len(), self.skipped);
        console::line(&format!("{}: {sum}", self.suite));
        if !self.failed.is_empty() {
            console::line(&format!("  failed: {}", self.failed.join(", ")));
        }
    }
}

/// Writes counts in the form that all sums have; skipped cases are named when there are any.
pub(crate) fn sum(passed: usize, failed: usize, skipped: usize) -> String {
    match skipped {
        0 => format!("{passed} passed, {failed} failed"),
        skipped => format!("{passed} passed, {failed} failed, {skipped} skipped"),
    }
}

/// Adds the gateway's own log to the error of a case.
pub(crate) fn with_log<T>(outcome: Result<T>, log: &str) -> Result<T> {
    let indented: String = log.lines().map(|line| format!("\n      {line}")).collect();
    outcome.map_err(|error| anyhow!("{error:#}\n    end of the gateway's log:{indented}"))
}
