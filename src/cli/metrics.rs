//! `smithers metrics list`: the table of metrics, for people and for the documentation.

use clap::Subcommand;

use super::output::{Cell, Output, Paint, Table};
use crate::metrics::table::{ALL, Metric};

/// What can be asked of the metrics.
#[derive(Debug, Subcommand)]
pub(super) enum MetricsCommand {
    /// Print name, kind, labels and meaning of every metric at /metrics.
    #[command(after_help = "Examples:\n  smithers metrics list\n  smithers metrics list --json")]
    List,
}

pub(super) fn run(command: &MetricsCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        MetricsCommand::List => output.print_table(&ALL, || table(ALL)),
    }
}

fn table(metrics: &[Metric]) -> Table {
    let mut table = Table::new(["name", "kind", "labels", "meaning"]);
    for metric in metrics {
        table.row([
            Cell::new(metric.name, Paint::Plain),
            Cell::new(metric.kind.as_str(), Paint::Dim),
            Cell::new(metric.labels.join(", "), Paint::Dim),
            Cell::new(metric.help, Paint::Plain),
        ]);
    }
    table
}
