//! Output rows of a rewind: later ones go, and those that were undone since come back.

use std::collections::BTreeMap;
use std::sync::Arc;

use smithers_model::NodeKey;
use smithers_model::output::OutputRow;
use smithers_model::rewind::Past;

use crate::refusal::Refusal;

/// Rows that were not there, by table and node.
pub(crate) fn gone(past: &Past) -> Vec<(String, NodeKey)> {
    let is_gone = |place: u64, key: &(String, NodeKey)| {
        place >= past.snapshot.own_from && past.snapshot.outputs.get(key) != Some(&place)
    };
    let stored = past.places.iter();
    let stored = stored.map(|(place, table, node)| (*place, (table.clone(), node.clone())));
    stored
        .filter(|(place, key)| is_gone(*place, key))
        .map(|(_, key)| key)
        .collect()
}

/// Rows that are not stored any more, with their places.
pub(crate) fn back(past: &Past) -> Result<Vec<(u64, Arc<OutputRow>)>, Refusal> {
    let stored: BTreeMap<u64, ()> = past.places.iter().map(|(place, ..)| (*place, ())).collect();
    let undone: BTreeMap<u64, &OutputRow> = past
        .undone
        .iter()
        .map(|(place, row)| (*place, row))
        .collect();
    let missing = past.snapshot.outputs.iter();
    let missing = missing.filter(|(_, place)| !stored.contains_key(place));
    missing
        .map(|((table, node), place)| {
            let row = undone.get(place).ok_or_else(|| Refusal::HistoryDamaged {
                reason: format!("the row that `{node}` gave to `{table}` is not kept"),
            })?;
            Ok((*place, Arc::new((*row).clone())))
        })
        .collect()
}
