//! Patches: changes of a workflow that its older runs do not take part in (workflow-model 18).

use std::collections::BTreeMap;

/// What a run has been told about patches, by their ids: whether it takes part. It stays as it was told first.
pub type Decided = BTreeMap<String, bool>;

/// What a frame needs to know to decide about patches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patches {
    /// What is on record.
    pub decided: Decided,
    /// The run has no frame yet, so it takes part in every patch that it meets.
    pub is_new: bool,
}
