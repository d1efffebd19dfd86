//! Reading JSON text within bounds: one pass, no tree, no recursion.

mod scan;
mod text;
mod violation;

pub use scan::{Bounds, Kind, Scan, SyntaxError, scan};
pub use violation::Violation;

#[cfg(test)]
mod tests;
