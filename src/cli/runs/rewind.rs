//! `smithers runs rewind`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::Connection;
use crate::cli::error::CliError;
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
What came after the frame is gone from the run: frames, attempts, rows. Its events and the trail of rewinds stay.
What was under way at the frame begins again; approvals that were open are asked again.
To try something without losing what the run has come to, copy it: smithers runs fork.

Examples:
  smithers runs frames release-42
  smithers runs rewind release-42 7 --confirm
  smithers runs rewind release-42 7 --confirm --accept-workflow-change";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RewindArgs {
    /// Id of the run.
    run: String,
    /// The frame to go back to; 0 is the beginning.
    frame: u32,
    /// Confirm that what came after the frame goes.
    #[arg(long)]
    confirm: bool,
    /// Rewind also past effects outside that cannot be taken back.
    #[arg(long)]
    force: bool,
    /// Leave all effects outside as they are.
    #[arg(long)]
    no_revert: bool,
    /// Go on with a workflow that has changed since the run last went on.
    #[arg(long)]
    accept_workflow_change: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &RewindArgs, output: &Output) -> anyhow::Result<()> {
    if !args.confirm {
        let message = format!(
            "what {} has come to after frame {} would be gone",
            args.run, args.frame
        );
        return Err(CliError::new("CONFIRMATION_REQUIRED", message)
            .hint("add --confirm to rewind it, or copy it instead: smithers runs fork")
            .into());
    }
    let params = json!({
        "runId": args.run,
        "frameNo": args.frame,
        "confirm": true,
        "force": args.force,
        "noRevert": args.no_revert,
        "acceptWorkflowChange": args.accept_workflow_change,
    });
    let answer = args.connection.client()?.call("rewindRun", &params)?;
    output.print_text(&answer, || {
        let files = match answer["revertedSandboxes"].as_u64() {
            None | Some(0) => String::new(),
            Some(count) => format!("; worktrees brought back: {count}"),
        };
        format!(
            "{} goes on from frame {}; gone: {} frames, {} attempts{files}",
            args.run, args.frame, answer["deletedFrames"], answer["deletedAttempts"]
        )
    })?;
    tell_of_effects(&answer["effectBoundary"]);
    Ok(())
}

fn tell_of_effects(boundary: &Value) {
    let told = [
        ("blocking", "stays, and may happen again"),
        ("revertible", "was taken back"),
        ("warnings", "stays, and does no harm when it happens again"),
    ];
    for (list, becomes) in told {
        for effect in boundary[list].as_array().into_iter().flatten() {
            let tool = effect["toolName"].as_str().unwrap_or_default();
            let attempt = &effect["attempt"];
            note(&format!(
                "the effect of {tool} in attempt {attempt} {becomes}"
            ));
        }
    }
}
