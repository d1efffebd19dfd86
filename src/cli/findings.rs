//! How the checks of a database are shown to people.

use smithers_store::ops::{Manifest, Outcome, Report};

use super::output::{Cell, Paint, Table};

/// Makes a table of checks, one row a problem; the files of a backup come first.
pub(super) fn table(report: &Report, manifest: Option<&Manifest>) -> Table {
    let mut table = Table::new(["check", "outcome", "detail"]);
    for file in manifest.iter().flat_map(|manifest| manifest.included()) {
        row(&mut table, &file.name, Paint::Green, "ok", &file.sha256);
    }
    for finding in &report.checks {
        match &finding.outcome {
            Outcome::Ok => row(&mut table, finding.id, Paint::Green, "ok", ""),
            Outcome::Skipped { reason } => {
                row(&mut table, finding.id, Paint::Dim, "skipped", reason)
            }
            Outcome::Failed { problems } => {
                for problem in problems {
                    row(&mut table, finding.id, Paint::Red, "failed", problem);
                }
            }
        }
    }
    table
}

fn row(table: &mut Table, check: &str, paint: Paint, outcome: &str, detail: &str) {
    table.row([
        Cell::from(check),
        Cell::new(outcome, paint),
        Cell::from(detail),
    ]);
}
