//! Streams of trees: each frame of a run as a change of the one before it (gateway-protocol 9.2).
//!
//! ```text
//! writer thread --FrameBell::ring--> FrameWatch --> stream task --Trees::look--> store
//!                                                        \--changes of the tree--> hub --> outbox
//! ```
//!
//! A stream is woken when a frame of its run is committed, and by nothing else: one of a run at rest costs nothing. It
//! reads what there is by then, so it holds up neither the run nor the writer, and each frame is told once.

mod bell;
mod counted;
mod reading;
mod stream;
mod teller;

use std::rc::Rc;
use std::sync::Arc;

use futures_core::future::LocalBoxFuture;
use serde_json::value::RawValue;
use smithers_model::RunId;
use smithers_protocol::devtools::Skeleton;

pub use bell::{FrameBell, FrameWatch};
pub use reading::{Forest, read};
pub(crate) use stream::open;

use crate::hub::ReadFailed;

/// What sessions need for streams of trees.
#[derive(Clone)]
pub struct DevTools {
    /// Frames as trees.
    pub trees: Rc<dyn Trees>,
    /// Rings when one is committed.
    pub bell: Arc<FrameBell>,
}

/// Reads frames as trees.
pub trait Trees {
    /// Returns the number of the newest frame, 0 when there is none; `None` for no such run.
    fn newest(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>>;

    /// Reads frames of a run; `None` for no such run. `last` is the skeleton that was read last.
    fn look(
        &self,
        run: &RunId,
        which: Which,
        last: Option<NamedSkeleton>,
    ) -> LocalBoxFuture<'static, Result<Option<Look>, ReadFailed>>;
}

/// A skeleton with the hash of its tree.
pub type NamedSkeleton = (String, Arc<Skeleton>);

/// Which frames are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The newest alone.
    Newest,
    /// This one alone.
    Only(u64),
    /// Those from this one on.
    From(u64),
}

/// Frames of a run, as of one instant, and how it stands.
#[derive(Debug)]
pub struct Look {
    /// The frames.
    pub forest: Forest,
    /// How the run stands now.
    pub run_state: Box<RawValue>,
}
