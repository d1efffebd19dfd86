//! Walks the elements of a frame into a tree: lists and fragments dissolved, components called, plain tasks read.
//!
//! Elements are read in place, by interned names; no text of the tree crosses. What a built-in component stands for
//! is a host node (`js/render.mjs`), read in `node`. Plain tasks and groups need no component: what their properties
//! say is known here (`task`), and what did not change since the frame before is shared with it.

mod child;
mod expand;
mod flat;
mod marks;
mod memory;
mod names;
mod node;
mod path;
mod place;
mod raw;
mod recovery;
mod reuse;
mod task;

use rquickjs::Value;
use smithers_model::error::ErrorInfo;

pub(super) use self::expand::{Tools, read_tree};
pub(super) use self::memory::Memory;
pub(super) use self::names::Names;
pub(super) use self::path::Path;

/// Why a tree could not be read.
pub(super) enum WalkError {
    /// The engine refused an access, or code of the user threw.
    Engine(rquickjs::Error),
    /// The tree breaks a rule.
    Invalid(ErrorInfo),
}

impl From<rquickjs::Error> for WalkError {
    fn from(error: rquickjs::Error) -> Self {
        Self::Engine(error)
    }
}

impl WalkError {
    /// A rule of the tree that is broken.
    fn rule(code: &str, message: String) -> Self {
        Self::Invalid(ErrorInfo::coded(code, message))
    }
}

/// What a walk comes to.
type Outcome<T> = Result<T, WalkError>;

/// Turns an error value of user code into data.
pub(super) type Describe<'a, 'js> = &'a dyn Fn(Value<'js>) -> ErrorInfo;
