//! Which alerts fire: tells a change from a repetition, so that the log says each once.

use std::collections::BTreeMap;

use super::rules::{Firing, RULES, Rule, Severity, Thresholds};
use super::sight::Sight;

/// What changed on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A rule fires that did not, or with another severity.
    Raised {
        /// Its name.
        name: &'static str,
        /// Why.
        firing: Firing,
    },
    /// A rule fires no more.
    Resolved {
        /// Its name.
        name: &'static str,
    },
}

/// The alerts that fire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board(BTreeMap<&'static str, Severity>);

impl Board {
    /// Looks at `sight` with every rule and returns what changed, in the order of the rules.
    pub fn update(&mut self, sight: &Sight, thresholds: &Thresholds) -> Vec<Change> {
        let changes = RULES
            .iter()
            .filter_map(|rule| self.judge(rule, (rule.look)(sight, thresholds)));
        changes.collect()
    }

    /// Returns the severity with which a rule fires.
    pub fn severity(&self, name: &str) -> Option<Severity> {
        self.0.get(name).copied()
    }

    fn judge(&mut self, rule: &Rule, firing: Option<Firing>) -> Option<Change> {
        let name = rule.name;
        match firing {
            Some(firing) => {
                let before = self.0.insert(name, firing.severity);
                (before != Some(firing.severity)).then_some(Change::Raised { name, firing })
            }
            None => self.0.remove(name).map(|_| Change::Resolved { name }),
        }
    }
}
