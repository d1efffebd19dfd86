//! What is remembered of a session's frames: positions, ids, tables and which tasks have their rows.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::Arc;

use smithers_model::output::OutputRow;
use smithers_model::tree::Tree;
use smithers_model::{Iteration, NodeId};

use super::place::Place;

/// Ids are forgotten when there are this many more than twice those in use.
const SPARE_IDS: usize = 1024;

/// The number of the frame in which an id was seen last.
pub(super) type Seen = Rc<Cell<u64>>;

/// Memory of one session.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Memory {
    pub(super) root: Place,
    /// The number of the newest frame.
    pub(super) frame: u64,
    /// How many elements the newest frame has.
    pub(super) size: usize,
    /// Numbers of memories in the engine that are free again.
    pub(super) spare: Vec<u32>,
    /// How many memories there are in the engine.
    pub(super) fibers: u32,
    /// Keys of the tables by the address of what stands for them; the session's registry holds those.
    pub(super) tables: HashMap<*const c_void, Arc<str>>,
    /// The tree of the newest frame that has one, when something of it may be taken over.
    pub(super) tree: Tree,
    /// The number of that frame.
    pub(super) tree_frame: u64,
    /// By number of a read of rows, the newest frame before which a row came that concerns it.
    pub(super) changed: HashMap<u32, u64>,
    /// The newest frame before which any row came.
    pub(super) rows_since: u64,
    /// The first frame with the present passes of loops.
    pub(super) passes_since: u64,
    passes: (Iteration, BTreeMap<String, Iteration>),
    ids: HashMap<NodeId, Seen>,
    rows: HashMap<NodeId, Vec<(String, Iteration)>>,
}

impl Memory {
    /// A task has its row.
    pub(in crate::runtime) fn add_row(&mut self, row: &OutputRow) {
        let rows = self.rows.entry(row.node.node_id.clone()).or_default();
        rows.push((row.table.clone(), row.node.iteration));
        self.rows_since = self.frame + 1;
    }

    /// Whether a task outside loops has its row. Rows stay.
    pub(super) fn has_row(&self, table: &str, id: &str) -> bool {
        let rows = self.rows.get(id);
        rows.is_some_and(|rows| rows.iter().any(|(key, pass)| key == table && *pass == 0))
    }

    /// Says when `id` was seen.
    pub(super) fn seen(&mut self, id: &NodeId) -> Seen {
        if let Some(seen) = self.ids.get(id) {
            return Rc::clone(seen);
        }
        let seen = Seen::default();
        self.ids.insert(id.clone(), Rc::clone(&seen));
        seen
    }

    /// Begins a frame in the given passes of loops.
    pub(super) fn begin(&mut self, iteration: Iteration, passes: &BTreeMap<String, Iteration>) {
        self.frame += 1;
        if self.passes.0 != iteration || self.passes.1 != *passes {
            self.passes = (iteration, passes.clone());
            self.passes_since = self.frame;
        }
        if self.ids.len() > 2 * self.size + SPARE_IDS {
            // Those that a position remembers stay the ones it has; an id that two positions know is looked up again.
            self.ids.retain(|_, seen| Rc::strong_count(seen) > 1);
        }
    }
}
