//! The result of an examination: one row a check, and what it comes to.

use std::process::ExitCode;

use serde::Serialize;

use super::finding::{Finding, Status};
use super::profile::Profile;

/// A check and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Id of the check.
    pub id: &'static str,
    /// The sentence of the release checklist.
    pub promise: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Promises that hold.
    pub pass: usize,
    /// With a reservation.
    pub warn: usize,
    /// Promises that do not hold.
    pub fail: usize,
    /// Not looked at.
    pub skip: usize,
}

/// The result of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How strict it was.
    pub profile: Profile,
    /// Whether nothing failed.
    pub ok: bool,
    /// How many checks ended how.
    pub counts: Counts,
    /// In the order of the checklist.
    pub checks: Vec<Row>,
}

impl Report {
    /// Sums up rows. In production a check that could not run has failed.
    pub(super) fn new(profile: Profile, mut checks: Vec<Row>) -> Self {
        if profile == Profile::Production {
            checks
                .iter_mut()
                .for_each(|row| refuse_skip(&mut row.finding));
        }
        let counts = count(&checks);
        Self {
            profile,
            ok: counts.fail == 0,
            counts,
            checks,
        }
    }

    /// Returns the exit code of the process: 1 for a failure, 2 for warnings where they are not accepted.
    pub fn exit_code(&self, strict: bool) -> ExitCode {
        ExitCode::from(match self.counts {
            Counts { fail: 1.., .. } => 1,
            Counts { warn: 1.., .. } if strict => 2,
            _ => 0,
        })
    }
}

fn refuse_skip(finding: &mut Finding) {
    if finding.status == Status::Skip && !finding.is_absent {
        finding.status = Status::Fail;
        finding.evidence = format!("required, but {}", finding.evidence);
    }
}

fn count(rows: &[Row]) -> Counts {
    let mut counts = Counts::default();
    for row in rows {
        *match row.finding.status {
            Status::Pass => &mut counts.pass,
            Status::Warn => &mut counts.warn,
            Status::Fail => &mut counts.fail,
            Status::Skip => &mut counts.skip,
        } += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(profile: Profile, findings: Vec<Finding>) -> Report {
        let rows = findings.into_iter().map(|finding| Row {
            id: "a.check",
            promise: "It holds.",
            finding,
        });
        Report::new(profile, rows.collect())
    }

    #[test]
    fn in_production_a_skipped_required_check_fails_and_an_absent_part_does_not() {
        let findings = vec![
            Finding::skip("no gateway runs", "start it"),
            Finding::not_in_this_build("sandboxes"),
        ];
        let dev = report(Profile::Dev, findings.clone());
        assert!(dev.ok);
        assert_eq!((dev.counts.skip, dev.counts.fail), (2, 0));
        let production = report(Profile::Production, findings);
        assert!(!production.ok);
        assert_eq!((production.counts.skip, production.counts.fail), (1, 1));
        assert_eq!(
            production.checks[0].finding.evidence,
            "required, but no gateway runs"
        );
    }

    #[test]
    fn the_exit_code_is_1_for_failures_and_2_for_warnings_only_when_strict() {
        let code = |findings: Vec<Finding>, strict| {
            format!("{:?}", report(Profile::Dev, findings).exit_code(strict))
        };
        let expected = |code: u8| format!("{:?}", ExitCode::from(code));
        let warned = || vec![Finding::pass("a"), Finding::warn("b", "c")];
        assert_eq!(code(warned(), false), expected(0));
        assert_eq!(code(warned(), true), expected(2));
        let failed = vec![Finding::warn("b", "c"), Finding::fail("d", "e")];
        assert_eq!(code(failed, true), expected(1));
    }
}
