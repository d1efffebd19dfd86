//! What a check found: a status, the evidence for it, and what to do.

use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The promise holds.
    Pass,
    /// Nothing was looked at.
    Skip,
    /// It holds, but an operator should know something.
    Warn,
    /// It does not hold.
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it ended.
    pub status: Status,
    /// What was seen, in one line; never a secret.
    pub evidence: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// True when the part that is checked does not exist in this build, so that its absence is no fault of the site.
    #[serde(skip)]
    pub is_absent: bool,
}

impl Finding {
    /// The promise holds, as `evidence` shows.
    pub fn pass(evidence: impl Into<String>) -> Self {
        Self::new(Status::Pass, evidence.into(), None)
    }

    /// Holds with a reservation.
    pub fn warn(evidence: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Status::Warn, evidence.into(), Some(hint.into()))
    }

    /// Does not hold.
    pub fn fail(evidence: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Status::Fail, evidence.into(), Some(hint.into()))
    }

    /// Could not be looked at; a failure where the check is required.
    pub fn skip(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Status::Skip, why.into(), Some(hint.into()))
    }

    /// The part that is checked does not exist in this build.
    pub fn not_in_this_build(part: &str) -> Self {
        let mut finding = Self::new(
            Status::Skip,
            format!("skipped: {part}: not in this build"),
            None,
        );
        finding.is_absent = true;
        finding
    }

    /// The worse of several findings leads; their evidence is joined.
    pub fn worst_of(findings: Vec<Finding>) -> Option<Finding> {
        let worst = findings.iter().map(|finding| finding.status).max()?;
        let of_worst: Vec<Finding> = findings
            .into_iter()
            .filter(|finding| finding.status == worst)
            .collect();
        let joined = |texts: Vec<String>| texts.join("; ");
        let evidence = joined(of_worst.iter().map(|f| f.evidence.clone()).collect());
        let mut hints: Vec<String> = of_worst.into_iter().filter_map(|f| f.hint).collect();
        hints.dedup();
        let hint = (!hints.is_empty()).then(|| joined(hints));
        Some(Self::new(worst, evidence, hint))
    }

    fn new(status: Status, evidence: String, hint: Option<String>) -> Self {
        Self {
            status,
            evidence,
            hint,
            is_absent: false,
        }
    }
}

/// Most names that a finding repeats.
const NAMED: usize = 5;

/// Joins names for a finding: the first few, and how many more there are.
pub(super) fn few(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_leads_and_the_better_ones_are_left_out() {
        let worst = Finding::worst_of(vec![
            Finding::pass("a"),
            Finding::fail("b", "do b"),
            Finding::warn("c", "do c"),
            Finding::fail("d", "do b"),
        ]);
        assert_eq!(worst, Some(Finding::fail("b; d", "do b")));
        assert_eq!(Finding::worst_of(Vec::new()), None);
    }

    #[test]
    fn few_names_are_all_told_and_of_many_the_first_with_their_number() {
        assert_eq!(few(&["a", "b"]), "a, b");
        assert_eq!(
            few(&["a", "b", "c", "d", "e", "f", "g"]),
            "a, b, c, d, e and 2 more"
        );
    }

    #[test]
    fn a_skip_is_worse_than_a_pass_and_better_than_a_warning() {
        assert!(Status::Pass < Status::Skip && Status::Skip < Status::Warn);
    }
}
