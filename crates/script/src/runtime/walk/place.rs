//! What is remembered of the positions in a tree between frames.
//!
//! A position is told by its index or key among its siblings, and belongs to one type: another type there begins
//! anew. What vanishes from a frame is not forgotten.

use std::collections::HashMap;
use std::ffi::c_void;
use std::mem;
use std::ptr;

use super::reuse::Made;
use super::task::PlainTask;

/// Most vacant positions that are made to reach one behind them.
const WIDEST_GAP: usize = 16;

/// What stands in a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Occupant {
    /// Nothing has stood here yet.
    Vacant,
    /// A list.
    List,
    /// A hand-written tag.
    Tag(Box<str>),
    /// A component, context or mark by its address. It is of the host itself, or held by a fiber.
    Type(*const c_void),
}

/// A position, and those below it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) occupant: Occupant,
    /// Number of its memory in the engine.
    pub(super) fiber: Option<u32>,
    /// The plain task that stood here.
    pub(super) task: Option<Box<PlainTask>>,
    /// What the component that stands here came to.
    pub(super) made: Option<Box<Made>>,
    /// Positions below by index, without wide gaps.
    list: Vec<Place>,
    /// Other positions below by index, and all by key.
    others: Others,
}

#[derive(Debug, Default)]
struct Others {
    by_index: HashMap<u32, Place>,
    by_key: HashMap<Box<str>, usize>,
    keyed: Vec<(Box<str>, Place)>,
    /// Where the next key is looked for first.
    next: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            occupant: Occupant::Vacant,
            fiber: None,
            task: None,
            made: None,
            list: Vec::new(),
            others: Others::default(),
        }
    }
}

impl Place {
    /// The position with `index` below this one.
    pub(super) fn at(&mut self, index: u32) -> &mut Self {
        let at = index as usize;
        if at >= self.list.len() && at - self.list.len() <= WIDEST_GAP {
            self.list.resize_with(at + 1, Self::default);
        }
        match at < self.list.len() {
            true => &mut self.list[at],
            false => self.others.by_index.entry(index).or_default(),
        }
    }

    /// The position with `key` below this one.
    pub(super) fn keyed(&mut self, key: &str) -> &mut Self {
        let others = &mut self.others;
        let is_next = |(known, _): &(Box<str>, Self)| **known == *key;
        let at = match others.keyed.get(others.next).is_some_and(is_next) {
            true => others.next,
            false => match others.by_key.get(key) {
                Some(at) => *at,
                None => {
                    others.by_key.insert(key.into(), others.keyed.len());
                    others.keyed.push((key.into(), Self::default()));
                    others.keyed.len() - 1
                }
            },
        };
        others.next = (at + 1) % others.keyed.len();
        &mut others.keyed[at].1
    }

    /// Whether it belongs to the component, context or mark at `address`.
    pub(super) fn is_of(&self, address: *const c_void) -> bool {
        matches!(self.occupant, Occupant::Type(known) if ptr::eq(known, address))
    }

    /// Gives the position to another occupant. Numbers of memories that nobody needs any more go to `spare`.
    pub(super) fn give_to(&mut self, occupant: Occupant, spare: &mut Vec<u32>) {
        let before = mem::replace(
            self,
            Self {
                occupant,
                ..Self::default()
            },
        );
        before.release(spare);
    }

    fn release(self, spare: &mut Vec<u32>) {
        spare.extend(self.fiber);
        let keyed = self.others.keyed.into_iter().map(|(_, place)| place);
        let below = self.list.into_iter().chain(keyed);
        for place in below.chain(self.others.by_index.into_values()) {
            place.release(spare);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(place: &mut Place, tag: &str) {
        place.give_to(Occupant::Tag(tag.into()), &mut Vec::new());
    }

    #[test]
    fn positions_are_found_again_by_index_and_by_key_in_any_order() {
        let mut root = Place::default();
        for index in [0, 1, 5, 4_000_000_000, 3] {
            tagged(root.at(index), &index.to_string());
        }
        for key in ["a", "b", "c"] {
            tagged(root.keyed(key), key);
        }
        for index in [4_000_000_000, 0, 5, 3, 1] {
            let tag = index.to_string().into();
            assert_eq!(root.at(index).occupant, Occupant::Tag(tag));
        }
        for key in ["c", "a", "b", "b", "a"] {
            assert_eq!(root.keyed(key).occupant, Occupant::Tag(key.into()));
        }
        assert_eq!(root.at(2).occupant, Occupant::Vacant);
    }

    #[test]
    fn another_occupant_frees_the_memories_of_all_below() {
        let mut root = Place {
            fiber: Some(0),
            ..Place::default()
        };
        root.at(0).keyed("a").fiber = Some(1);
        root.at(900).fiber = Some(2);
        let mut spare = Vec::new();
        root.give_to(Occupant::List, &mut spare);
        spare.sort_unstable();
        assert_eq!(spare, [0, 1, 2]);
    }
}
