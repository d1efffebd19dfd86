//! Approvals: that somebody answers for each, and somebody else when they do not.

use smithers_store::ops;
use smithers_store::read::ApprovalFilter;

use super::database::unreadable;
use crate::doctor::finding::few;
use crate::doctor::{Finding, Site};

/// Pending approvals that are looked at.
const PENDING: usize = 1_000;

/// Every approval that waits has an owner and another fallback owner, and so has the configuration.
///
/// Which approvals a workflow will ask for is known only once it runs, so the defaults are judged for those to come.
pub(super) fn owners(site: &Site<'_>) -> Finding {
    let found =
        ops::reader(site.database()).map(|reader| reader.pending(&ApprovalFilter::all(PENDING)));
    let pending = match found {
        Err(error) => return unreadable(&error),
        Ok(Err(error)) => return Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(Ok(pending)) => pending,
    };
    let unowned: Vec<String> = pending
        .iter()
        .filter(|pending| !pending.approval.custody.has_two_owners())
        .map(|pending| format!("{} of {}", pending.approval.node, pending.approval.run_id))
        .collect();
    if !unowned.is_empty() {
        return Finding::fail(
            format!(
                "without an owner and another fallback owner: {}",
                few(&unowned)
            ),
            "give the Approval `owner` and `fallbackOwner`, or set the defaults below and launch again",
        );
    }
    let approvals = &site.config.approvals;
    match (&approvals.default_owner, &approvals.fallback_owner) {
        (Some(owner), Some(fallback)) if owner != fallback => Finding::pass(format!(
            "{} wait, all owned; by default {owner}, then {fallback}",
            pending.len()
        )),
        _ => Finding::warn(
            format!(
                "{} wait, all owned; those to come may name nobody",
                pending.len()
            ),
            "set SMITHERS_APPROVAL_DEFAULT_OWNER and SMITHERS_APPROVAL_FALLBACK_OWNER to different people",
        ),
    }
}
