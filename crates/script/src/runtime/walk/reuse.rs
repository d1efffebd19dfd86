//! Results of components that are taken over into the next frame without calling them.
//!
//! A result is kept when nothing but texts, plain groups and static tasks came of it, nothing was touched that may
//! differ the next time, and no job was left behind. It is taken over when the component would be called with the same properties, from rows that
//! are the same as far as it read them, in the same passes of loops, with no context around it. Tasks with functions
//! are never taken over: their functions belong to their frame (docs/adr/0013).

use std::ffi::c_void;
use std::ops::Range;
use std::ptr;
use std::rc::Rc;

use rquickjs::Value;
use smithers_model::tree::{Kind, TaskBody, Tree};

use super::expand::Walk;
use super::memory::{Memory, Seen};
use super::place::Place;
use super::raw::{self, Name};
use super::task::duplicate;
use super::{Outcome, WalkError};

/// What a component came to.
#[derive(Debug)]
pub(super) struct Made {
    /// The newest frame that it is right for.
    frame: u64,
    /// Where its elements are in the tree of that frame.
    elements: Range<usize>,
    /// How many of them are in no other, apart from texts.
    roots: u32,
    depth: (u32, usize),
    /// Address of the context it was made from; its properties hold that when they matter.
    context: *const c_void,
    /// Numbers of the reads it made.
    reads: Box<[u32]>,
    tasks: Box<[Seen]>,
}

/// Where a walk was when it called a component.
pub(super) struct Start {
    elements: usize,
    roots: u32,
    depth: (u32, usize),
    reads: u32,
    tasks: usize,
    /// How much there was that must not be taken over.
    particular: u64,
}

impl<'js> Walk<'_, 'js> {
    /// Notes where the walk is before it calls a component.
    pub(super) fn start(&self) -> Outcome<Start> {
        Ok(Start {
            elements: self.tree.len(),
            roots: self.tools.shared.path.borrow().count(),
            depth: (self.depth, self.tree.depth()),
            reads: raw::length(&self.tools.trail)?,
            tasks: self.tasks.len(),
            particular: self.particular,
        })
    }

    /// Keeps what a component that was called at `start` has come to, if it may be taken over.
    pub(super) fn keep(&mut self, start: &Start, place: &mut Place) -> Outcome<()> {
        place.made = None;
        let is_particular = self.particular != start.particular
            || self.provided > 0
            || self.tools.shared.touched.get()
            || raw::jobs_wait(self.tools.ctx);
        if is_particular {
            return Ok(());
        }
        let reads = start.reads..raw::length(&self.tools.trail)?;
        let reads = reads.map(|at| Ok(raw::item(&self.tools.trail, at)?.get()?));
        place.made = Some(Box::new(Made {
            frame: self.memory.frame,
            elements: start.elements..self.tree.len(),
            roots: self.tools.shared.path.borrow().count() - start.roots,
            depth: start.depth,
            context: raw::address(&self.tools.context),
            reads: reads.collect::<Outcome<_>>()?,
            tasks: self.tasks[start.tasks..].into(),
        }));
        self.keeps = true;
        Ok(())
    }

    /// Takes over what the component in `place` came to in the frame before. False when it must be called.
    pub(super) fn take_over(
        &mut self,
        fiber: &Value<'js>,
        props: &Value<'js>,
        place: &mut Place,
    ) -> Outcome<bool> {
        let Some(made) = &mut place.made else {
            return Ok(false);
        };
        let here = (self.depth, self.tree.depth());
        let holds = self.provided == 0
            && made.depth == here
            && self.memory.holds(made)
            && !self.tools.shared.touched.get();
        if !holds || !self.has_same_props(fiber, props, made.context)? {
            return Ok(false);
        }
        for (at, seen) in made.tasks.iter().enumerate() {
            if seen.replace(self.memory.frame) == self.memory.frame {
                return Err(seen_before(&self.memory.tree, &made.elements, at));
            }
        }
        let trail = raw::length(&self.tools.trail)?;
        for (at, read) in (trail..).zip(&made.reads) {
            let read = Value::new_number(self.tools.ctx.clone(), f64::from(*read));
            raw::set_item(&self.tools.trail, at, read)?;
        }
        self.tasks.extend(made.tasks.iter().map(Rc::clone));
        let start = self.tree.len();
        self.tree.repeat(&self.memory.tree, made.elements.clone());
        self.tools.shared.path.borrow_mut().steps(made.roots);
        made.elements = start..self.tree.len();
        made.frame = self.memory.frame;
        self.keeps = true;
        self.make_room()?;
        Ok(true)
    }

    /// Whether the component of `fiber` would be called with what it was called with last, when `context` was the
    /// context of its frame: contexts differ in the rows they show alone.
    fn has_same_props(
        &mut self,
        fiber: &Value<'js>,
        props: &Value<'js>,
        context: *const c_void,
    ) -> Outcome<bool> {
        let before = raw::property(fiber, self.tools.names.props)?;
        if !self.has_only(&before, |_| true)? {
            return Ok(false);
        }
        let names = self.found.clone();
        if !self.has_only(props, |_| true)? || names != self.found {
            return Ok(false);
        }
        for name in names {
            if !self.is_same(&before, props, name, context)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_same(
        &self,
        before: &Value<'js>,
        props: &Value<'js>,
        name: Name,
        context: *const c_void,
    ) -> Outcome<bool> {
        let (one, other) = (raw::property(before, name)?, raw::property(props, name)?);
        let is_context = |value, context| ptr::eq(raw::address(value), context);
        Ok(raw::is_same(&one, &other)
            || (is_context(&other, raw::address(&self.tools.context)) && is_context(&one, context)))
    }
}

impl Memory {
    /// Whether the tree of the frame before has what `made` says, and no row that came since concerns it.
    fn holds(&self, made: &Made) -> bool {
        let is_newest = made.frame == self.tree_frame && made.frame >= self.passes_since;
        let changed = |read: &u32| self.changed.get(read).copied().unwrap_or(0) > made.frame;
        is_newest && !made.reads.iter().any(changed) && !self.has_stored(made)
    }

    /// Whether a task of `made` has got its row since.
    fn has_stored(&self, made: &Made) -> bool {
        let elements = &self.tree.elements()[made.elements.clone()];
        self.rows_since > made.frame
            && elements.iter().any(|element| match &element.kind {
                Kind::Task(task) => {
                    task.body != TaskBody::Static(None)
                        && self.has_row(&task.output_table, task.node.node_id.as_str())
                }
                _ => false,
            })
    }
}

/// Task number `at` of these elements was in the frame already.
fn seen_before(tree: &Tree, elements: &Range<usize>, at: usize) -> WalkError {
    let elements = tree.elements()[elements.clone()].iter();
    let mut ids = elements.filter_map(|element| match &element.kind {
        Kind::Task(task) => Some(task.node.node_id.as_str()),
        _ => None,
    });
    duplicate(ids.nth(at).unwrap_or_default())
}
