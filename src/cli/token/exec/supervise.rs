//! Runs the command to its end, passing on the signals that this process gets.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::outcome::Outcome;

/// The signals that are passed on.
const FORWARDED: [Signal; 4] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];

/// Where signals go.
#[derive(Debug, Clone, Copy)]
enum Recipient {
    /// The command and all that it starts: a group of its own.
    Group(Pid),
    /// The command alone. It shares the terminal with us, and the terminal itself sends INT and QUIT to both.
    Process(Pid),
}

impl Recipient {
    fn send(self, signal: Signal) {
        let sent = match self {
            Recipient::Group(group) => kill_process_group(group, signal),
            Recipient::Process(_) if signal == Signal::INT || signal == Signal::QUIT => Ok(()),
            Recipient::Process(process) => kill_process(process, signal),
        };
        // A command that has just ended needs no signal.
        let _ = sent;
    }
}

/// Runs `command` with exactly these variables.
pub(super) fn run(
    command: io::Result<Command>,
    variables: Vec<(OsString, OsString)>,
) -> io::Result<Outcome> {
    let mut command = command?;
    command.env_clear().envs(variables);
    let has_terminal = io::stdin().is_terminal();
    if !has_terminal {
        command.process_group(0);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(wait(command, has_terminal))
}

async fn wait(mut command: Command, has_terminal: bool) -> io::Result<Outcome> {
    // Listening begins before the command does, so that no signal ends us and leaves the command alone.
    let mut signals = listen()?;
    let mut child = command.spawn()?;
    let pid = Pid::from_child(&child);
    let recipient = if has_terminal {
        Recipient::Process(pid)
    } else {
        Recipient::Group(pid)
    };
    let mut end = tokio::task::spawn_blocking(move || child.wait());
    loop {
        tokio::select! {
            ended = &mut end => {
                let status = ended.map_err(io::Error::other)??;
                return Ok(Outcome(status));
            }
            Some(signal) = signals.recv() => recipient.send(signal),
        }
    }
}

/// Collects the signals that are passed on.
fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for forwarded in FORWARDED {
        let mut stream = signal(SignalKind::from_raw(forwarded.as_raw()))?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() && sender.send(forwarded).is_ok() {}
        });
    }
    Ok(receiver)
}
