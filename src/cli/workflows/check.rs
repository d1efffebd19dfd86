//! `smithers workflows check`: loads a module as a gateway would, and serves nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::config::FileArg;
use crate::cli::error::CliError;
use crate::cli::output::{Cell, Output, Paint, Table, warn};
use crate::gateway::{Extras, Modules, StartError};

const EXAMPLES: &str = "\
Examples:
  smithers workflows check gateway.tsx
  smithers workflows check";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CheckArgs {
    /// File of the module; without it that of the configuration.
    module: Option<PathBuf>,
    #[command(flatten)]
    file: FileArg,
}

pub(super) fn run(args: &CheckArgs, output: &Output) -> anyhow::Result<()> {
    let module = args.module.as_ref().map(|path| path.display().to_string());
    let flags: BTreeMap<_, _> = module
        .map(|module| ("SMITHERS_GATEWAY_MODULE", module))
        .into_iter()
        .collect();
    let config = args.file.read(flags)?;
    let mut modules = Modules::load(&config, Extras::default()).map_err(refused)?;
    let definitions: Vec<_> = modules.catalogue().definitions().cloned().collect();
    let data: Vec<_> = definitions
        .iter()
        .map(|definition| {
            json!({
                "key": definition.key.as_str(),
                "readableName": definition.readable_name,
                "description": definition.description,
                "system": definition.system,
                "hash": definition.revision.hash,
                "outputs": definition.outputs.iter().map(|table| table.key.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    if definitions.is_empty() {
        warn("the module registers no workflow");
    }
    modules.shutdown();
    output.print_table(&data, || {
        let mut table = Table::new(["workflow", "name", "outputs"]);
        for definition in &definitions {
            let outputs: Vec<&str> = definition
                .outputs
                .iter()
                .map(|table| table.key.as_str())
                .collect();
            table.row([
                definition.key.as_str().into(),
                definition
                    .readable_name
                    .as_deref()
                    .unwrap_or_default()
                    .into(),
                Cell::new(outputs.join(", "), Paint::Dim),
            ]);
        }
        table
    })
}

/// The error of a module names the place in its source; others are told as they are.
fn refused(error: StartError) -> anyhow::Error {
    match error {
        StartError::Module(error) => CliError::new("MODULE_BROKEN", error.to_string()).into(),
        other => other.into(),
    }
}
