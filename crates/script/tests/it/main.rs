//! The module host from outside: modules on disk, driven through the `Workflow` trait.

mod driver;
mod limits;
mod probes;
mod zod;
