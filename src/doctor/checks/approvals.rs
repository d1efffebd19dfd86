//! Approvals: that somebody answers for each, and somebody else when they do not.

use std::collections::BTreeSet;

use smithers_model::ownership::ApprovalPolicy;
use smithers_model::party::Party;
use smithers_model::run::Actor;
use smithers_store::ops;
use smithers_tokens::Grant;

use super::database::unreadable;
use super::tokens;
use crate::doctor::finding::few;
use crate::doctor::{Finding, Site};
use crate::owners::{self, Asked, Fault, judge, recent};

/// Newest runs whose approvals are judged beside those that wait.
const RUNS: usize = 100;

/// Every approval that waits has an owner and another fallback owner, and so would those of the newest runs and those
/// that name nobody.
///
/// Which approvals a workflow will ask for is known only once it runs, so the past and the defaults are judged for it.
pub(super) fn owners(site: &Site<'_>) -> Finding {
    let asked = match ops::reader(site.database()).map(|reader| recent(&*reader, RUNS)) {
        Err(error) => return unreadable(&error),
        Ok(Err(error)) => return Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(Ok(asked)) => asked,
    };
    let policy = site.config.approvals.policy();
    let found = judge(&asked, &policy, is_known(site));
    let faults = [
        of_waiting(&found),
        of_the_past(&found),
        of_strangers(&found),
    ];
    let mut findings = vec![of_defaults(&asked, &policy)];
    findings.extend(faults.into_iter().flatten());
    Finding::worst_of(findings).expect("the defaults are always judged")
}

fn of_waiting(found: &[owners::Finding]) -> Option<Finding> {
    let waiting = found.iter().filter(|finding| is_missing(&finding.fault));
    let waiting = waiting.filter_map(|finding| {
        let run = finding.waiting_run.as_ref()?;
        Some(format!("{} of {run}", finding.node))
    });
    let names: BTreeSet<String> = waiting.collect();
    tell(names, |names| {
        Finding::fail(
            format!("without an owner and another fallback owner: {names}"),
            "give the Approval `owner` and `fallbackOwner`, or set the defaults below and launch again",
        )
    })
}

fn of_the_past(found: &[owners::Finding]) -> Option<Finding> {
    let past = found
        .iter()
        .filter(|finding| finding.waiting_run.is_none() && is_missing(&finding.fault));
    let names = past.map(|finding| format!("{} of workflow {}", finding.node, finding.workflow));
    tell(names.collect(), |names| {
        Finding::warn(
            format!("would be asked without an owner and another fallback owner: {names}"),
            "give the Approval `owner` and `fallbackOwner`, or set the defaults",
        )
    })
}

fn of_strangers(found: &[owners::Finding]) -> Option<Finding> {
    let strangers = found.iter().filter_map(|finding| match &finding.fault {
        Fault::Unknown(party) => Some(party.to_string()),
        _ => None,
    });
    tell(strangers.collect(), |names| {
        Finding::warn(
            format!("own approvals, and no token makes anybody them: {names}"),
            "issue a token with that user, role or scope `team:slug`, or name another owner",
        )
    })
}

fn of_defaults(asked: &[Asked], policy: &ApprovalPolicy) -> Finding {
    let waiting = asked.iter().filter(|it| it.approval.decision.is_none());
    let waiting = waiting.count();
    match (&policy.owner, &policy.fallback_owner) {
        (Some(owner), Some(fallback)) if owner != fallback => Finding::pass(format!(
            "{waiting} wait, all owned; by default {owner}, then {fallback}"
        )),
        _ => Finding::warn(
            format!("{waiting} wait; those to come may name nobody"),
            "set SMITHERS_APPROVAL_DEFAULT_OWNER and SMITHERS_APPROVAL_FALLBACK_OWNER to different people",
        ),
    }
}

fn is_missing(fault: &Fault) -> bool {
    !matches!(fault, Fault::Unknown(_))
}

fn tell(names: BTreeSet<String>, finding: impl FnOnce(String) -> Finding) -> Option<Finding> {
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| finding(few(&names)))
}

/// Whether a grant that was not revoked makes somebody a party. Ended ones count: tokens of approvers are short-lived.
/// A store that cannot be read is the business of another check.
fn is_known(site: &Site<'_>) -> impl Fn(&Party) -> bool {
    let parsed = tokens::read(site).ok().flatten();
    let people: Option<Vec<Actor>> = parsed.map(|parsed| {
        let grants = parsed.grants.iter().filter(|grant| !grant.is_revoked);
        grants.map(person).collect()
    });
    move |party| match &people {
        Some(people) => people.iter().any(|person| party.includes(person)),
        None => true,
    }
}

fn person(grant: &Grant) -> Actor {
    Actor {
        user_id: grant.user_id.clone(),
        role: grant.role.clone(),
        scopes: grant.grants.written().to_vec(),
        ..Actor::default()
    }
}
