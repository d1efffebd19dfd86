//! What the newest frame of a session rests on: the rows it read, and code that must not have run since.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smithers_model::output::OutputRow;

/// Counts how often code of a module was entered in one runtime other than to render. Readable from any thread.
#[derive(Debug, Default)]
pub(crate) struct Entries(Arc<AtomicU64>);

impl Entries {
    /// Counts an entry. Comes before the code runs.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// A footing that holds until the next entry.
    pub(crate) fn footing(&self) -> Footing {
        Footing {
            entries: Arc::clone(&self.0),
            at: self.0.load(Ordering::Acquire),
        }
    }
}

/// The end of a runtime is the end of every footing in it.
impl Drop for Entries {
    fn drop(&mut self) {
        self.count();
    }
}

/// Holds as long as no code has run in a runtime but renders.
#[derive(Clone, Debug)]
pub(crate) struct Footing {
    entries: Arc<AtomicU64>,
    at: u64,
}

impl Footing {
    fn holds(&self) -> bool {
        self.entries.load(Ordering::Acquire) == self.at
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
