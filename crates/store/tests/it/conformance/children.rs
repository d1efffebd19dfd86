//! Child runs: found by what is still to be done between them and their parents, and by nothing else.

use smithers_model::run::RunStatus;
use smithers_model::step::{ChildTie, RowChange, RunUpdate};
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_store::read::RunFilter;
use smithers_store::testkit::RunScript;

use super::{Subject, for_each_backend, run};

for_each_backend![
    a_child_that_has_ended_is_found_until_its_parent_has_its_result,
    a_child_of_a_parent_that_has_ended_is_found_until_it_ends_too,
    a_child_that_begins_after_the_end_of_its_parent_is_unwanted,
    only_the_parent_lets_a_child_go,
    a_child_that_goes_on_is_awaited_again_unless_its_parent_has_ended,
    children_are_listed_in_pages,
    children_are_found_by_their_parent_and_are_as_old_as_it,
];

fn end(subject: &mut Subject, script: &mut RunScript) {
    let update = RunUpdate {
        status: Some(RunStatus::Finished),
        finished_at: Some(script.now),
        ..RunUpdate::default()
    };
    let change = RowChange::UpdateRun(update);
    subject.commit(script.step(vec![], vec![change])).unwrap();
}

fn let_go(subject: &mut Subject, parent: &mut RunScript, child: &str, tie: ChildTie) {
    let change = RowChange::LetChildGo {
        child: child.into(),
        tie,
    };
    subject.commit(parent.step(vec![], vec![change])).unwrap();
}

fn ended(subject: &Subject) -> Vec<RunId> {
    subject.reader().ended_children(None, 9).unwrap()
}

fn unwanted(subject: &Subject) -> Vec<RunId> {
    subject.reader().unwanted_children(None, 9).unwrap()
}

fn a_child_that_has_ended_is_found_until_its_parent_has_its_result(subject: &mut Subject) {
    let mut parent = subject.launched("p");
    let mut script = subject.child("c", "p");
    let row = subject.reader().run(&run("c")).unwrap().unwrap();
    assert_eq!(row.parent, Some(run("p")));
    assert_eq!(ended(subject), []);
    end(subject, &mut script);
    assert_eq!(ended(subject), [run("c")]);
    let_go(subject, &mut parent, "c", ChildTie::Taken);
    assert_eq!(ended(subject), []);
    assert_eq!(unwanted(subject), []);
}

fn a_child_of_a_parent_that_has_ended_is_found_until_it_ends_too(subject: &mut Subject) {
    let mut parent = subject.launched("p");
    let mut script = subject.child("c", "p");
    assert_eq!(unwanted(subject), []);
    let_go(subject, &mut parent, "c", ChildTie::Unwanted);
    end(subject, &mut parent);
    assert_eq!(unwanted(subject), [run("c")]);
    end(subject, &mut script);
    assert_eq!((unwanted(subject), ended(subject)), (vec![], vec![]));
}

fn a_child_that_begins_after_the_end_of_its_parent_is_unwanted(subject: &mut Subject) {
    let mut parent = subject.launched("p");
    end(subject, &mut parent);
    subject.child("c", "p");
    subject.child("d", "nobody");
    assert_eq!(unwanted(subject), [run("c"), run("d")]);
}

fn only_the_parent_lets_a_child_go(subject: &mut Subject) {
    subject.launched("p");
    let mut stranger = subject.launched("q");
    let mut script = subject.child("c", "p");
    let_go(subject, &mut stranger, "c", ChildTie::Unwanted);
    let_go(subject, &mut stranger, "none", ChildTie::Unwanted);
    assert_eq!(unwanted(subject), []);
    end(subject, &mut script);
    assert_eq!(ended(subject), [run("c")]);
}

fn a_child_that_goes_on_is_awaited_again_unless_its_parent_has_ended(subject: &mut Subject) {
    let mut parent = subject.launched("p");
    let mut script = subject.child("c", "p");
    let_go(subject, &mut parent, "c", ChildTie::Undone);
    let tie = |subject: &Subject| subject.reader().run(&run("c")).unwrap().unwrap().tie;
    assert_eq!(tie(subject), Some(ChildTie::Undone));
    let input = RawJson::parse("{\"n\":2}").unwrap();
    let again = RowChange::Reattach {
        input: Some(input.clone()),
    };
    subject.commit(script.step(vec![], vec![again])).unwrap();
    assert_eq!(tie(subject), Some(ChildTie::Awaited));
    let row = subject.reader().run(&run("c")).unwrap().unwrap();
    assert_eq!(row.input, input);
    end(subject, &mut parent);
    let again = RowChange::Reattach { input: None };
    subject.commit(script.step(vec![], vec![again])).unwrap();
    let row = subject.reader().run(&run("c")).unwrap().unwrap();
    assert_eq!((row.tie, row.input), (Some(ChildTie::Unwanted), input));
}

fn children_are_listed_in_pages(subject: &mut Subject) {
    subject.launched("p");
    for id in ["c1", "c2", "c3"] {
        let mut script = subject.child(id, "p");
        end(subject, &mut script);
    }
    let reader = subject.reader();
    assert_eq!(
        reader.ended_children(None, 2).unwrap(),
        [run("c1"), run("c2")]
    );
    let rest = reader.ended_children(Some(&run("c2")), 2).unwrap();
    assert_eq!(rest, [run("c3")]);
}

fn children_are_found_by_their_parent_and_are_as_old_as_it(subject: &mut Subject) {
    let mut parent = subject.launched("p");
    subject.launched("q");
    let mut first = subject.child("c1", "p");
    subject.child("c2", "p");
    end(subject, &mut first);
    let reader = subject.reader();
    let of = |parent: &str| RunFilter {
        parent: Some(parent.into()),
        ..RunFilter::default()
    };
    let listed = |filter: &RunFilter| -> Vec<RunId> {
        let rows = reader.runs(filter).unwrap().into_iter();
        rows.map(|row| row.run_id).collect()
    };
    assert_eq!(listed(&of("p")), [run("c1"), run("c2")]);
    assert_eq!(listed(&of("q")), []);
    let finished = RunFilter {
        status: Some(RunStatus::Finished),
        ..of("p")
    };
    assert_eq!(listed(&finished), [run("c1")]);
    assert_eq!(
        reader.children(&run("p"), 9).unwrap(),
        [run("c1"), run("c2")]
    );
    assert_eq!(reader.live_children(&run("p"), 9).unwrap(), [run("c2")]);
    let old = |subject: &Subject| {
        subject
            .reader()
            .ended_before(Timestamp(i64::MAX), 9)
            .unwrap()
    };
    assert_eq!(old(subject), [], "it is kept as long as its parent");
    drop(reader);
    end(subject, &mut parent);
    assert_eq!(old(subject), [run("p")]);
}
