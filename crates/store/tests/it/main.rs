//! Tests of the store from outside: both backends by one suite, the writer, files, faults.

mod conformance;
mod crash;
mod differential;
mod disk_faults;
mod files;
mod poison;
mod workload;
mod writer;
