//! The grants of one token, as written and as understood.

use super::{Scope, ScopeSet};
use crate::method::{Method, MethodRef, Requirement};

/// What a token was given: scopes, legacy words, method names, prefixes, and names of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    written: Vec<String>,
    scopes: ScopeSet,
    everything: bool,
}

impl Grants {
    /// Understands the entries of a grant; white space around an entry and empty entries do not count.
    pub fn parse<I>(entries: I) -> Grants
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let trimmed = entries
            .into_iter()
            .map(|entry| entry.as_ref().trim().to_owned());
        let written: Vec<String> = trimmed.filter(|entry| !entry.is_empty()).collect();
        let scopes = written
            .iter()
            .map(|entry| expand(entry))
            .fold(ScopeSet::default(), ScopeSet::union);
        let everything = written.iter().any(|entry| entry == "*");
        Grants {
            written,
            scopes,
            everything,
        }
    }

    /// Returns the grants that allow everything.
    pub fn everything() -> Grants {
        Grants::parse(["*"])
    }

    /// Returns the entries as they were written, for the hello payload and for records.
    pub fn written(&self) -> &[String] {
        &self.written
    }

    /// Returns every scope of the catalogue that is held, directly or by implication.
    pub fn scopes(&self) -> ScopeSet {
        self.scopes
    }

    /// Tells whether everything is allowed, names of the operator's own included.
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// Tells whether `scope` is held.
    pub fn holds(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// Tells whether a scope named by a workflow is held, e.g. in `allowedScopes` of an approval.
    ///
    /// Names of the catalogue follow implication and legacy words; any other name must have been granted literally, or
    /// everything must have been.
    pub fn holds_named(&self, name: &str) -> bool {
        match Scope::parse(name) {
            Some(scope) => self.holds(scope),
            None => self.everything || self.written.iter().any(|entry| entry == name),
        }
    }

    /// Tells whether the method may be called.
    ///
    /// A grant of a method's name, or of a prefix such as `runs.*`, allows exactly the names it covers, and only names
    /// that exist: an alias is another name.
    pub fn allows(&self, method: &MethodRef<'_>) -> bool {
        let Requirement { scope, or } = method.requirement();
        let by_scope = self.holds(scope) || or.is_some_and(|other| self.holds(other));
        by_scope
            || (method.is_known()
                && self
                    .written
                    .iter()
                    .any(|entry| covers(entry, method.name())))
    }
}

/// Tells whether an entry of a grant means anything: a scope of the catalogue, a legacy word, `*`, the name of a method,
/// a prefix of such names, or `team:slug`, which makes the holder a member of that team for the owners of approvals.
pub fn is_known(entry: &str) -> bool {
    let names_methods = || {
        let mut names = Method::ALL.iter().flat_map(|method| {
            [method.name()]
                .into_iter()
                .chain(method.aliases().iter().copied())
        });
        names.any(|name| covers(entry, name))
    };
    let is_team = entry
        .strip_prefix("team:")
        .is_some_and(|slug| !slug.is_empty());
    expand(entry) != ScopeSet::default() || is_team || names_methods()
}

/// Tells whether a grant covers a method by its name.
fn covers(entry: &str, name: &str) -> bool {
    match entry.strip_suffix('*') {
        Some(prefix) if prefix.ends_with('.') => name.starts_with(prefix),
        _ => entry == name,
    }
}

/// Returns the scopes that one entry stands for.
fn expand(entry: &str) -> ScopeSet {
    use Scope as S;
    let implied = |scopes: &[Scope]| {
        scopes
            .iter()
            .map(|scope| scope.implied())
            .fold(ScopeSet::default(), ScopeSet::union)
    };
    let execute = [S::RunWrite, S::SignalSubmit, S::CronWrite, S::TicketWrite];
    match entry {
        "*" | "admin" => ScopeSet::ALL,
        "read" => Scope::ALL
            .into_iter()
            .filter(|scope| scope.as_str().ends_with(":read"))
            .collect(),
        "execute" => implied(&execute),
        "approve" => implied(&execute).union(S::ApprovalSubmit.implied()),
        name => Scope::parse(name).map(Scope::implied).unwrap_or_default(),
    }
}
