//! `smithers runs`: runs through a gateway.

mod attempts;
mod cancel;
mod changes;
mod delete;
mod descendants;
mod diff;
mod events;
mod follow;
mod fork;
mod frames;
mod hold;
mod interrupt;
mod launch;
mod list;
mod nodes;
mod output;
mod pause;
mod rerun;
mod resume;
mod retry;
mod rewind;
mod row;
mod scores;
mod show;
mod signal;
mod summary;
mod timeline;
mod tokens;
mod tree;

use clap::Subcommand;

use super::output::Output;

/// What was typed.
#[derive(Debug, Subcommand)]
pub(super) enum RunsCommand {
    /// List runs, the newest first.
    List(list::ListArgs),
    /// Show a run: its state, its nodes, what it waits for and why it failed.
    Show(show::ShowArgs),
    /// Print what the nodes of a run have stored.
    Output(output::OutputArgs),
    /// List the nodes of a run: where each one stands.
    Nodes(nodes::NodesArgs),
    /// List the attempts of the tasks of a run, and what came of each.
    Attempts(attempts::AttemptsArgs),
    /// List the renderings of a run, the newest first.
    Frames(frames::FramesArgs),
    /// Tell in a few sentences what has happened in a run, or to one of its nodes.
    Summary(summary::SummaryArgs),
    /// List the runs below a run, level by level.
    Descendants(descendants::DescendantsArgs),
    /// Show the elements of a frame, and how their tasks stand.
    Tree(tree::TreeArgs),
    /// Show what the agents of a run have used, by task and model.
    Tokens(tokens::TokensArgs),
    /// Show what scorers have said of the results of one or more runs.
    Scores(scores::ScoresArgs),
    /// Print the events of a run, and follow it live.
    Events(events::EventsArgs),
    /// Launch a run of a workflow.
    Launch(launch::LaunchArgs),
    /// Stop a run where it is, until somebody resumes it.
    Pause(pause::PauseArgs),
    /// Cancel a run that executes or waits.
    Cancel(cancel::CancelArgs),
    /// Let a paused run go on, or take up one that does not go on by itself.
    Resume(resume::ResumeArgs),
    /// Do a task of a run at rest again, with what came after it.
    Retry(retry::RetryArgs),
    /// Take a run back to a frame; it goes on from there.
    Rewind(rewind::RewindArgs),
    /// Copy a run as it was at a frame; the copy begins paused.
    Fork(fork::ForkArgs),
    /// Copy a run as it was at a frame, and let the copy go on.
    Replay(fork::ReplayArgs),
    /// Tell what differs between two runs, or two frames of a run.
    Diff(diff::DiffArgs),
    /// Show which files a run, or a task of it, has changed in its worktrees.
    Changes(changes::ChangesArgs),
    /// List the frames of a run with its copies and rewinds.
    Timeline(timeline::TimelineArgs),
    /// Launch a run with the input of another one.
    Rerun(rerun::RerunArgs),
    /// Send a signal to a run; one that nobody waits for yet is kept.
    Signal(signal::SignalArgs),
    /// Delete whole runs that have ended; a tombstone and the audit trail stay.
    Delete(delete::DeleteArgs),
    /// Keep a run from being deleted, or let it go again.
    Hold(hold::HoldArgs),
}

pub(super) fn run(command: &RunsCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        RunsCommand::List(args) => list::run(args, output),
        RunsCommand::Show(args) => show::run(args, output),
        RunsCommand::Output(args) => output::run(args, output),
        RunsCommand::Nodes(args) => nodes::run(args, output),
        RunsCommand::Attempts(args) => attempts::run(args, output),
        RunsCommand::Frames(args) => frames::run(args, output),
        RunsCommand::Summary(args) => summary::run(args, output),
        RunsCommand::Descendants(args) => descendants::run(args, output),
        RunsCommand::Tree(args) => tree::run(args, output),
        RunsCommand::Tokens(args) => tokens::run(args, output),
        RunsCommand::Scores(args) => scores::run(args, output),
        RunsCommand::Events(args) => events::run(args, output),
        RunsCommand::Launch(args) => launch::run(args, output),
        RunsCommand::Pause(args) => pause::run(args, output),
        RunsCommand::Cancel(args) => cancel::run(args, output),
        RunsCommand::Resume(args) => resume::run(args, output),
        RunsCommand::Retry(args) => retry::run(args, output),
        RunsCommand::Rewind(args) => rewind::run(args, output),
        RunsCommand::Fork(args) => fork::fork(args, output),
        RunsCommand::Replay(args) => fork::replay(args, output),
        RunsCommand::Diff(args) => diff::run(args, output),
        RunsCommand::Changes(args) => changes::run(args, output),
        RunsCommand::Timeline(args) => timeline::run(args, output),
        RunsCommand::Rerun(args) => rerun::run(args, output),
        RunsCommand::Signal(args) => signal::run(args, output),
        RunsCommand::Delete(args) => delete::run(args, output),
        RunsCommand::Hold(args) => hold::run(args, output),
    }
}
