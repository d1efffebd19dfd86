//! Who may do what, beyond single tokens.

use std::collections::BTreeMap;

use smithers_protocol::scope::Scope;
use smithers_tokens::Grant;

use super::tokens::{examine, launches_and_decides, named};
use crate::doctor::{Finding, Site};

/// Nobody can both launch a run and decide its approvals.
pub(super) fn split(site: &Site<'_>) -> Finding {
    examine(site, |active| {
        let users = users_who_do_both(active)
            .map(|users| format!("users who may launch and approve: {users}"));
        let tokens = named(active, launches_and_decides)
            .map(|names| format!("tokens that may do both: {names}"));
        let evidence: Vec<String> = [users, tokens].into_iter().flatten().collect();
        let evidence = evidence.join("; ");
        match (evidence.is_empty(), site.config.approvals.forbid_self) {
            (true, _) => Finding::pass(format!(
                "{} tokens in force, none launches and approves",
                active.len()
            )),
            (false, true) => Finding::pass(format!(
                "{evidence}; SMITHERS_APPROVAL_FORBID_SELF keeps them from deciding their own runs"
            )),
            (false, false) => Finding::warn(
                evidence,
                "split them, or set SMITHERS_APPROVAL_FORBID_SELF=1 so that nobody decides a run of their own",
            ),
        }
    })
}

/// Names the users whose tokens together allow both.
fn users_who_do_both(active: &[&Grant]) -> Option<String> {
    let mut by_user: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for grant in active {
        let Some(user) = grant.user_id.as_deref() else {
            continue;
        };
        let (launches, decides) = by_user.entry(user).or_default();
        *launches |= grant.grants.holds(Scope::RunWrite);
        *decides |= grant.grants.holds(Scope::ApprovalSubmit);
    }
    let both = by_user
        .into_iter()
        .filter(|(_, held)| *held == (true, true));
    let users: Vec<&str> = both.map(|(user, _)| user).collect();
    (!users.is_empty()).then(|| users.join(", "))
}
