//! The audit trail of a store: one JSON object a line, numbered, each with the hash of the line before it.
//!
//! Lines are only ever added. A record never holds a bearer, a handle or the text of a command.

mod append;
mod origin;
mod read;
mod record;

pub(crate) use append::append;
pub use origin::Origin;
pub use read::{Trail, read};
pub use record::Record;

use sha2::{Digest, Sha256};

/// What stands in the first line for the hash of the line before it.
const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn hash(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}
