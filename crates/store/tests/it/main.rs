//! Tests of the store from outside: both backends by one suite, the writer, files, faults.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, as tests do"
)]

mod backups;
mod conformance;
mod crash;
mod defects;
mod deletion;
mod differential;
mod disk_faults;
mod files;
mod heartbeat;
mod poison;
mod workload;
mod writer;
