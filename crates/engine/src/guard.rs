//! Which saga or try block deals with the failure of a task (workflow-model 7.3 step 4, 7.7, 7.8).

use smithers_model::tree::{Kind, Region, Tree};

/// Stands for no guard.
const NONE: usize = usize::MAX;

/// The guards of a tree: for each element, the innermost region around it whose failures are dealt with.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    /// By element; empty when there is neither a saga nor a try block.
    of: Vec<usize>,
    /// Codes that try blocks name, sorted.
    codes: Vec<String>,
}

impl Guards {
    /// Finds the guards of `tree`.
    pub(crate) fn new(tree: &Tree) -> Self {
        let elements = tree.elements();
        let is_region = |index: &usize| matches!(elements[*index].kind, Kind::Region(_));
        if !(0..elements.len()).any(|index| is_region(&index)) {
            return Self::default();
        }
        let mut guards = Self {
            of: vec![NONE; elements.len()],
            codes: Vec::new(),
        };
        for (index, element) in elements.iter().enumerate() {
            let inside = match &element.kind {
                Kind::Region(region) if region.is_guarded() => index,
                _ => guards.of[index],
            };
            for child in tree.children(index) {
                guards.of[child] = inside;
            }
            if let Kind::Try(spec) = &element.kind {
                guards.codes.extend(spec.catch_errors.iter().cloned());
            }
        }
        guards.codes.sort();
        guards.codes.dedup();
        guards
    }

    /// The region that deals with a failure of element `index`.
    pub(crate) fn of(&self, index: usize) -> Option<usize> {
        let guard = self.of.get(index).copied();
        guard.filter(|&guard| guard != NONE)
    }

    /// The number of a code, when a try block of the tree names it.
    pub(crate) fn number_of(&self, code: &str) -> Option<usize> {
        self.codes
            .binary_search_by(|known| known.as_str().cmp(code))
            .ok()
    }

    /// The code with a number.
    pub(crate) fn code(&self, number: usize) -> &str {
        &self.codes[number]
    }
}

/// The parts of a saga or try block, by element index. Those that a tree does not have are as if they were empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The actions of a saga, or what may fail of a try block.
    pub(crate) first: Option<usize>,
    /// The compensations of a saga, or what follows from a failure.
    pub(crate) second: Option<usize>,
    /// What follows in any case.
    pub(crate) finally: Option<usize>,
}

impl Parts {
    /// Finds the parts of the saga or try block at element `index`.
    pub(crate) fn of(tree: &Tree, index: usize) -> Self {
        let mut parts = Self::default();
        for child in tree.children(index) {
            let slot = match tree.elements()[child].kind {
                Kind::Region(Region::Actions | Region::Try) => &mut parts.first,
                Kind::Region(Region::Compensations | Region::Catch) => &mut parts.second,
                Kind::Region(Region::Finally) => &mut parts.finally,
                _ => continue,
            };
            slot.get_or_insert(child);
        }
        parts
    }
}
