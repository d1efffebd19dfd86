//! `smithers completions`: what a shell needs to complete commands and flags.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::output::put;

const EXAMPLES: &str = "\
Examples:
  smithers completions bash > ~/.local/share/bash-completion/completions/smithers
  smithers completions zsh > \"${fpath[1]}/_smithers\"
  smithers completions fish > ~/.config/fish/completions/smithers.fish";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell that completes.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "smithers", &mut script);
    put(&String::from_utf8_lossy(&script));
}
