//! `cargo xtask fuzz`: runs one fuzz target for a while.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::process;
use crate::project::Project;

/// What was typed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Parser to feed.
    target: Target,
    /// How long, seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// A parser.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    /// Requests of sockets.
    Frame,
    /// Prompts in MDX.
    Mdx,
    /// TypeScript, JSX and CommonJS.
    Module,
    /// JSON files that are imported.
    Json,
    /// package.json and tsconfig.json.
    Manifest,
    /// Import specifiers.
    Path,
    /// Schemas that modules declare.
    Schema,
    /// Tables made from schemas, and rows in them.
    Table,
}

impl Target {
    /// The package and the test that hold it.
    fn test(self) -> (&'static str, &'static str) {
        match self {
            Target::Frame => ("smithers-protocol", "frame::fuzz::fuzz_frame"),
            Target::Mdx => ("smithers-script", "graph::fuzz::fuzz_mdx"),
            Target::Module => ("smithers-script", "graph::fuzz::fuzz_module"),
            Target::Json => ("smithers-script", "graph::fuzz::fuzz_json"),
            Target::Manifest => ("smithers-script", "graph::fuzz::fuzz_manifest"),
            Target::Path => ("smithers-script", "graph::fuzz::fuzz_path"),
            Target::Schema => ("smithers-script", "runtime::fuzz::fuzz_schema"),
            Target::Table => ("smithers-store", "fuzz::fuzz_table"),
        }
    }
}

/// Runs the target until it fails or the time is over.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let (package, test) = options.target.test();
    let mut cargo = project.cargo(&[
        "test",
        "--locked",
        "--package",
        package,
        "--lib",
        "--",
        "--exact",
        test,
        "--nocapture",
    ]);
    cargo.env("SMITHERS_FUZZ_SECONDS", options.seconds.to_string());
    process::run(cargo)
}
