//! Frames of a run as trees for people who look inside (gateway-protocol 9), and what has changed from one to the next.
//!
//! Pure: a frame's stored texts and the states of its tasks go in, trees and changes come out.

mod change;
mod node;
mod props;
mod skeleton;

pub use change::{Change, changes};
pub use node::{Node, NodeType, Task};
pub use skeleton::{Known, Skeleton};

/// Deepest level of a tree that is shown; what is deeper is one node called [`MAX_DEPTH_NAME`].
pub const MAX_DEPTH: u32 = 256;
/// Stands for what is too deep.
pub const MAX_DEPTH_NAME: &str = "[MaxDepth]";
/// Stands for values of which there are too many.
pub const MAX_ENTRIES_NAME: &str = "[MaxEntries]";
