//! `smithers config show`.

use std::collections::BTreeMap;

use super::FileArg;
use crate::cli::output::{Cell, Output, Paint, Table, warn};
use crate::config::{Config, Origin};

pub(super) fn run(file: &FileArg, output: &Output) -> anyhow::Result<()> {
    let config = file.read(BTreeMap::new())?;
    config.warnings().iter().for_each(|warning| warn(warning));
    output.print_table(&config.to_json(), || table(&config))
}

fn table(config: &Config) -> Table {
    let mut table = Table::new(["name", "value", "origin"]);
    for entry in config.entries() {
        let paint = match entry.origin {
            Origin::Default => Paint::Dim,
            Origin::Fallback(_) => Paint::Yellow,
            Origin::File(_) | Origin::Environment | Origin::Flag => Paint::Green,
        };
        let cells = [entry.key.variable, &entry.value, &entry.origin.to_string()];
        table.row(cells.map(|text| Cell::new(text, paint)));
    }
    table
}
