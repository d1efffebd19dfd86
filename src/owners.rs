//! Whether approvals have owners who can stand in for each other: what the check `approvals.owners` of operations 11
//! is made from.
//!
//! The nodes of a workflow exist only in the frame of a run, so approvals cannot be judged before they are asked.
//! Judged are those that wait, and those of the newest runs as they would be asked today: a path that was taken lately
//! is taken again.

use std::collections::BTreeSet;

use smithers_model::approval::Approval;
use smithers_model::ownership::{ApprovalPolicy, Custody};
use smithers_model::party::Party;
use smithers_model::{NodeKey, RunId, WorkflowKey};
use smithers_store::Reader;
use smithers_store::read::{ApprovalFilter, ReadResult, RunFilter};

/// Most approvals that wait and are looked at; more than any list shows.
const MOST_PENDING: usize = 10_000;

/// An approval with the workflow that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Key of the workflow.
    pub workflow: WorkflowKey,
    /// What is asked, and who answers for it.
    pub approval: Approval,
}

/// Something that is wrong with the owners of an approval.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The workflow that asks.
    pub workflow: WorkflowKey,
    /// The node that asks.
    pub node: NodeKey,
    /// The run, when the approval waits; none for a path that is only likely to be taken again.
    pub waiting_run: Option<RunId>,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nobody is responsible.
    NoOwner,
    /// Nobody steps in when the owner is away.
    NoFallbackOwner,
    /// Owner and fallback owner are one.
    SameOwners(Party),
    /// No grant makes anybody this party.
    Unknown(Party),
}

/// Reads what waits, and what was asked in the newest `runs`.
///
/// # Errors
/// The database cannot be read.
pub fn recent(reader: &dyn Reader, runs: usize) -> ReadResult<Vec<Asked>> {
    let pending = reader.pending(&ApprovalFilter::all(MOST_PENDING))?;
    let waiting = pending.into_iter().map(|pending| Asked {
        workflow: pending.workflow_key,
        approval: pending.approval,
    });
    let mut asked: Vec<Asked> = waiting.collect();
    let newest = RunFilter {
        include_system: true,
        limit: runs,
        ..RunFilter::default()
    };
    for run in reader.runs(&newest)? {
        let decided = reader.approvals(&run.run_id)?.into_iter();
        let decided = decided.filter(|approval| approval.decision.is_some());
        asked.extend(decided.map(|approval| Asked {
            workflow: run.workflow_key.clone(),
            approval,
        }));
    }
    Ok(asked)
}

/// Returns what is wrong with the owners of `asked`, each thing once, by workflow and node. `is_known` says whether a
/// grant makes somebody this party.
pub fn judge(
    asked: &[Asked],
    policy: &ApprovalPolicy,
    is_known: impl Fn(&Party) -> bool,
) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    for Asked { workflow, approval } in asked {
        let waits = approval.decision.is_none();
        let faults = faults(&custody_of(approval, policy), &is_known);
        findings.extend(faults.into_iter().map(|fault| Finding {
            workflow: workflow.clone(),
            node: approval.node.clone(),
            waiting_run: waits.then(|| approval.run_id.clone()),
            fault,
        }));
    }
    findings.into_iter().collect()
}

/// Who answers for an approval that waits, and who would for one that was decided if it were asked today.
fn custody_of(approval: &Approval, policy: &ApprovalPolicy) -> Custody {
    match approval.decision {
        None => approval.custody.clone(),
        Some(_) => policy.custody(&approval.request.ownership, approval.requested_at),
    }
}

fn faults(custody: &Custody, is_known: impl Fn(&Party) -> bool) -> Vec<Fault> {
    let Custody {
        owner,
        fallback_owner,
        ..
    } = custody;
    let mut faults = Vec::new();
    match (owner, fallback_owner) {
        (None, None) => faults.extend([Fault::NoOwner, Fault::NoFallbackOwner]),
        (None, Some(_)) => faults.push(Fault::NoOwner),
        (Some(_), None) => faults.push(Fault::NoFallbackOwner),
        (Some(owner), Some(fallback)) if owner == fallback => {
            faults.push(Fault::SameOwners(owner.clone()));
        }
        (Some(_), Some(_)) => {}
    }
    let parties: BTreeSet<&Party> = owner.iter().chain(fallback_owner).collect();
    let unknown = parties.into_iter().filter(|party| !is_known(party));
    faults.extend(unknown.cloned().map(Fault::Unknown));
    faults
}

