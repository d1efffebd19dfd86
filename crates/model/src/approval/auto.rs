//! Approvals that are given without a person, because people gave the same approval often enough before
//! (workflow-model 9.1).

use serde::{Deserialize, Serialize};

use crate::{RunId, Timestamp};

/// Who gives an approval when nobody does: the decider in rows and in the trail.
pub const AUTO_DECIDER: &str = "smithers:auto";

/// When a workflow wants no person to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoApprove {
    /// After so many approvals in a row that people gave in other runs; none and 0 mean at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<u32>,
    /// The trail tells the approvals that it rests on. That it was given is told always.
    pub audit: bool,
    /// Whether the condition of the author holds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition_met: Option<bool>,
    /// Whether the author wants people to be asked again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revert_on_met: Option<bool>,
}

impl AutoApprove {
    /// Returns how many approvals in a row it takes; `None` when a person is to be asked whatever was before.
    pub fn precedents_needed(&self) -> Option<u32> {
        let is_barred = self.revert_on_met == Some(true) || self.condition_met == Some(false);
        (!is_barred).then(|| self.after.unwrap_or(0))
    }
}

/// What a person decided about the same node of the same workflow in another run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Precedent {
    /// In which run.
    pub run_id: RunId,
    /// In which iteration of the node.
    pub iteration: u32,
    /// Yes or no.
    pub approved: bool,
    /// User id of the decider; none for a token without a user.
    pub decided_by: Option<String>,
    /// When.
    #[serde(rename = "decidedAtMs")]
    pub decided_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_fails_and_a_revert_that_holds_ask_a_person() {
        let needed = |after, condition_met, revert_on_met| {
            AutoApprove {
                after,
                audit: true,
                condition_met,
                revert_on_met,
            }
            .precedents_needed()
        };
        assert_eq!(needed(None, None, None), Some(0));
        assert_eq!(needed(Some(3), Some(true), Some(false)), Some(3));
        assert_eq!(needed(Some(3), Some(false), None), None);
        assert_eq!(needed(None, Some(true), Some(true)), None);
    }
}
