//! Methods: which names exist, what each needs, and whether this build serves it.

mod name;
mod resolve;
mod table;

pub use name::is_method_name;
pub use resolve::{MethodRef, resolve};
pub use table::{Availability, Method, Requirement, Transport};

#[cfg(test)]
mod tests;
