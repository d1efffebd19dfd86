//! `smithers config check`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::FileArg;
use crate::cli::output::{Cell, Output, Paint, Table, warn};
use crate::config::Origin;

/// A configuration that is accepted.
#[derive(Debug, Serialize)]
struct Accepted<'a> {
    ok: bool,
    /// The file of settings that was read.
    file: Option<&'a Path>,
    /// How many values there are.
    values: usize,
    /// How many of them somebody has set.
    set: usize,
    warnings: &'a [String],
}

/// Fails with everything that is wrong; warnings do not make it fail.
pub(super) fn run(file: &FileArg, output: &Output) -> anyhow::Result<()> {
    let config = file.read(BTreeMap::new())?;
    config.warnings().iter().for_each(|warning| warn(warning));
    let is_set = |origin: &Origin| !matches!(origin, Origin::Default | Origin::Fallback(_));
    let entries = config.entries().iter();
    let accepted = Accepted {
        ok: true,
        file: config.file(),
        values: config.entries().len(),
        set: entries.filter(|entry| is_set(&entry.origin)).count(),
        warnings: config.warnings(),
    };
    output.print_table(&accepted, || table(&accepted))
}

fn table(accepted: &Accepted<'_>) -> Table {
    let mut table = Table::new(["configuration", "file", "values", "set"]);
    let file = accepted
        .file
        .map_or("none".into(), |file| file.display().to_string());
    let (values, set) = (accepted.values.to_string(), accepted.set.to_string());
    table.row([
        Cell::new("accepted", Paint::Green),
        Cell::new(&file, Paint::Plain),
        Cell::new(&values, Paint::Plain),
        Cell::new(&set, Paint::Plain),
    ]);
    table
}