#[cfg(test)]
mod tests {
    use smithers_model::Timestamp;
    use smithers_model::approval::{ApprovalMode, ApprovalRequest, Decision};
    use smithers_model::ownership::Ownership;

    use super::*;

    fn party(text: &str) -> Party {
        Party::parse(text).unwrap()
    }

    /// An approval that waits in run `r1`, asked under `policy`.
    fn waiting(ownership: Ownership, policy: &ApprovalPolicy) -> Asked {
        let request = ApprovalRequest {
            ownership,
            ..ApprovalRequest::new(ApprovalMode::Decision, "Ship?")
        };
        Asked {
            workflow: "release".into(),
            approval: Approval {
                run_id: "r1".into(),
                node: NodeKey::new("ship", 0),
                custody: policy.custody(&request.ownership, Timestamp(1)),
                request,
                request_digest: None,
                asked_by: None,
                requested_at: Timestamp(1),
                votes: Vec::new(),
                decision: None,
                auto_approved: false,
            },
        }
    }

    fn decided(asked: Asked) -> Asked {
        let decision = Decision {
            approved: true,
            note: None,
            decided_by: None,
            token_id: None,
            value: None,
            request_digest: None,
            decided_at: Timestamp(2),
        };
        let approval = Approval {
            decision: Some(decision),
            ..asked.approval
        };
        Asked { approval, ..asked }
    }

    fn owned(owner: Option<&str>, fallback: Option<&str>) -> Ownership {
        Ownership {
            owner: owner.map(party),
            fallback_owner: fallback.map(party),
            ..Ownership::default()
        }
    }

    fn found(asked: &[Asked], policy: &ApprovalPolicy) -> Vec<Fault> {
        let findings = judge(asked, policy, |party| party.to_string() != "nobody");
        findings.into_iter().map(|finding| finding.fault).collect()
    }

    #[test]
    fn owners_that_are_missing_equal_or_unknown_are_found() {
        let policy = ApprovalPolicy::default();
        for (owner, fallback, expected) in [
            (Some("ann"), Some("team:release"), vec![]),
            (None, None, vec![Fault::NoOwner, Fault::NoFallbackOwner]),
            (None, Some("bob"), vec![Fault::NoOwner]),
            (Some("ann"), None, vec![Fault::NoFallbackOwner]),
            (
                Some("ann"),
                Some("ann"),
                vec![Fault::SameOwners(party("ann"))],
            ),
            (
                Some("ann"),
                Some("nobody"),
                vec![Fault::Unknown(party("nobody"))],
            ),
        ] {
            let asked = [waiting(owned(owner, fallback), &policy)];
            assert_eq!(found(&asked, &policy), expected, "{owner:?} {fallback:?}");
        }
    }

    #[test]
    fn what_waits_is_judged_as_it_was_asked_and_the_past_as_it_would_be_asked_today() {
        let without = ApprovalPolicy::default();
        let with = ApprovalPolicy {
            owner: Some(party("ann")),
            fallback_owner: Some(party("bob")),
            ..ApprovalPolicy::default()
        };
        let before = waiting(Ownership::default(), &without);
        let missing = [Fault::NoOwner, Fault::NoFallbackOwner];
        assert_eq!(found(std::slice::from_ref(&before), &with), missing);
        assert_eq!(found(&[decided(before)], &with), []);
        let after = decided(waiting(Ownership::default(), &with));
        assert_eq!(found(&[after], &without), missing);
    }

    #[test]
    fn a_path_is_told_once_and_a_run_that_waits_is_named() {
        let policy = ApprovalPolicy::default();
        let alone = || waiting(owned(Some("ann"), None), &policy);
        let asked = [alone(), decided(alone()), decided(alone())];
        let findings = judge(&asked, &policy, |_| true);
        let runs: Vec<_> = findings.iter().map(|it| it.waiting_run.clone()).collect();
        assert_eq!(runs, [None, Some("r1".into())]);
    }
}
