//! The scopes of the catalogue and what they imply.

use std::fmt;

/// A scope of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read runs, nodes, outputs and events.
    RunRead,
    /// Launch, resume, pause and cancel runs.
    RunWrite,
    /// Rewind and take over runs.
    RunAdmin,
    /// Read pending approvals, without the runs they belong to.
    ApprovalRead,
    /// Decide approvals.
    ApprovalSubmit,
    /// Send signals.
    SignalSubmit,
    /// Read schedules.
    CronRead,
    /// Change schedules.
    CronWrite,
    /// Read agent accounts and their usage.
    AccountRead,
    /// Read memory facts.
    MemoryRead,
    /// Read prompts.
    PromptRead,
    /// Read scores.
    ScoreRead,
    /// Read tickets.
    TicketRead,
    /// Change tickets.
    TicketWrite,
    /// Read the element tree of runs while they execute.
    ObservabilityRead,
}

use Scope as S;

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 15] = [
        S::RunRead,
        S::RunWrite,
        S::RunAdmin,
        S::ApprovalRead,
        S::ApprovalSubmit,
        S::SignalSubmit,
        S::CronRead,
        S::CronWrite,
        S::AccountRead,
        S::MemoryRead,
        S::PromptRead,
        S::ScoreRead,
        S::TicketRead,
        S::TicketWrite,
        S::ObservabilityRead,
    ];

    /// Returns the scope as tokens and errors write it.
    pub fn as_str(self) -> &'static str {
        match self {
            S::RunRead => "run:read",
            S::RunWrite => "run:write",
            S::RunAdmin => "run:admin",
            S::ApprovalRead => "approval:read",
            S::ApprovalSubmit => "approval:submit",
            S::SignalSubmit => "signal:submit",
            S::CronRead => "cron:read",
            S::CronWrite => "cron:write",
            S::AccountRead => "account:read",
            S::MemoryRead => "memory:read",
            S::PromptRead => "prompt:read",
            S::ScoreRead => "score:read",
            S::TicketRead => "ticket:read",
            S::TicketWrite => "ticket:write",
            S::ObservabilityRead => "observability:read",
        }
    }

    /// Returns the scope with this name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Returns this scope and all that it implies.
    ///
    /// No scope of one family implies a scope of another: `run:admin` never allows to decide an approval.
    pub fn implied(self) -> ScopeSet {
        let lower: &[Scope] = match self {
            S::RunWrite => &[S::RunRead],
            S::RunAdmin => &[S::RunRead, S::RunWrite],
            S::ApprovalSubmit => &[S::ApprovalRead],
            S::CronWrite => &[S::CronRead],
            S::TicketWrite => &[S::TicketRead],
            _ => &[],
        };
        lower.iter().copied().chain([self]).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(u16);

impl ScopeSet {
    /// The set of every scope.
    pub const ALL: ScopeSet = ScopeSet((1 << Scope::ALL.len()) - 1);

    /// Tells whether `scope` is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// Tells whether every scope of `other` is in this set.
    pub fn contains_all(self, other: ScopeSet) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the scopes of both sets.
    #[must_use]
    pub fn union(self, other: ScopeSet) -> ScopeSet {
        ScopeSet(self.0 | other.0)
    }

    /// Iterates over the scopes in the order of the catalogue.
    pub fn iter(self) -> Scopes {
        Scopes { set: self, next: 0 }
    }
}

/// Iterator over the scopes of a set.
#[derive(Debug, Clone)]
pub struct Scopes {
    set: ScopeSet,
    next: usize,
}

impl Iterator for Scopes {
    type Item = Scope;

    fn next(&mut self) -> Option<Scope> {
        while let Some(scope) = Scope::ALL.get(self.next).copied() {
            self.next += 1;
            if self.set.contains(scope) {
                return Some(scope);
            }
        }
        None
    }
}

impl IntoIterator for ScopeSet {
    type Item = Scope;
    type IntoIter = Scopes;

    fn into_iter(self) -> Scopes {
        self.iter()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> ScopeSet {
        ScopeSet(
            scopes
                .into_iter()
                .fold(0, |bits, scope| bits | (1 << scope as u16)),
        )
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set()
            .entries(self.iter().map(Scope::as_str))
            .finish()
    }
}
