//! What the host must recognise in a tree, and the functions it calls on its way (`js/walk.mjs`).

use std::ffi::c_void;

use rquickjs::{Function, Object, Result, Value};

use super::raw;

/// The exports of `smithers:walk`.
pub(super) struct Marks<'js> {
    /// Prototype of elements.
    pub(super) element: Value<'js>,
    /// Prototype of host nodes.
    pub(super) node: Value<'js>,
    /// Prototype of plain objects.
    pub(super) object: Value<'js>,
    pub(super) fragment: *const c_void,
    pub(super) task: *const c_void,
    pub(super) sequence: *const c_void,
    pub(super) parallel: *const c_void,
    /// Contexts whose values concern the tasks below.
    pub(super) scopes: [*const c_void; 2],
    pub(super) fiber: Function<'js>,
    pub(super) call: Function<'js>,
    pub(super) tag: Function<'js>,
    pub(super) provided: Function<'js>,
    pub(super) list: Function<'js>,
    pub(super) is_node: Function<'js>,
    pub(super) table: Function<'js>,
    pub(super) payload: Function<'js>,
}

impl<'js> Marks<'js> {
    pub(super) fn of(host: &Object<'js>) -> Result<Self> {
        let walk: Object<'js> = host.get("walk")?;
        let marks: Value<'js> = walk.get("marks")?;
        let mark = |index| raw::item(&marks, index);
        // The module holds all of these as long as the runtime lives.
        let address = |index| mark(index).map(|value| raw::address(&value));
        Ok(Self {
            element: mark(0)?,
            node: mark(1)?,
            object: mark(2)?,
            fragment: address(3)?,
            task: address(4)?,
            sequence: address(5)?,
            parallel: address(6)?,
            scopes: [address(7)?, address(8)?],
            fiber: walk.get("fiber")?,
            call: walk.get("call")?,
            tag: walk.get("tag")?,
            provided: walk.get("provided")?,
            list: walk.get("list")?,
            is_node: walk.get("isNode")?,
            table: walk.get("table")?,
            payload: walk.get("payload")?,
        })
    }
}
