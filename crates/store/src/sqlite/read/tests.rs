//! Under construction.
pub(super) fn record(_: &str) {}
