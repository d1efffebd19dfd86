//! Scopes against the published catalogue, and the laws that every grant obeys.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::method::{Method, resolve};

fn catalogue() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/contract/rpc-catalog.json"
    );
    let text = std::fs::read_to_string(path).expect("the catalogue is part of the repository");
    serde_json::from_str(&text).expect("the catalogue is JSON")
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item.as_str().expect("a text"))
        .collect()
}

/// The scopes of `set` that the published catalogue knows.
fn published(set: ScopeSet) -> Vec<&'static str> {
    set.iter()
        .filter(|scope| *scope != Scope::ApprovalRead)
        .map(Scope::as_str)
        .collect()
}

fn allows(entries: &[&str], method: &str) -> bool {
    Grants::parse(entries).allows(&resolve(method))
}

#[test]
fn scopes_and_implications_are_those_of_the_catalogue_and_approval_read() {
    let catalogue = catalogue();
    assert_eq!(
        published(ScopeSet::ALL),
        texts(&catalogue["scopes"]["values"])
    );
    for (name, implied) in catalogue["scopes"]["implies"].as_object().expect("a table") {
        assert_eq!(
            published(Grants::parse([name]).scopes()),
            texts(implied),
            "{name}"
        );
    }
}

#[test]
fn legacy_words_expand_as_the_catalogue_says() {
    for (word, scopes) in catalogue()["scopes"]["legacyGrants"]
        .as_object()
        .expect("a table")
    {
        assert_eq!(
            published(Grants::parse([word]).scopes()),
            texts(scopes),
            "{word}"
        );
    }
}

#[test]
fn approval_read_lists_approvals_and_nothing_else() {
    let grants = Grants::parse(["approval:read"]);
    let allowed: Vec<_> = Method::ALL
        .iter()
        .filter(|method| grants.allows(&resolve(method.name())))
        .collect();
    assert_eq!(allowed, [&Method::ListApprovals]);
    assert!(grants.allows(&resolve("approvals.list")));
    assert!(!grants.allows(&resolve("nope")));
}

#[test]
fn approval_read_is_implied_by_submit_and_by_the_legacy_words() {
    for entry in ["approval:submit", "read", "approve", "admin", "*"] {
        assert!(Grants::parse([entry]).holds(Scope::ApprovalRead), "{entry}");
    }
    for entry in ["execute", "run:admin", "run:read"] {
        assert!(
            !Grants::parse([entry]).holds(Scope::ApprovalRead),
            "{entry}"
        );
    }
    assert!(allows(&["run:read"], "listApprovals"));
}

#[test]
fn no_run_scope_allows_to_decide_an_approval() {
    assert!(!allows(
        &["run:admin", "execute", "observability:read"],
        "submitApproval"
    ));
    assert!(allows(&["approve"], "submitApproval"));
}

#[test]
fn a_method_grant_allows_that_name_only() {
    assert!(allows(&["getRun"], "getRun"));
    assert!(!allows(&["getRun"], "runs.get"));
    assert!(!allows(&["getRun"], "listRuns"));
    assert!(allows(&["runs.*"], "runs.cancel"));
    assert!(!allows(&["runs.*"], "cancelRun"));
    assert!(!allows(&["run*"], "runs.cancel"));
    assert!(!allows(&["getRun"], "health"));
}

#[test]
fn a_method_grant_does_not_reach_names_that_do_not_exist() {
    for name in ["nope", "ext.demo.echo", "config.set", "runs.nope"] {
        assert!(
            !allows(&[name, "ext.*", "config.*", "runs.*"], name),
            "{name}"
        );
    }
}

#[test]
fn custom_names_match_literally_or_by_everything() {
    let grants = Grants::parse(["deploy:prod", "admin"]);
    assert!(grants.holds_named("deploy:prod"));
    assert!(!grants.holds_named("deploy:staging"));
    assert!(grants.holds_named("run:write"));
    assert!(Grants::everything().holds_named("deploy:staging"));
    assert!(Grants::parse(["approve"]).holds_named("run:read"));
    assert!(!Grants::parse(["run:*"]).holds_named("run:read"));
}

#[test]
fn entries_are_trimmed_and_kept_as_written() {
    let grants = Grants::parse([" run:read ", "", "  ", "custom"]);
    assert_eq!(grants.written(), ["run:read", "custom"]);
    assert!(grants.holds(Scope::RunRead));
    assert_eq!(Grants::parse(Vec::<String>::new()), Grants::default());
    assert!(!Grants::default().allows(&resolve("health")));
}

fn any_entry() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(Scope::ALL.to_vec()).prop_map(|scope| scope.as_str().to_owned()),
        prop::sample::select(Method::ALL.to_vec()).prop_map(|method| method.name().to_owned()),
        prop::sample::select(vec![
            "read",
            "execute",
            "approve",
            "runs.*",
            "devtools.*",
            "custom"
        ])
        .prop_map(str::to_owned),
        "[a-z:.*]{0,6}",
    ]
}

fn any_name() -> impl Strategy<Value = String> {
    let known: Vec<String> = Method::ALL
        .iter()
        .flat_map(|method| method.aliases().iter().copied().chain([method.name()]))
        .map(str::to_owned)
        .collect();
    prop_oneof![prop::sample::select(known), "[a-z]{1,4}(\\.[a-z]{1,4})?"]
}

proptest! {
    #[test]
    fn more_entries_never_allow_less(
        few in prop::collection::vec(any_entry(), 0..4), more in prop::collection::vec(any_entry(), 0..4), name in any_name(),
    ) {
        let all = Grants::parse(few.iter().chain(&more));
        let few = Grants::parse(&few);
        prop_assert!(all.scopes().contains_all(few.scopes()));
        prop_assert!(!few.allows(&resolve(&name)) || all.allows(&resolve(&name)));
    }

    #[test]
    fn grants_are_the_sum_of_their_entries(entries in prop::collection::vec(any_entry(), 0..5), name in any_name()) {
        let together = Grants::parse(&entries).allows(&resolve(&name));
        let apart = entries.iter().any(|entry| Grants::parse([entry]).allows(&resolve(&name)));
        prop_assert_eq!(together, apart);
    }

    #[test]
    fn holding_is_closed_under_implication(entries in prop::collection::vec(any_entry(), 0..5)) {
        let scopes = Grants::parse(&entries).scopes();
        for scope in scopes {
            prop_assert!(scopes.contains_all(scope.implied()));
        }
    }

    #[test]
    fn everything_allows_every_name(name in any_name()) {
        prop_assert!(Grants::everything().allows(&resolve(&name)));
    }

    #[test]
    fn a_set_is_what_was_collected(scopes in prop::collection::hash_set(prop::sample::select(Scope::ALL.to_vec()), 0..15)) {
        let set: ScopeSet = scopes.iter().copied().collect();
        prop_assert_eq!(set.iter().collect::<std::collections::HashSet<_>>(), scopes);
    }
}

#[test]
fn entries_that_mean_nothing_are_not_known() {
    for entry in [
        "run:read",
        "approval:read",
        "*",
        "read",
        "execute",
        "approve",
        "admin",
        "getRun",
        "runs.*",
        "team:release",
    ] {
        assert!(super::is_known(entry), "{entry}");
    }
    for entry in [
        "",
        "bogus:scope",
        "run:*",
        "RUN:READ",
        "nope.*",
        ".*",
        "getrun",
        "run:read ",
        "team:",
    ] {
        assert!(!super::is_known(entry), "{entry:?}");
    }
}
