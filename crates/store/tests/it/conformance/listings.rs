//! Lists of runs, counts of nodes.

use std::collections::HashMap;

use smithers_model::node::NodeState;
use smithers_model::run::RunStatus;
use smithers_model::step::{RowChange, RunUpdate};
use smithers_model::{RunId, Timestamp};
use smithers_store::read::RunFilter;
use smithers_store::testkit::{RunScript, node};

use super::{Subject, for_each_backend, run};

for_each_backend![
    runs_are_listed_newest_first_and_equal_ones_by_id,
    filters_cut_lists_down,
    ids_of_a_status_are_paged_in_order,
    nodes_are_counted_by_state,
    runs_that_have_ended_are_not_active,
];

/// Launches runs `(id, created, workflow, system, status)`.
fn populate(subject: &mut Subject) {
    let runs = [
        ("a", 10, "w", false, RunStatus::Running),
        ("b", 30, "w", false, RunStatus::Finished),
        ("c", 20, "typed", false, RunStatus::Running),
        ("d", 20, "w", true, RunStatus::Running),
        ("e", 20, "w", false, RunStatus::WaitingApproval),
    ];
    for (id, created, workflow, system, status) in runs {
        let mut script = RunScript::new(id);
        let launch = script.launch_with(|new| {
            new.row.created_at = Timestamp(created);
            new.row.workflow_key = workflow.into();
            new.row.system = system;
        });
        subject.commit(launch).unwrap();
        let update = RunUpdate {
            status: Some(status),
            ..RunUpdate::default()
        };
        let step = script.step(vec![], vec![RowChange::UpdateRun(update)]);
        subject.commit(step).unwrap();
    }
}

fn listed(subject: &Subject, edit: impl FnOnce(&mut RunFilter)) -> String {
    let mut filter = RunFilter::default();
    edit(&mut filter);
    let rows = subject.reader().runs(&filter).unwrap();
    let ids = rows.iter().map(|row| row.run_id.as_str());
    ids.collect()
}

fn runs_are_listed_newest_first_and_equal_ones_by_id(subject: &mut Subject) {
    populate(subject);
    assert_eq!(listed(subject, |_| {}), "bcea");
    assert_eq!(
        listed(subject, |filter| filter.include_system = true),
        "bcdea"
    );
    let page = |filter: &mut RunFilter| (filter.limit, filter.offset) = (2, 1);
    assert_eq!(listed(subject, page), "ce");
}

fn filters_cut_lists_down(subject: &mut Subject) {
    populate(subject);
    let running = |filter: &mut RunFilter| filter.status = Some(RunStatus::Running);
    let of_w = |filter: &mut RunFilter| filter.workflow = Some("w".into());
    assert_eq!(listed(subject, running), "ca");
    assert_eq!(listed(subject, of_w), "bea");
    let both = |filter: &mut RunFilter| {
        running(filter);
        of_w(filter);
        filter.include_system = true;
    };
    assert_eq!(listed(subject, both), "da");
}

fn ids_of_a_status_are_paged_in_order(subject: &mut Subject) {
    populate(subject);
    let reader = subject.reader();
    let page = |after: Option<&str>| -> Vec<RunId> {
        let after = after.map(RunId::from);
        reader
            .run_ids_with_status(RunStatus::Running, after.as_ref(), 2)
            .unwrap()
    };
    assert_eq!(page(None), [run("a"), run("c")]);
    assert_eq!(page(Some("c")), [run("d")]);
    assert_eq!(page(Some("d")), []);
}

fn nodes_are_counted_by_state(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let changes = vec![
        node("a", NodeState::Finished),
        node("b", NodeState::Finished),
        node("c", NodeState::Pending),
        node("c", NodeState::Failed),
    ];
    subject.commit(script.step(vec![], changes)).unwrap();
    assert_eq!(
        subject.reader().state_counts(&run("r")).unwrap(),
        HashMap::from([(NodeState::Finished, 2), (NodeState::Failed, 1)])
    );
    assert!(subject.reader().state_counts(&run("x")).unwrap().is_empty());
}

fn runs_that_have_ended_are_not_active(subject: &mut Subject) {
    populate(subject);
    let active = |limit| -> String {
        let rows = subject.reader().active_runs(limit).unwrap();
        rows.iter().map(|row| row.run_id.as_str()).collect()
    };
    assert_eq!(active(10), "cea");
    assert_eq!(active(2), "ce");
}
