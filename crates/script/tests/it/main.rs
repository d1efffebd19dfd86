//! The module host from outside: modules on disk, driven through the `Workflow` trait.

mod driver;
mod probes;
