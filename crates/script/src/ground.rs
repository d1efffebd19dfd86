//! What the newest frame of a session rests on: the rows it read, and the runtime that holds its functions.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use smithers_model::output::OutputRow;

/// Lives as long as a runtime. Whoever holds a footing in it learns of its end, from any thread.
#[derive(Debug, Default)]
pub(crate) struct Soil(Arc<()>);

impl Soil {
    /// A footing that holds until the runtime ends.
    pub(crate) fn footing(&self) -> Footing {
        Footing(Arc::downgrade(&self.0))
    }
}

/// Holds as long as a runtime lives, for a frame that rests on nothing in it that could change.
#[derive(Clone, Debug)]
pub(crate) struct Footing(Weak<()>);

impl Footing {
    fn holds(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// A read of rows: a table and a node, or an empty text for the whole table. Reads that found nothing count.
pub(crate) type Read = (String, String);

/// What a session's frames have read, and whether the newest one still stands on it.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    /// By table, the nodes whose rows any frame has read.
    reads: HashMap<String, HashSet<String>>,
    /// None when the newest frame may rest on more than rows.
    footing: Option<Footing>,
}

impl Ground {
    /// A frame is about to be rendered: the one before does not count any more.
    pub(crate) fn leave(&mut self) {
        self.footing = None;
    }

    /// A frame was rendered. `reads` are those that no frame before it has made.
    pub(crate) fn settle(&mut self, reads: Vec<Read>, footing: Option<Footing>) {
        for (table, node) in reads {
            self.reads.entry(table).or_default().insert(node);
        }
        self.footing = footing;
    }

    /// Whether the newest frame rests on nothing that has changed when `rows` are all that is new.
    pub(crate) fn holds(&self, rows: &[Arc<OutputRow>]) -> bool {
        let is_untouched = self.footing.as_ref().is_some_and(Footing::holds);
        is_untouched && !rows.iter().any(|row| self.has_read(row))
    }

    fn has_read(&self, row: &OutputRow) -> bool {
        let nodes = self.reads.get(&row.table);
        nodes.is_some_and(|nodes| nodes.contains("") || nodes.contains(row.node.node_id.as_str()))
    }
}
