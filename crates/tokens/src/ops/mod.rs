//! What can be done with a store, one file each.

mod hashed;
mod issue;
mod list;
mod mint;
mod open;
mod prune;
mod revoke;
mod rotate;
mod upgrade;

pub use issue::{Issue, Issued, NewGrant, NewHandle, StoreFormat};
pub use list::{GrantInfo, HandleInfo};
pub use mint::Mint;
pub(crate) use mint::excess;
pub use open::{Authorised, Use};
pub use prune::Pruned;
pub use revoke::{Revocation, Revoked, Target};
pub use rotate::{Rotate, Rotated};
pub use upgrade::Upgraded;
