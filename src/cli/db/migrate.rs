//! `smithers db migrate`.

use std::collections::BTreeMap;

use clap::Args;
use smithers_store::ops::{self, Step};

use crate::cli::database::{self, DatabaseArgs};
use crate::cli::output::{Cell, Output, Paint, Table};
use crate::cli::shown::time;

const EXAMPLES: &str = "\
Examples:
  smithers db migrate --plan
  smithers db migrate --db /data/smithers.db";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only show what would be applied; works beside a running gateway.
    #[arg(long)]
    plan: bool,
    /// Take migrations that were applied with another text as they are.
    #[arg(long, conflicts_with = "plan")]
    accept_schema_drift: bool,
}

pub(super) fn run(args: &MigrateArgs, output: &Output) -> anyhow::Result<()> {
    let path = args.database.read(BTreeMap::new())?.storage.db_path;
    let steps = match args.plan {
        true => ops::plan(&path),
        false => ops::migrate(&path, args.accept_schema_drift),
    };
    let mut steps = steps.map_err(database::failure)?;
    if args.plan {
        steps.retain(|step| step.applied_at_ms.is_none() || !step.known);
    }
    output.print_table(&steps, || table(&steps))
}

fn table(steps: &[Step]) -> Table {
    let mut table = Table::new(["migration", "applied", "remark"]);
    for step in steps {
        let applied = step.applied_at_ms.map_or("to be applied".to_owned(), time);
        let (paint, remark) = match (step.known, step.destructive) {
            (false, _) => (Paint::Red, "not the text of this version"),
            (true, true) => (Paint::Yellow, "takes something away; a copy is kept before"),
            (true, false) => (Paint::Plain, ""),
        };
        table.row([
            Cell::from(&step.id),
            Cell::from(applied),
            Cell::new(remark, paint),
        ]);
    }
    table
}
