//! Scopes: what a token allows, and what a method needs.

mod catalogue;
mod grants;

pub use catalogue::{Scope, ScopeSet, Scopes};
pub use grants::{Grants, is_known};

#[cfg(test)]
mod tests;
