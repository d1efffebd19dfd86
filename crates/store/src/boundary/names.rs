//! The names in a step: what rows refer to each other by, and what people type.

use smithers_model::approval::ApprovalRequest;
use smithers_model::party::Party;
use smithers_model::signal::SignalAddress;
use smithers_model::step::{NewRun, RowChange, StepWrite};

/// A name, with what it is the name of.
type Name<'a> = (&'static str, &'a str);

/// Returns every name of `step` that somebody chose.
pub(super) fn of(step: &StepWrite) -> impl Iterator<Item = Name<'_>> {
    step.changes.iter().flat_map(in_change)
}

fn in_change(change: &RowChange) -> impl Iterator<Item = Name<'_>> {
    let node = match change {
        RowChange::PutNode(node) => Some(&node.node),
        RowChange::PutAttempt(attempt) => Some(&attempt.node),
        RowChange::PutOutput(row) => Some(&row.node),
        _ => None,
    };
    let of_loop = match change {
        RowChange::PutLoop(row) => Some(("id of a loop", row.id.as_str())),
        _ => None,
    };
    let address = match change {
        RowChange::BeginWait(wait) => wait.cause.address(),
        RowChange::AddSignal(signal) => Some(&signal.address),
        _ => None,
    };
    let run = match change {
        RowChange::InsertRun(run) => Some(run),
        _ => None,
    };
    let request = match change {
        RowChange::RequestApproval(approval) => Some(&approval.request),
        _ => None,
    };
    let node = node.map(|node| ("id of a node", node.node_id.as_str()));
    node.into_iter()
        .chain(of_loop)
        .chain(address.into_iter().flat_map(of_address))
        .chain(run.into_iter().flat_map(|run| of_run(run)))
        .chain(request.into_iter().flat_map(of_request))
}

fn of_address(address: &SignalAddress) -> impl Iterator<Item = Name<'_>> {
    let correlation = address.correlation();
    let correlation = correlation.map(|id| ("correlation of a signal", id));
    std::iter::once(("name of a signal", address.signal_name.as_str())).chain(correlation)
}

fn of_run(run: &NewRun) -> impl Iterator<Item = Name<'_>> {
    let key = run.idempotency_key.as_deref();
    let key = key.map(|key| ("idempotency key", key));
    let names = [
        ("id of the run", run.row.run_id.as_str()),
        ("key of the workflow", run.row.workflow_key.as_str()),
    ];
    names.into_iter().chain(key)
}

fn of_request(request: &ApprovalRequest) -> impl Iterator<Item = Name<'_>> {
    let options = request.options.iter();
    let options = options.map(|option| ("key of an option", option.key.as_str()));
    let users = request.allowed_users.iter();
    let users = users.map(|user| ("name of a user", user.as_str()));
    let scopes = request.allowed_scopes.iter();
    let scopes = scopes.map(|scope| ("name of a scope", scope.as_str()));
    let owners = [&request.ownership.owner, &request.ownership.fallback_owner];
    let owners = owners.into_iter().flatten().map(|owner| match owner {
        Party::User(name) | Party::Team(name) | Party::Role(name) => {
            ("name of an owner", name.as_str())
        }
    });
    options.chain(users).chain(scopes).chain(owners)
}
